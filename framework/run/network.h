/* network.h: the networks that label permutation needs, trained in workers and kept in the store. Private to run/. */
#ifndef ASSAY_RUN_NETWORK_H
#define ASSAY_RUN_NETWORK_H

#include "workers/pool.h"
#include "experiment/state.h"

/* Lists the networks the plan asks for (and the true one), with their keys, and takes those the store already has. */
bool network_list(struct run *, struct error *);

/* In the child: train number `index`. */
void network_work(const struct run *, uint32_t index, struct channel *);
/* In the parent. */
bool network_message(struct run *, uint32_t index, const void *data, size_t size, struct error *);
bool network_died(struct run *, uint32_t index, const char *death, struct error *);

/* The network with those weights, in the order of weights_to_flat: of another process of the run. */
bool network_take(struct run *, uint32_t index, const float *flat, size_t count, struct error *);

#endif
