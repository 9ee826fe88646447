/* winograd_blocks.h: private to winograd*: how a convolution is cut so that what is worked on stays in the caches. */
#ifndef ASSAY_NN_KERNELS_WINOGRAD_BLOCKS_H
#define ASSAY_NN_KERNELS_WINOGRAD_BLOCKS_H

#include "nn/kernels/winograd.h"

#define WINOGRAD_POINTS 36u /* elements of a transformed tile */

struct winograd_blocks {
    size_t panel;         /* output channels of one call of the inner kernel */
    size_t total;         /* tiles, of all samples */
    size_t tiles;         /* transformed together */
    size_t channels;      /* of the output, whose kernels are transformed together: whole panels */
    size_t depth, chunks; /* input channels summed at a time, and how many times */
    bool keeps;           /* all transformed kernels fit: they are made once for all tiles */
    size_t tile_step, weight_step, product_step; /* floats from point to point */
};

/* Kernels: from `depth` input channels from `from` on, to output channels from `first` on, whole panels. */
struct winograd_block {
    size_t first, channels, from, depth;
};

/* Tiles from `first` on, in input channels [from, end), which are whole chunks. */
struct winograd_tiles {
    size_t first, count, from, end;
};

/* The steps, for one kind of processor. Transforms and products lie by point (element of a transformed tile). */
struct winograd_body {
    size_t lanes; /* channels of one vector: a panel is two, and input channels are filled up to whole ones */
    /* to[point][panel of output channels][input channel][panel] */
    void (*transform_kernels)(const struct winograd *, const struct winograd_blocks *, const struct winograd_block *,
                              const float *weights, float *to);
    /* to[chunk of channels, all of them][point][tile][channel] */
    void (*transform_tiles)(const struct winograd *, const struct winograd_blocks *, const struct winograd_tiles *,
                            const float *x, float *to);
    /* products[point][tile][channel], added to with `add` */
    void (*multiply)(const struct winograd_blocks *, const struct winograd_block *, const float *tiles,
                     const float *kernels, size_t count, bool add, float *products);
    /* The output of `count` tiles from `first` on, in one block of channels from `channel` on. */
    void (*finish)(const struct winograd *, const struct winograd_blocks *, const float *products, size_t first,
                   size_t count, size_t channel, const float *bias, float *y);
};

/* The first two exist on x86-64 only. With fused multiply-adds all make the same bits. */
extern const struct winograd_body winograd_avx512, winograd_avx2, winograd_portable;
/* winograd_scratch and winograd_run with that body. */
size_t winograd_scratch_with(const struct winograd_body *, const struct winograd *, unsigned workers);
void winograd_run_with(const struct winograd_body *, const struct winograd *, struct thread_team *, const float *x,
                       const float *weights, const float *bias, float *y, float *scratch);

#endif
