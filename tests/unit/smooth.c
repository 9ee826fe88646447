/* Gelu and x Sigmoid(x) in every body: against the formulas in double precision, and the same bits wherever an element
 * lies. */
#include "base/cpu.h"
#include "base/rng.h"
#include "nn/kernels/smooth.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define MOST 200u
#define BODIES 3u

static size_t bodies(const struct smooth_function **out) {
    size_t count = 0;
    out[count++] = smooth_portable;
#if defined __x86_64__
    if (cpu_has(CPU_AVX2)) out[count++] = smooth_avx2;
    if (cpu_has(CPU_AVX512)) out[count++] = smooth_avx512;
#endif
    return count;
}

static double value(enum smooth which, double x) {
    return which == SMOOTH_GELU ? x * erfc(-x * sqrt(.5)) / 2 : x / (1 + exp(-x));
}

static double slope(enum smooth which, double x) {
    double s = 1 / (1 + exp(-x));
    if (which == SMOOTH_SILU) return s * (1 + x * (1 - s));
    return erfc(-x * sqrt(.5)) / 2 + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
}

Test(smooth, agrees_with_the_formulas) {
    const struct smooth_function *all[BODIES];
    size_t count = bodies(all);
    for (size_t k = 0; k < count; k++)
        for (int f = 0; f < SMOOTH_COUNT; f++) {
            double worst = 0, worst_slope = 0;
            for (float from = -9; from < 9; from += .25f) {
                float x[MOST], one[MOST], y[MOST], dx[MOST];
                for (size_t i = 0; i < MOST; i++) x[i] = from + (float)i * .25f / MOST, one[i] = 1;
                all[k][f].forward(MOST, x, y);
                all[k][f].backward(MOST, x, one, dx);
                for (size_t i = 0; i < MOST; i++) {
                    double v = value((enum smooth)f, (double)x[i]), s = slope((enum smooth)f, (double)x[i]);
                    if (x[i] > -5) worst = fmax(worst, fabs((double)y[i] - v) / (fabs(v) + 1e-30));
                    worst_slope = fmax(worst_slope, fabs((double)dx[i] - s));
                }
            }
            cr_expect_lt(worst, 3e-6, "body %zu, function %d: %g", k, f, worst);
            cr_expect_lt(worst_slope, 1e-6, "body %zu, function %d: %g", k, f, worst_slope);
        }
}

Test(smooth, no_element_depends_on_its_place) {
    const struct smooth_function *all[BODIES];
    size_t count = bodies(all);
    float x[MOST], dy[MOST], y[2][MOST], dx[2][MOST];
    rng_fill_normal(1, 0, MOST, x);
    rng_fill_normal(2, 0, MOST, dy);
    for (size_t i = 0; i < MOST; i++) x[i] *= 3;
    for (size_t k = 0; k < count; k++)
        for (int f = 0; f < SMOOTH_COUNT; f++) {
            const struct smooth_function *body = &all[k][f];
            body->forward(MOST, x, y[0]);
            body->backward(MOST, x, dy, dx[0]);
            for (size_t first = 0; first < MOST; first += 13) {
                size_t n = MOST - first < 70 ? MOST - first : 70;
                body->forward(n, x + first, y[1]);
                body->backward(n, x + first, dy + first, dx[1]);
                cr_expect_arr_eq(y[1], y[0] + first, n * sizeof(float), "body %zu, function %d, from %zu", k, f, first);
                cr_expect_arr_eq(dx[1], dx[0] + first, n * sizeof(float), "body %zu, function %d, from %zu: back", k, f,
                                 first);
            }
        }
}

Test(smooth, bodies_with_fused_multiply_adds_make_the_same_bits) {
#if defined __x86_64__
    if (!cpu_has(CPU_AVX512)) cr_skip_test("this processor has no 512-bit vectors");
    float x[MOST], dy[MOST], y[2][MOST], dx[2][MOST];
    rng_fill_normal(1, 0, MOST, x);
    rng_fill_normal(2, 0, MOST, dy);
    for (size_t i = 0; i < MOST; i++) x[i] *= 3;
    for (int f = 0; f < SMOOTH_COUNT; f++) {
        smooth_avx2[f].forward(MOST, x, y[0]);
        smooth_avx512[f].forward(MOST, x, y[1]);
        smooth_avx2[f].backward(MOST, x, dy, dx[0]);
        smooth_avx512[f].backward(MOST, x, dy, dx[1]);
        cr_expect_arr_eq(y[0], y[1], sizeof y[0], "function %d", f);
        cr_expect_arr_eq(dx[0], dx[1], sizeof dx[0], "function %d: back", f);
    }
#endif
}

Test(smooth, ends) {
    const struct smooth_function *all[BODIES];
    size_t count = bodies(all);
    for (size_t k = 0; k < count; k++)
        for (int f = 0; f < SMOOTH_COUNT; f++) {
            const float x[] = {1e30f, -1e30f, NAN, 0}, dy[] = {1, INFINITY, 1, 1};
            float y[4], dx[4];
            all[k][f].forward(4, x, y);
            all[k][f].backward(4, x, dy, dx);
            cr_expect_float_eq(y[0], 1e30f, 0);
            cr_expect(y[1] >= 0 && y[1] <= 0);
            cr_expect(isnan(y[2]) && y[3] >= 0 && y[3] <= 0);
            cr_expect_float_eq(dx[0], 1, 0);
            cr_expect(dx[1] >= 0 && dx[1] <= 0, "body %zu, function %d: %g", k, f, (double)dx[1]);
            cr_expect_float_eq(dx[3], .5f, 1e-7f);
        }
}
