/* The loops' own exp, tanh and erf beside the library's. */
#include "nn/ops/fast_math.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#define WITHIN 2e-7
#define SQRT_HALF 0.70710678118654752

static double relative(float found, double wanted) {
    return fabs((double)found - wanted) / fabs(wanted);
}

/* Every 997th of all floats. */
Test(fast_math, agrees_with_the_library) {
    double worst[4] = {0};
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 9973) {
        uint32_t word = (uint32_t)bits;
        float x;
        memcpy(&x, &word, sizeof x);
        double d = (double)x;
        if (!isfinite(x)) continue;
        if (x > -87 && x < 88.7f) worst[0] = fmax(worst[0], relative(fast_exp(x), exp(d)));
        if (fabsf(x) < FLT_MIN) continue;
        worst[1] = fmax(worst[1], relative(fast_tanh(x), tanh(d)));
        worst[2] = fmax(worst[2], relative(fast_erf(x), erf(d)));
        if (x > -7) worst[3] = fmax(worst[3], relative(fast_normal(x), erfc(-d * SQRT_HALF) / 2));
    }
    cr_expect_lt(worst[0], WITHIN, "exp: %g", worst[0]);
    cr_expect_lt(worst[1], WITHIN, "tanh: %g", worst[1]);
    cr_expect_lt(worst[2], WITHIN, "erf: %g", worst[2]);
    cr_expect_lt(worst[3], 1e-5, "normal: %g", worst[3]);
}

Test(fast_math, ends) {
    cr_expect(fast_exp(-INFINITY) <= 0 && isinf(fast_exp(INFINITY)) && isinf(fast_exp(89)) && fast_exp(-104) <= 0);
    cr_expect(fast_exp(-100) > 0, "small numbers are not flushed");
    cr_expect(fast_exp(0) >= 1 && fast_exp(0) <= 1);
    cr_expect_float_eq(fast_tanh(-INFINITY), -1, 0);
    cr_expect_float_eq(fast_erf(INFINITY), 1, 0);
    cr_expect_float_eq(fast_normal(-INFINITY), 0, 0);
    cr_expect_float_eq(fast_normal(INFINITY), 1, 0);
    cr_expect(isnan(fast_exp(NAN)) && isnan(fast_tanh(NAN)) && isnan(fast_erf(NAN)) && isnan(fast_normal(NAN)));
}
