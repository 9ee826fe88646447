/* net_size.h: what a network takes in memory besides its weights, found by what lays it out. */
#ifndef ASSAY_NN_NET_SIZE_H
#define ASSAY_NN_NET_SIZE_H

#include "nn/net.h"

/* What is asked of it; of rules of propagation every value is kept, of the samples and of their references. */
enum net_passes { NET_PASSES_FORWARD, NET_PASSES_GRADIENT, NET_PASSES_RULES };

struct net_size {
    uint32_t samples; /* of a group */
    size_t group;     /* bytes of the values of a group, its gradients and scratch */
    size_t folded;    /* bytes of weights that are made ready for convolutions */
    size_t parts;     /* bytes that forward passes take which compute parts of planes */
};

/* For a team of `threads`. */
bool net_size(const struct net *, enum net_passes, unsigned threads, struct net_size *out, struct error *);
/* Bytes that net_keep comes to keep of one sample, with the sample itself; 0: nothing. */
bool net_keep_size(const struct net *, const bool *layers, size_t *bytes, struct error *);
/* Bytes of what net_loss takes for batches of `batch` samples: values, and gradients of parameters. */
bool net_size_training(const struct net *, uint32_t batch, size_t *bytes, struct error *);

#endif
