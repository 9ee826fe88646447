/* socket_transport.h: messages between processes of one test, over socket pairs: what MPI does between machines. */
#ifndef ASSAY_TESTS_SOCKET_TRANSPORT_H
#define ASSAY_TESTS_SOCKET_TRANSPORT_H

#include "workers/transport.h"

#define SOCKET_RANKS 4u

struct socket_end {
    int fd; /* -1: none */
    unsigned char *in;
    size_t size, capacity;
    bool dropped;
};

struct socket_state {
    struct socket_end ends[SOCKET_RANKS]; /* of the parent one for each; of the others the first alone */
    unsigned sent, dies_after;            /* messages; 0: never */
};

/* Forks count - 1 processes. In each, *out is its end, and *state is what it rests on. Returns its rank. */
uint32_t socket_transport_fork(uint32_t count, struct socket_state *state, struct transport *out);

#endif
