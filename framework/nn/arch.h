/* arch.h: a network from a short declarative layer list, for training. */
#ifndef ASSAY_NN_ARCH_H
#define ASSAY_NN_ARCH_H

#include "nn/graph.h"

/* Items are separated by commas:
 *   conv:OUTxK[/STRIDE][+PAD]   convolution, kernel K along every axis, with bias   ("conv:16x5", "conv:32x3/2+1")
 *   embed:WORDSxDIMENSIONS   first of all: numbers of tokens become vectors, drawn at random and not trained
 *   batchnorm   relu   maxpool:K[/STRIDE]   avgpool:K[/STRIDE]   globalavgpool   flatten   fc:OUT
 * Layers are named conv1, conv2, ..., fc1, ... by order of appearance; parameters conv1.weight, conv1.bias,
 * batchnorm1.scale, batchnorm1.shift, batchnorm1.mean, batchnorm1.var. `sample` is C x H x W, C x L or F;
 * windows of pictures are squares. The last item must
 * be an fc with the number of classes. A flatten before the first fc is implied. Weights are zero (scale and var one):
 * re-draw every layer. Errors read `layers:COLUMN: ...`, counted in the list from 1. */
bool arch_build(const char *list, const struct shape *sample, struct graph **out, struct error *);

#endif
