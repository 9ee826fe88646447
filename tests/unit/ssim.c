#include "measure/similarity.h"
#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
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
