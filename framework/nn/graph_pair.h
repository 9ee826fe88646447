/* graph_pair.h: a network of one output as a classifier of two classes. */
#ifndef ASSAY_NN_GRAPH_PAIR_H
#define ASSAY_NN_GRAPH_PAIR_H

#include "nn/graph.h"

/* The logit z of a finished graph of one output becomes the two logits (-z, z): the prediction is class 1 where z > 0,
 * and what is explained is z for class 1 and -z for class 0. Values get no new indices, parameters and layers stay as
 * they are; before weights are made. Trained by the binary cross-entropy of z (net.h: net_loss), and written to a file
 * without the pair. Nothing
 * changes where they are a pair already. Fails for any other number of outputs, and where the output is a probability.
 */
bool graph_pair_logits(struct graph *, struct error *);

/* Whether the pair was made of the file's one output, and not of one that closes the file as p and 1 - p. */
bool graph_is_pair_of_one(const struct graph *);

#endif
