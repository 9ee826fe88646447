/* operators.h: the operators of a network as assay.propagation/1 shows them, and the way back under a rule for each. */
#ifndef ASSAY_HOST_OPERATORS_H
#define ASSAY_HOST_OPERATORS_H

#include "base/error.h"
#include "explainers/explainer.h"
#include "nn/net.h"

struct operators {
    struct net *net; /* borrowed */
    uint32_t *nodes; /* [count] their indices in the graph, from input to output */
    uint32_t count;
};

/* operators_finish() either way. */
bool operators_init(struct operators *, struct net *, struct error *);
void operators_finish(struct operators *);
bool operators_get(const struct operators *, uint32_t index, assay_operator *out);
/* Whether some rule is another than the gradient. */
bool operators_are_ruled(const struct operators *, const assay_operator_rule *rules);

struct operators_request {
    const assay_operator_rule *rules; /* [count] */
    assay_start start;
    uint32_t n;
    const float *x, *reference; /* [n][input]; the latter may be NULL */
    const uint32_t *targets;    /* [n] */
    const float *mask;          /* [input]: the network is shown mask * x; NULL: x */
};

/* As assay_propagation.propagate, of arguments that were checked; *not_finite where what arrives is not. */
assay_status operators_propagate(const struct operators *, const struct operators_request *, float *out,
                                 const char **not_finite, assay_why *);

#endif
