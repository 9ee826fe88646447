/* net_blocks.h: a Conv and the MaxPool behind it in training, some samples at a time. */
#ifndef ASSAY_NN_NET_BLOCKS_H
#define ASSAY_NN_NET_BLOCKS_H

#include "nn/net_plan.h"

/* Finds net->late and net->pool_of; false: out of memory. */
bool blocks_create(struct net *);
void blocks_destroy(struct net *);

/* Of a Conv, or a Relu behind it: the MaxPool with which it is run in this plan, or GRAPH_NONE. */
uint32_t blocks_pool(const struct net *, const struct plan *, uint32_t node);
/* Whether it is such a MaxPool. */
bool blocks_end(const struct net *, const struct plan *, uint32_t node);
/* For how many samples there is room between them. */
size_t blocks_samples(const struct plan *, uint32_t value);
/* The nodes whose pool it is, and itself. The fusion and the scratch of their calls are set. */
void blocks_run(const struct net *, const struct plan *, uint32_t pool);

/* Whether the way back through a Conv waits for nothing but the MaxPool: both go block by block then, when it is the
 * Conv's turn. */
bool blocks_return(const struct net *, const struct plan *, uint32_t conv);
/* Of a MaxPool that waits for it: the Conv, or GRAPH_NONE. */
uint32_t blocks_conv(const struct net *, const struct plan *, uint32_t pool);
/* Of both. The scratch of the Conv is that of the way back. */
void blocks_back(const struct net *, struct plan *, uint32_t conv, const struct backward_options *);

#endif
