/* winograd.h: 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3) (Lavin & Gray 2015, arXiv:1509.09308): 36 products
 * instead of 144 for every 4x4 of the output. The gradient of the input is such a convolution, too: of the output's
 * gradient with the kernels turned round. Kernels are transformed as they are needed, which costs less than reading
 * them, four times larger, from memory. Every element is added up in one order, whatever lies beside it. */
#ifndef ASSAY_NN_KERNELS_WINOGRAD_H
#define ASSAY_NN_KERNELS_WINOGRAD_H

#include "base/thread_team.h"

#include <stdbool.h>
#include <stddef.h>

struct winograd {
    size_t samples, in_channels, out_channels;
    size_t in[2], out[2]; /* height, width */
    ptrdiff_t before[2];  /* padding above and to the left, 0 to 2 */
    bool turned;          /* weights are [in_channels][out_channels][3][3], each kernel turned by half a circle */
    bool relu;            /* the output is clipped at zero */
    const float
        *factors; /* of the channels that weights[] counts first: their kernels are multiplied by them; or NULL */
};

/* Floats, for a team of `workers` or fewer and as many samples or fewer. */
size_t winograd_scratch(const struct winograd *, unsigned workers);
/* y = x * weights + bias (NULL: none); weights[out_channels][in_channels][3][3] unless turned. Arrays are NCHW. */
void winograd_run(const struct winograd *, struct thread_team *, const float *x, const float *weights,
                  const float *bias, float *y, float *scratch);

#endif
