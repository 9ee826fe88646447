/* rule.h: one rule of propagation. Relevance R of a node's output goes to its inputs; z is what a layer gives before
 * its activation, w its weights, x its input. Where a denominator is zero, so is the relevance that leaves it. */
#ifndef ASSAY_NN_PROPAGATION_RULE_H
#define ASSAY_NN_PROPAGATION_RULE_H

#include "nn/op.h"
#include "nn/node_roles.h"

#define PROPAGATION_STABILISER                                                                                         \
    1e-6f /* added to denominators, away from zero, where a rule has no epsilon of its own                             \
           */

struct affine;

/* One node on the way back. */
struct propagation_call {
    const struct op_call *here;  /* its forward pass at the samples */
    const struct op_call *there; /* and at their references; NULL: there are none */
    const struct affine *layer;  /* of a ROLE_LAYER, with what is merged into it (affine.h); else NULL */
    float a, b;
    uint32_t signal; /* of a product, as node_roles.h has it; else GRAPH_NONE */
    float *room[3];  /* each of as many floats as the largest value or the largest weights have */
};

struct propagation_rule {
    const char *name;    /* as plugins ask for it: explainer.h lists them */
    const char *summary; /* with what a and b are */
    const char *source;
    unsigned roles; /* bits 1 << enum role */
    bool folds;     /* of a layer: what is merged into it is part of it; else passes by itself, by its gradient */
    bool compares;  /* wants a reference */
    /* Of those roles: whether it is for this node; NULL: for all. */
    bool (*takes)(const struct node_roles *, uint32_t node);
    /* Overwrites out, of the shape of input `input`, given what arrived at the output. */
    void (*pass)(const struct propagation_call *, uint32_t input, const float *relevance, float *out);
};

/* z away from zero by epsilon; a zero counts as positive. */
static inline float propagation_stabilise(float z, float epsilon) {
    return z < 0 ? z - epsilon : z + epsilon;
}

/* r / stabilise(z), or 0 where that is zero. */
static inline float propagation_divide(float r, float z, float epsilon) {
    float denominator = propagation_stabilise(z, epsilon);
    return denominator < 0 || denominator > 0 ? r / denominator : 0;
}

#endif
