/* depthwise.h: convolution of every plane with a kernel of its own. A plane is copied into a frame of zeros, the rows
 * and columns that a stride keeps apart in frames of their own, so that every tap of the kernel adds whole vectors; the
 * gradient of the input is made in the same way from that of the output. Every element is added up in one order. */
#ifndef ASSAY_NN_KERNELS_DEPTHWISE_H
#define ASSAY_NN_KERNELS_DEPTHWISE_H

#include "base/thread_team.h"

#include <stdbool.h>
#include <stddef.h>

/* Pairs are vertical, horizontal. */
struct depthwise {
    size_t samples, channels; /* of the input */
    size_t multiplier;        /* planes of the output for each of the input */
    ptrdiff_t in[2], out[2], kernel[2], stride[2], dilation[2], before[2];
};

/* Larger kernels, strides and paddings are left to others. */
#define DEPTHWISE_TAPS 128
#define DEPTHWISE_STRIDE 4
#define DEPTHWISE_REACH 256

/* Whether it can be used here and on this processor: on others unfolding and multiplying is faster. */
bool depthwise_fits(const struct depthwise *);
/* Floats, for a team of `workers` or fewer. */
size_t depthwise_scratch(const struct depthwise *, unsigned workers);
/* y = x * weights + bias (NULL: none), with `relu` no less than zero; weights[channels][multiplier][kernel]. */
void depthwise_forward(const struct depthwise *, struct thread_team *, const float *x, const float *weights,
                       const float *bias, bool relu, float *y, float *scratch);
void depthwise_backward(const struct depthwise *, struct thread_team *, const float *dy, const float *weights,
                        float *dx, float *scratch);

#endif
