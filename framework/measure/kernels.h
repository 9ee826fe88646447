/* kernels.h (private to measure/): a pair of planes under SSIM. */
#ifndef ASSAY_MEASURE_KERNELS_H
#define ASSAY_MEASURE_KERNELS_H

#include "measure/simd/ssim.h"

/* out[ssim_count]: the mean of the plane in the Gaussian window; scratch[ssim_filter_scratch]. */
void ssim_window_mean(const struct ssim_plane *, double *scratch, double *out);

struct ssim_pair {
    struct ssim_plane product; /* x of one side, y of the other */
    struct ssim_side a, b;
    double data_range;
    const uint8_t *mask; /* may be NULL */
};
struct ssim_mean {
    double all, masked; /* over the pixels of the mask; NaN where it leaves none */
};
struct ssim_mean ssim_pair_mean(const struct ssim_pair *, double *scratch, double *map);

#endif
