/* unfold.h: convolution as a matrix product (im2col): an image unfolded into what every position of a window sees, and
 * back. A one-dimensional signal is an image of height 1. */
#ifndef ASSAY_NN_OPS_UNFOLD_H
#define ASSAY_NN_OPS_UNFOLD_H

#include "nn/ops/window.h"

/* `channels` planes of fit.in elements; the window takes fit.out positions on each. */
struct unfold {
    struct window_fit fit;
    size_t channels;
    size_t in_plane, out_plane; /* height x width of fit.in and fit.out */
    size_t taps;                /* channels x kernel: rows of the unfolded image */
    bool same;                  /* 1x1, stride 1, no padding: the image is its own unfolding */
};

void unfold_init(struct unfold *, const struct window_fit *, size_t channels);
/* columns[taps][out_plane]: what each tap sees at each position, 0 outside the image. */
void unfold(const struct unfold *, const float *image, float *columns);
/* The transpose: image[channels][in_plane] is overwritten by the sums of what falls on each of its elements. */
void fold(const struct unfold *, const float *columns, float *image);

#endif
