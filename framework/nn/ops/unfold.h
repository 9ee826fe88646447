/* unfold.h: convolution as a matrix product (im2col): an image unfolded into what every position of a window sees, and
 * back. A one-dimensional signal is an image of height 1. */
#ifndef ASSAY_NN_OPS_UNFOLD_H
#define ASSAY_NN_OPS_UNFOLD_H

#include "nn/ops/window.h"

/* `channels` planes of fit.in elements; the window takes fit.out positions on each. A plane of a volume is all of it,
 * and its slices are what has one depth: a plane of a picture is its only slice. */
struct unfold {
    struct window_fit fit;
    size_t channels;
    size_t in_plane, out_plane; /* elements of fit.in and fit.out */
    size_t in_slice, out_slice; /* height x width of these */
    size_t slices;              /* depth of fit.out */
    size_t taps;                /* channels x kernel: rows of the unfolded image */
    bool same;                  /* 1x1, stride 1, no padding: the image is its own unfolding */
    bool flat;                  /* nothing has a depth */
};

void unfold_init(struct unfold *, const struct window_fit *, size_t channels);
/* Floats of `columns`: whole lines of the cache. */
size_t unfolded_size(const struct unfold *);
/* columns[taps][out_slice]: what each tap sees at each position of that slice, 0 outside the image. */
void unfold(const struct unfold *, struct thread_team *, size_t slice, const float *image, float *columns);
/* The transpose: adds to image[channels][in_plane] what falls on each of its elements. */
void fold(const struct unfold *, struct thread_team *, size_t slice, const float *columns, float *image);

#endif
