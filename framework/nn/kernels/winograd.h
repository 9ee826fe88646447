/* winograd.h: 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3) (Lavin & Gray 2015, arXiv:1509.09308): 36 products
 * instead of 144 for every 4x4 of the output. The gradient of the input is such a convolution, too: of the output's
 * gradient with the kernels turned round. Every element is added up in one order, whatever lies beside it. */
#ifndef ASSAY_NN_KERNELS_WINOGRAD_H
#define ASSAY_NN_KERNELS_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

struct winograd {
    size_t samples, in_channels, out_channels;
    size_t in[2], out[2]; /* height, width */
    ptrdiff_t before[2];  /* padding above and to the left, 0 to 2 */
};

#define WINOGRAD_ROWS 6u    /* output channels of one call of the inner kernel */
#define WINOGRAD_BLOCK 48u  /* tiles worked through together, so that their transforms stay in the second cache */
#define WINOGRAD_POINTS 36u /* elements of a transformed tile */

/* Floats of the transformed weights. */
size_t winograd_weights_size(size_t in_channels, size_t out_channels);
/* From weights[out_channels][in_channels][3][3] or, `turned`, for the way back: from weights[in_channels]
 * [out_channels][3][3], each kernel turned by half a circle. */
void winograd_weights(size_t in_channels, size_t out_channels, const float *weights, bool turned, float *transformed);

size_t winograd_scratch(const struct winograd *);
/* y = x * weights + bias (NULL: none), with `relu` no less than zero. Arrays are NCHW; scratch is aligned to 32 bytes.
 */
void winograd_run(const struct winograd *, const float *x, const float *transformed, const float *bias, bool relu,
                  float *y, float *scratch);

#endif
