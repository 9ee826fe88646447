/* Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13 with the Gaussian window of section III.C, in double
 * precision, as scikit-image's structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False). */
#include "measure/kernels.h"
#include "measure/similarity.h"

#include <math.h>
#include <stdlib.h>

#define RADIUS (SSIM_WINDOW / 2)
static const double sigma = 1.5, k1 = .01, k2 = .03;

static void gaussian_window(double weights[SSIM_WINDOW]) {
    double sum = 0;

    for (int i = 0; i < SSIM_WINDOW; i++) {
        double x = i - RADIUS;
        weights[i] = exp(-x * x / (2 * sigma * sigma));
        sum += weights[i];
    }
    for (int i = 0; i < SSIM_WINDOW; i++) weights[i] /= sum;
}

size_t ssim_count(uint32_t height, uint32_t width) {
    return (size_t)(height - 2 * RADIUS) * (width - 2 * RADIUS);
}

/* Filters in[height][width] down the columns, then along the rows; row[width] is scratch. */
static void filter(const double *restrict in, uint32_t height, uint32_t width, double *restrict row,
                   double *restrict out) {
    double weight[SSIM_WINDOW];
    size_t w = width, inner = width - 2 * RADIUS;

    gaussian_window(weight);
    for (size_t y = 0; y + 2 * RADIUS < height; y++) {
        for (size_t x = 0; x < w; x++) {
            double sum = 0;
            for (size_t k = 0; k < SSIM_WINDOW; k++) sum += weight[k] * in[(y + k) * w + x];
            row[x] = sum;
        }
        for (size_t x = 0; x < inner; x++) {
            double sum = 0;
            for (size_t k = 0; k < SSIM_WINDOW; k++) sum += weight[k] * row[x + k];
            out[y * inner + x] = sum;
        }
    }
}

static void filter_product(const float *a, const float *b, uint32_t height, uint32_t width, double *work, double *out) {
    size_t n = (size_t)height * width;

    for (size_t i = 0; i < n; i++) work[i] = (double)a[i] * b[i];
    filter(work, height, width, work + n, out);
}

void ssim_moments(const float *plane, uint32_t height, uint32_t width, double *work, struct moments *out) {
    size_t n = (size_t)height * width;

    for (size_t i = 0; i < n; i++) work[i] = plane[i];
    filter(work, height, width, work + n, out->mean);
    filter_product(plane, plane, height, width, work, out->square);
}

double ssim_pair(struct ssim_side a, struct ssim_side b, double data_range, uint32_t height, uint32_t width,
                 const uint8_t *mask, double *cross, double *work) {
    double c1 = (k1 * data_range) * (k1 * data_range), c2 = (k2 * data_range) * (k2 * data_range);
    size_t inner = width - 2 * RADIUS, count = 0;
    double total = 0;

    filter_product(a.plane, b.plane, height, width, work, cross);
    for (size_t y = 0; y + 2 * RADIUS < height; y++)
        for (size_t x = 0; x < inner; x++) {
            if (mask && !mask[(y + RADIUS) * width + x + RADIUS]) continue;
            size_t i = y * inner + x;
            double ma = a.moments->mean[i], mb = b.moments->mean[i];
            double va = a.moments->square[i] - ma * ma, vb = b.moments->square[i] - mb * mb, vab = cross[i] - ma * mb;
            total += (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            count++;
        }
    return count ? total / (double)count : NAN;
}

double ssim(const float *a, const float *b, uint32_t height, uint32_t width, const uint8_t *mask) {
    size_t n = (size_t)height * width;
    struct range all_a = range_of(a, n, NULL), all_b = range_of(b, n, NULL);
    struct range seen_a = range_of(a, n, mask), seen_b = range_of(b, n, mask);

    if (height < SSIM_WINDOW || width < SSIM_WINDOW || !all_a.finite || !all_b.finite || !range_informative(&seen_a) ||
        !range_informative(&seen_b))
        return NAN;
    size_t count = ssim_count(height, width);
    double *memory = malloc((5 * count + n + width) * sizeof *memory);
    if (!memory) return NAN;
    struct moments ma = {memory, memory + count}, mb = {memory + 2 * count, memory + 3 * count};
    double *cross = memory + 4 * count, *work = memory + 5 * count;
    ssim_moments(a, height, width, work, &ma);
    ssim_moments(b, height, width, work, &mb);
    double span = fmax(all_a.high, all_b.high) - fmin(all_a.low, all_b.low);
    double result =
        ssim_pair((struct ssim_side){a, &ma}, (struct ssim_side){b, &mb}, span, height, width, mask, cross, work);
    free(memory);
    return result;
}
