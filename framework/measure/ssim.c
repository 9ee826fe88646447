/* Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13 with the Gaussian window of section III.C, in double
 * precision, as scikit-image's structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False). */
#include "measure/kernels.h"
#include "measure/similarity.h"

#include <math.h>
#include <stdlib.h>

static const double sigma = 1.5, k1 = .01, k2 = .03;

void ssim_window_mean(const struct ssim_plane *plane, double *scratch, double *out) {
    double weight[SSIM_RADIUS + 1], sum = 0;

    for (int i = 0; i <= SSIM_RADIUS; i++) {
        weight[i] = exp(-i * i / (2 * sigma * sigma));
        sum += i ? 2 * weight[i] : weight[i];
    }
    for (int i = 0; i <= SSIM_RADIUS; i++) weight[i] /= sum;
    ssim_kernels()->filter(plane, weight, scratch, out);
}

/* Over the pixels that are set in mask (NULL: all). */
static double mean_of(const double *map, uint32_t height, uint32_t width, const uint8_t *mask) {
    size_t rows = height - 2 * SSIM_RADIUS, columns = width - 2 * SSIM_RADIUS, count = 0;
    double sum[SSIM_LANES] = {0};

    for (size_t y = 0; y < rows; y += SSIM_LANES)
        for (size_t x = 0; x < columns; x++, map += SSIM_LANES)
            for (size_t r = 0; r < SSIM_LANES && y + r < rows; r++) {
                if (mask && !mask[(y + r + SSIM_RADIUS) * width + x + SSIM_RADIUS]) continue;
                sum[r] += map[r];
                count++;
            }
    return count ? ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)count : NAN;
}

struct ssim_mean ssim_pair_mean(const struct ssim_pair *p, double *scratch, double *map) {
    double l = k1 * p->data_range, c = k2 * p->data_range;
    uint32_t height = p->product.height, width = p->product.width;
    size_t count = ssim_count(height, width);

    ssim_window_mean(&p->product, scratch, map);
    ssim_kernels()->map(count, p->a, p->b, l * l, c * c, map);
    double all = mean_of(map, height, width, NULL);
    return (struct ssim_mean){all, p->mask ? mean_of(map, height, width, p->mask) : all};
}

double ssim(const float *a, const float *b, uint32_t height, uint32_t width, const uint8_t *mask) {
    const float *planes[] = {a, b};
    size_t n = (size_t)height * width;
    struct range all[2], seen[2];

    if (height < SSIM_WINDOW || width < SSIM_WINDOW) return NAN;
    for (int i = 0; i < 2; i++) {
        all[i] = range_of(planes[i], n, NULL, false);
        seen[i] = mask ? range_of(planes[i], n, mask, false) : all[i];
        if (!all[i].finite || !range_informative(&seen[i])) return NAN;
    }
    size_t count = ssim_count(height, width);
    double *moments = malloc((5 * count + ssim_filter_scratch(width)) * sizeof *moments);
    if (!moments) return NAN;
    double *map = moments + 4 * count, *scratch = map + count;
    for (int i = 0; i < 4; i++) {
        const float *plane = planes[i / 2];
        ssim_window_mean(&(struct ssim_plane){plane, i % 2 ? plane : NULL, false, height, width}, scratch,
                         moments + (size_t)i * count);
    }
    const struct ssim_pair pair = {
        .product = {a, b, false, height, width},
        .a = {moments, moments + count},
        .b = {moments + 2 * count, moments + 3 * count},
        .data_range = fmax(all[0].high, all[1].high) - fmin(all[0].low, all[1].low),
        .mask = mask,
    };
    double result = ssim_pair_mean(&pair, scratch, map).masked;
    free(moments);
    return result;
}
