/* ssim.h: the two loops of SSIM, in double precision, compiled once for every kind of processor. */
#ifndef ASSAY_MEASURE_SIMD_SSIM_H
#define ASSAY_MEASURE_SIMD_SSIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSIM_WINDOW 11
#define SSIM_RADIUS (SSIM_WINDOW / 2)
#define SSIM_LANES 4u

/* What is filtered: x, or x * y, or the magnitude of either. */
struct ssim_plane {
    const float *x, *y; /* [height][width]; y may be NULL */
    bool magnitude;
    uint32_t height, width; /* at least SSIM_WINDOW */
};

/* What a filter writes: [block of SSIM_LANES rows][column][row in the block], for the pixels at least SSIM_RADIUS from
 * the border; rows beyond the last hold something finite. */
size_t ssim_count(uint32_t height, uint32_t width);

/* Window means of one side: of x, and of x^2. */
struct ssim_side {
    const double *mean, *square;
};

struct ssim_kernels {
    /* out[ssim_count]: the weighted mean of the window around each pixel; weight[i] belongs to distance i from the
     * middle; scratch[ssim_filter_scratch]. Adds up in one order: equal planes have equal bits. */
    void (*filter)(const struct ssim_plane *, const double weight[SSIM_RADIUS + 1], double *scratch, double *out);
    /* map[ssim_count], at first the window means of the product of both sides, becomes the SSIM there: exactly 1 where
     * the sides are equal, and the same when they change places. */
    void (*map)(size_t count, struct ssim_side a, struct ssim_side b, double c1, double c2, double *map);
};

extern const struct ssim_kernels ssim_portable;
const struct ssim_kernels *ssim_kernels(void); /* the best that this processor runs */

#define SSIM_RING 16u /* rows at hand: a power of two, enough for SSIM_LANES windows */
#define SSIM_ROW(width) (((width) + 2 * SSIM_LANES - 1) / SSIM_LANES * SSIM_LANES)
size_t ssim_filter_scratch(uint32_t width); /* the ring, and a turned block of rows */

#endif
