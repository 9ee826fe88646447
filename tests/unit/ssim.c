/* Structural similarity against its definition, with masks, by every kernel. */
#include "measure/similarity.h"
#include "base/rng.h"
#include "measure/simd/ssim.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values against scikit-image are in spearman.c's table of golden pairs; here is what follows from the definition. */

#define HEIGHT 17
#define WIDTH 23
#define COUNT (HEIGHT * WIDTH)

static float a[COUNT], b[COUNT], c[COUNT];
static uint8_t mask[COUNT];

static void make_maps(void) {
    struct rng r = rng_stream(1, "ssim", 0);
    for (int i = 0; i < COUNT; i++) {
        a[i] = (float)rng_normal(&r);
        b[i] = (float)(a[i] + rng_normal(&r));
        mask[i] = rng_below(&r, 2) == 1;
    }
}

TestSuite(ssim, .init = make_maps);

Test(ssim, identity_symmetry_and_scale) {
    double s = ssim(a, b, HEIGHT, WIDTH, NULL);

    cr_expect_eq(ssim(a, a, HEIGHT, WIDTH, NULL), 1);
    cr_expect_eq(ssim(a, a, HEIGHT, WIDTH, mask), 1);
    cr_expect_lt(s, 1);
    cr_expect_eq(ssim(b, a, HEIGHT, WIDTH, NULL), s);
    for (int i = 0; i < COUNT; i++) {
        a[i] *= 0x1p-60f;
        b[i] *= 0x1p-60f;
    }
    cr_expect_float_eq(ssim(a, b, HEIGHT, WIDTH, NULL), s, 1e-12, "the data range is that of the pair");
}

/* One 11 x 11 window: SSIM is a closed formula of weighted moments. */
Test(ssim, one_window_by_definition) {
    double weight[11], sum = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0, low = INFINITY, high = -INFINITY;

    for (int i = 0; i < 11; i++) sum += weight[i] = exp(-(i - 5) * (i - 5) / 4.5);
    for (int i = 0; i < 121; i++) {
        double w = weight[i / 11] * weight[i % 11] / (sum * sum), x = a[i], y = b[i];
        ma += w * x;
        mb += w * y;
        aa += w * x * x;
        bb += w * y * y;
        ab += w * x * y;
        low = fmin(low, fmin(x, y));
        high = fmax(high, fmax(x, y));
    }
    double c1 = pow(.01 * (high - low), 2), c2 = pow(.03 * (high - low), 2);
    double want = (2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2) /
                  ((ma * ma + mb * mb + c1) * (aa - ma * ma + bb - mb * mb + c2));
    cr_expect_float_eq(ssim(a, b, 11, 11, NULL), want, 1e-12);
}

/* Means over a mask and over its complement make up the mean over all. */
Test(ssim, masks_split_the_mean) {
    uint8_t rest[COUNT];
    double in = 0, out = 0;

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int i = y * WIDTH + x;
            rest[i] = !mask[i];
            if (y >= 5 && y < HEIGHT - 5 && x >= 5 && x < WIDTH - 5) {
                in += mask[i];
                out += rest[i];
            }
        }
    double split = (in * ssim(a, b, HEIGHT, WIDTH, mask) + out * ssim(a, b, HEIGHT, WIDTH, rest)) / (in + out);
    cr_expect_float_eq(split, ssim(a, b, HEIGHT, WIDTH, NULL), 1e-12);
    cr_expect(fabs(split - ssim(a, b, HEIGHT, WIDTH, mask)) > 1e-6, "the mask matters");
}

Test(ssim, no_similarity) {
    cr_expect(isnan(ssim(a, b, 10, WIDTH, NULL)), "too low");
    cr_expect(isnan(ssim(a, b, HEIGHT, 10, NULL)), "too narrow");
    cr_expect(isnan(ssim(a, c, HEIGHT, WIDTH, NULL)), "a constant side");
    cr_expect(isnan(ssim(c, a, HEIGHT, WIDTH, NULL)), "a constant side");
    memset(mask, 0, sizeof mask);
    mask[0] = mask[1] = mask[2] = mask[3] = 1;
    cr_expect(isnan(ssim(a, b, HEIGHT, WIDTH, mask)), "no pixel of the mask is 5 from the border");
    memcpy(c, a, sizeof c);
    c[COUNT - 1] = NAN;
    cr_expect(isnan(ssim(c, b, HEIGHT, WIDTH, NULL)));
    c[COUNT - 1] = INFINITY;
    cr_expect(isnan(ssim(b, c, HEIGHT, WIDTH, NULL)));
}

/* The kernels of this processor against the portable ones, and those against the definition, at every remainder. */
Test(ssim, kernels_agree) {
    const double weight[SSIM_RADIUS + 1] = {.3, .2, .1, .03, .015, .005};

    for (uint32_t height = 11; height < 17; height++)
        for (uint32_t width = 11; width < 17; width++) {
            const struct ssim_plane plane = {a, b, height % 2, height, width};
            size_t count = ssim_count(height, width), columns = width - 10;
            double *scratch = malloc((ssim_filter_scratch(width) + 2 * count) * sizeof *scratch);
            double *got = scratch + ssim_filter_scratch(width), *want = got + count;
            ssim_kernels()->filter(&plane, weight, scratch, got);
            ssim_portable.filter(&plane, weight, scratch, want);
            for (size_t i = 0; i < count; i++) cr_assert_float_eq(got[i], want[i], 1e-14);
            for (size_t y = 0; y < height - 10; y++)
                for (size_t x = 0; x < columns; x++) {
                    double sum = 0;
                    for (size_t i = 0; i < 11; i++)
                        for (size_t k = 0; k < 11; k++) {
                            size_t at = (y + i) * width + x + k;
                            double product = (double)a[at] * b[at];
                            sum += weight[abs((int)i - 5)] * weight[abs((int)k - 5)] *
                                   (plane.magnitude ? fabs(product) : product);
                        }
                    cr_assert_float_eq(want[(y / 4 * columns + x) * 4 + y % 4], sum, 1e-14);
                }
            struct ssim_side one = {want, got};
            double *again = malloc(count * sizeof *again);
            memcpy(again, got, count * sizeof *again);
            ssim_kernels()->map(count, one, one, .1, .2, got);
            one.square = again;
            ssim_portable.map(count, one, one, .1, .2, again);
            for (size_t i = 0; i < count; i++) cr_assert(got[i] == 1 && again[i] == 1);
            free(again);
            free(scratch);
        }
}
