/* crew.h: the samples of one request, shared among processes while cores are free. A helper is a fork of the caller,
 * computes blocks of samples into shared memory and ends: no threads, as a BLAS without locks knows none. What a helper
 * did not finish, whatever became of it, the caller does. Results do not depend on how many helped. */
#ifndef ASSAY_RUN_CREW_H
#define ASSAY_RUN_CREW_H

#include "nn/net.h"
#include "run/cores.h"

struct crew {
    struct cores *cores; /* NULL: nobody helps */
    unsigned member;     /* who borrows them */
};

/* As net_forward, net_gradient and net_gradient_sum; but the sum is one over blocks of CREW_BLOCK samples, each a
 * net_gradient_sum. */
#define CREW_BLOCK 5u
bool crew_forward(const struct crew *, struct net *, uint32_t n, const float *x, float *logits, struct error *);
bool crew_gradient(const struct crew *, struct net *, enum net_rule, uint32_t n, const float *x,
                   const uint32_t *targets, float *out, struct error *);
bool crew_gradient_sum(const struct crew *, struct net *, uint32_t n, const float *x, const uint32_t *targets,
                       const float *weights, float *out, struct error *);

#endif
