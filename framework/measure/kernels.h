/* kernels.h: what similarity.c, spearman.c and ssim.c share: the one-sided half of each measure, so that a map that
 * is compared many times is ranked and filtered once. */
#ifndef ASSAY_MEASURE_KERNELS_H
#define ASSAY_MEASURE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_LEAST_PIXELS 3 /* fewer pixels have no similarity */
#define SSIM_WINDOW 11

/* Smallest and largest of the finite values[n], n >= 1, where mask (may be NULL) is set. */
struct range {
    float low, high;
    size_t count; /* of values looked at */
    bool finite;
};
struct range range_of(const float *values, size_t n, const uint8_t *mask);
/* Whether a map with these values has a similarity to anything. */
bool range_informative(const struct range *);

/* rank_average() in scratch[2 * n] of the caller's. */
void rank_average_in(const float *values, size_t n, uint64_t *scratch, double *ranks);

/* Sum of a[i] * b[i], always in the same order. */
double dot(const double *a, const double *b, size_t n);

/* One plane's local moments over the SSIM window: mean of x and of x^2, at the pixels at least 5 from the border. */
struct moments {
    double *mean, *square; /* [ssim_count] */
};
size_t ssim_count(uint32_t height, uint32_t width); /* pixels at least 5 from the border */
/* work[height * width + width] */
void ssim_moments(const float *plane, uint32_t height, uint32_t width, double *work, struct moments *out);

struct ssim_side {
    const float *plane;
    const struct moments *moments;
};
/* Mean SSIM; NaN when the mask leaves no pixel. cross[ssim_count] and work[height * width + width] are scratch. */
double ssim_pair(struct ssim_side a, struct ssim_side b, double data_range, uint32_t height, uint32_t width,
                 const uint8_t *mask, double *cross, double *work);

#endif
