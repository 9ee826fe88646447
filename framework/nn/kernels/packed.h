/* packed.h: convolution of any kernel as a matrix product whose right factor, the unfolded input, is only ever made for
 * PACKED_BLOCK positions at a time, in the order the product reads it, through all samples. Every element is added up
 * in one order, whatever lies beside it. */
#ifndef ASSAY_NN_KERNELS_PACKED_H
#define ASSAY_NN_KERNELS_PACKED_H

#include "base/thread_team.h"

#include <stdbool.h>
#include <stddef.h>

/* Pairs are vertical, horizontal. Position p sees, through tap t of the kernel, element p * step + t * tap_step -
 * before of the input, which is 0 outside. */
struct packed {
    size_t samples;
    size_t channels, rows; /* of the input and of the output */
    size_t in[2], out[2], taps[2];
    ptrdiff_t before[2], step[2], tap_step[2];
    size_t in_step, to_step; /* elements from sample to sample */
    bool relu;               /* the output is clipped at zero */
};

#define PACKED_STEP 2 /* the largest horizontal step */

/* Floats, for a team of `workers` or fewer and as many samples or fewer. */
size_t packed_scratch(const struct packed *, unsigned workers);
/* y = x * weights + bias (NULL: none); weights[rows][channels][taps]. */
void packed_run(const struct packed *, struct thread_team *, const float *x, const float *weights, const float *bias,
                float *y, float *scratch);

#endif
