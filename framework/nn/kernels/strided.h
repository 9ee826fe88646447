/* strided.h: the gradient of a convolution's input from that of its output, for convolutions whose step keeps positions
 * apart. Elements y, y + step, ... of the input make up a phase, whose gradient is a convolution of the output's by
 * some of the taps; it is summed over a copy of that in a frame of zeros, where every tap sees whole vectors. Every
 * element is added up in one order, whatever lies beside it. */
#ifndef ASSAY_NN_KERNELS_STRIDED_H
#define ASSAY_NN_KERNELS_STRIDED_H

#include "base/thread_team.h"

#include <stdbool.h>
#include <stddef.h>

/* Of the way there. Pairs are vertical, horizontal. */
struct strided {
    size_t samples, in_channels, out_channels;
    size_t in[2], out[2], kernel[2];
    size_t before[2], step[2]; /* the latter 1 or 2 */
    size_t in_step, out_step;  /* elements from sample to sample */
};

#define STRIDED_STEP 2u
#define STRIDED_TAPS 128u

/* Whether it can be used here and on this processor, and does not mostly multiply by zeros. */
bool strided_fits(const struct strided *);
/* Floats, for a team of `workers` or fewer and as many samples or fewer. */
size_t strided_scratch(const struct strided *, unsigned workers);
/* dx from dy; weights[out_channels][in_channels][kernel]. */
void strided_back(const struct strided *, struct thread_team *, const float *dy, const float *weights, float *dx,
                  float *scratch);

#endif
