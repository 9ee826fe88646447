/* layer_blocks.h: which layers of a network stand side by side. Private to layer_*.c. */
#ifndef ASSAY_NN_LAYER_BLOCKS_H
#define ASSAY_NN_LAYER_BLOCKS_H

#include "nn/graph.h"

/* first[layer_count]: of each layer the first of its block, itself where it stands alone. A block are layers of which
 * neither depends on the other (the branches of an Inception module), with all that stand beside any of them, and the
 * layer that alone feeds branches which a Concat joins (the squeeze layer of a fire module, Iandola et al. 2016,
 * arXiv:1602.07360, section 3.1). A block with more than half of the layers is none. */
bool layers_find_blocks(const struct graph *, uint32_t *first, struct error *);

#endif
