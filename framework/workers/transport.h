/* transport.h: messages between the processes of one run, which may be on other machines. Those of one sender to one
 * receiver arrive in their order. One object for each way of sending; the program runs without any. */
#ifndef ASSAY_WORKERS_TRANSPORT_H
#define ASSAY_WORKERS_TRANSPORT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport {
    void *state;
    uint32_t rank, count; /* which of how many processes this is; 0 is the parent of the run */
    /* Copies the data and returns; waits only while too much is on its way. */
    bool (*send)(void *state, uint32_t to, const void *data, size_t size, struct error *);
    /* What has come, if anything (*there): the caller frees *data. Does not wait. */
    bool (*receive)(void *state, uint32_t *from, void **data, size_t *size, bool *there, struct error *);
    /* That process is lost: nothing goes there any more, and the end does not wait for it. */
    void (*drop)(void *state, uint32_t rank);
    /* The end of the process, but for exit(): may itself end it with that status where one is lost. */
    void (*finish)(void *state, int status);
};

/* A way of sending. */
struct transport_kind {
    /* Whether this process was started as one of several; true: it has to open the transport. */
    bool (*started)(void);
    bool (*open)(struct transport *, struct error *);
};

#endif
