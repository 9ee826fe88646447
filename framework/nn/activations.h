/* activations.h: which nonlinearities a network has, and which of them a backward rule changes. */
#ifndef ASSAY_NN_ACTIVATIONS_H
#define ASSAY_NN_ACTIVATIONS_H

#include "nn/graph.h"

struct activations {
    uint32_t all;        /* pointwise nonlinear nodes on the way to the logits; gates (a Sigmoid) count */
    uint32_t rectifiers; /* those that NET_GUIDED and NET_DECONVNET change (net_options.h) */
};

/* False when memory is out. */
bool graph_activations(const struct graph *, struct activations *out, struct error *);

/* Whether it is one of those: Relu and its kin, a Clip with a lower bound of 0, and no gate. */
bool graph_is_rectifier(const struct graph *, const struct node *);

/* Whether it is a pointwise nonlinear one; gates count. */
bool graph_is_activation(const struct node *);

/* wanted[value_count]: whether the logits depend on it; the caller zeroes it. What only a closing Softmax or another
 * output needs is not wanted. */
void graph_mark_needed(const struct graph *, bool *wanted);

#endif
