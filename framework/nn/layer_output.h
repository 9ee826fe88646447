/* layer_output.h: where the activations of a layer are. */
#ifndef ASSAY_NN_LAYER_OUTPUT_H
#define ASSAY_NN_LAYER_OUTPUT_H

#include "nn/graph.h"

/* The node whose output is that of the layer: the last that reads one of its parameters, or the activation function
 * that alone reads what that one gives. GRAPH_NONE: the logits do not depend on it. */
bool layer_output(const struct graph *, uint32_t layer, uint32_t *node, struct error *);

#endif
