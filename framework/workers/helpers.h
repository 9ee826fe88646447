/* helpers.h: the samples of one request, shared among threads while cores are free. A helper is a thread with a net of
 * its own (net_mate) that takes blocks of samples and ends with the request: helpers never wait for each other. Each
 * sample of a request of few is shared by a team (net_share). Results do not depend on how many helped. */
#ifndef ASSAY_WORKERS_HELPERS_H
#define ASSAY_WORKERS_HELPERS_H

#include "nn/net.h"
#include "workers/cores.h"

struct helpers {
    struct cores *cores; /* NULL: nobody helps */
    unsigned member;     /* who borrows them */
};

/* What a network can be asked: as net_forward, net_gradient, net_vjp, net_gradient_sum and net_line_sum; but a sum is
 * one over blocks of five samples, each a net_gradient_sum or net_line_sum. */
enum question { ASK_FORWARD, ASK_GRADIENT, ASK_GRADIENT_SUM, ASK_LINE_SUM, ASK_VJP };

struct net_request {
    enum question question;
    enum net_rule rule; /* ASK_GRADIENT */
    uint32_t n;
    const float *x;          /* [n][sample]; ASK_LINE_SUM: where the line begins */
    const uint32_t *targets; /* [n]; ASK_LINE_SUM: [1]; not for ASK_FORWARD, ASK_VJP */
    const float *weights;    /* [n], of both sums; ASK_VJP: the cotangent [n][classes] */
    const float *to;         /* ASK_LINE_SUM: where the line ends */
    const float *positions;  /* ASK_LINE_SUM: [n] on it, 0 to 1 */
    float *logits;           /* of an ASK_GRADIENT: [n][classes] of the same pass are written there; or NULL */
};

bool helpers_ask(const struct helpers *, struct net *, const struct net_request *, float *out, struct error *);
/* As net_inspect. */
bool helpers_inspect(const struct helpers *, struct net *, uint32_t node, uint32_t n, const float *x,
                     const uint32_t *targets, float *activation, float *gradient, struct error *);

#endif
