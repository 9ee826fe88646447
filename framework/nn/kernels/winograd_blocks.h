/* winograd_blocks.h: private to winograd*: how a convolution is cut so that what is worked on stays in the caches. */
#ifndef ASSAY_NN_KERNELS_WINOGRAD_BLOCKS_H
#define ASSAY_NN_KERNELS_WINOGRAD_BLOCKS_H

#include "nn/kernels/winograd.h"

#define WINOGRAD_LANES 8u
#define WINOGRAD_PANEL 16u  /* output channels of one call of the inner kernel */
#define WINOGRAD_POINTS 36u /* elements of a transformed tile */

struct winograd_blocks {
    size_t total;         /* tiles, of all samples */
    size_t tiles;         /* transformed together */
    size_t channels;      /* of the output, whose kernels are transformed together: whole panels */
    size_t depth, chunks; /* input channels summed at a time, and how many times */
    bool keeps;           /* all transformed kernels fit: they are made once for all tiles */
    size_t tile_step, weight_step, product_step; /* floats from point to point */
};

struct winograd_blocks winograd_blocks(const struct winograd *);
/* What is left of the output channels, at most `most`, filled up to whole panels. */
size_t winograd_panels(size_t left, size_t most);

/* The body for one kind of processor; winograd_run takes the best one. The first exists on x86-64 only. */
typedef void winograd_function(const struct winograd *, const float *x, const float *weights, const float *bias,
                               float *y, float *scratch);
winograd_function winograd_run_avx2, winograd_run_portable;

#endif
