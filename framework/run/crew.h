/* crew.h: the samples of one request, shared among processes while cores are free. A helper is a fork of the caller,
 * computes blocks of samples into shared memory and ends: processes, as a BLAS without locks knows no threads. What a
 * helper did not finish, whatever became of it, the caller does. A request of one block is shared by threads, who leave
 * BLAS to the caller (net_share). Results do not depend on how many helped. */
#ifndef ASSAY_RUN_CREW_H
#define ASSAY_RUN_CREW_H

#include "nn/net.h"
#include "run/cores.h"

struct crew {
    struct cores *cores; /* NULL: nobody helps */
    unsigned member;     /* who borrows them */
};

/* What a network can be asked: as net_forward, net_gradient and net_gradient_sum; but the sum is one over blocks of
 * CREW_BLOCK samples, each a net_gradient_sum. */
enum question { ASK_FORWARD, ASK_GRADIENT, ASK_GRADIENT_SUM };
#define CREW_BLOCK 5u

struct net_request {
    enum question question;
    enum net_rule rule; /* ASK_GRADIENT */
    uint32_t n;
    const float *x;
    const uint32_t *targets; /* not for ASK_FORWARD */
    const float *weights;    /* ASK_GRADIENT_SUM */
    float *logits;           /* of an ASK_GRADIENT: [n][classes] of the same pass are written there; or NULL */
};

bool crew_ask(const struct crew *, struct net *, const struct net_request *, float *out, struct error *);

#endif
