/* conv_packed.h: a Conv, or one group of it, by kernels/packed.h where that is faster than unfolding and OpenBLAS. */
#ifndef ASSAY_NN_OPS_CONV_PACKED_H
#define ASSAY_NN_OPS_CONV_PACKED_H

#include "nn/kernels/packed.h"
#include "nn/ops/unfold.h"

/* Channels are those of one group. */
struct geometry {
    struct unfold window;
    size_t samples, groups;
    size_t in_channels, out_channels;
};

/* How; returns whether to use it. The way back is left to OpenBLAS, which was not slower. */
bool conv_packed_init(const struct geometry *, struct packed *);

#endif
