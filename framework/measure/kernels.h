/* kernels.h: what similarity.c, spearman.c and ssim.c share. */
#ifndef ASSAY_MEASURE_KERNELS_H
#define ASSAY_MEASURE_KERNELS_H

#include "measure/simd/ssim.h"

#define VIEW_LEAST_PIXELS 3 /* fewer pixels have no similarity */

/* Smallest and largest of values[n], or of their magnitudes, where mask (may be NULL) is set. */
struct range {
    float low, high; /* mean nothing unless finite and count > 0 */
    size_t count;    /* of values looked at */
    bool finite;
};
struct range range_of(const float *values, size_t n, const uint8_t *mask, bool magnitude);
/* Whether a map with these values has a similarity to anything. */
bool range_informative(const struct range *);

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
