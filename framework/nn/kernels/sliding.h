/* sliding.h: convolutions of horizontal stride 1 without unfolding, forward, back to the input, and the gradient of the
 * weights. Channels of the output are the lanes of vectors; positions side by side are the rows of a product, whose
 * left factor is read where the image lies, in a frame of zeros. Every element is a sum in one order, whatever lies
 * beside it and however the work is shared. */
#ifndef ASSAY_NN_KERNELS_SLIDING_H
#define ASSAY_NN_KERNELS_SLIDING_H

#include "base/thread_team.h"

#include <stdbool.h>
#include <stddef.h>

/* Pairs are vertical, horizontal. */
struct sliding {
    size_t samples, in_channels, out_channels;
    size_t in[2], out[2], kernel[2];
    size_t before[2], step[2], tap_step[2]; /* zeros, stride, dilation */
    size_t in_step, out_step;               /* elements from sample to sample */
    bool turned; /* weights[in_channels][out_channels][kernel], of a kernel upside down: the way back of the other */
    bool relu;
};

/* Whether it can be used on this processor: forward, and for the gradient of the weights. */
bool sliding_fits(const struct sliding *);
bool sliding_learns(const struct sliding *);
/* The gradient of the input as a convolution of the output's; false: it is none. */
bool sliding_back(const struct sliding *there, struct sliding *back);

/* Floats, for a team of `workers` or fewer and as many samples or fewer: for either. */
size_t sliding_scratch(const struct sliding *, unsigned workers);
/* y from x; weights[out_channels][in_channels][kernel]; bias[out_channels] or NULL. */
void sliding_run(const struct sliding *, struct thread_team *, const float *x, const float *weights, const float *bias,
                 float *y, float *scratch);
/* Adds to dw[out_channels][in_channels][kernel]. */
void sliding_learn(const struct sliding *, struct thread_team *, const float *x, const float *dy, float *dw,
                   float *scratch);

#endif
