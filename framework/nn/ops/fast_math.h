/* fast_math.h: exp, tanh and erf without branches or calls, so that loops over them become vector code; within 2e-7 of
 * the value, relative (tests/unit/fast_math.c). Every processor computes the same bits. */
#ifndef ASSAY_NN_OPS_FAST_MATH_H
#define ASSAY_NN_OPS_FAST_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* For the functions with such loops: bodies for vectors of 512 and 256 bits and for any processor. Nothing is
 * contracted to a fused multiply-add (ISO mode), so that all make the same bits. */
#if defined __x86_64__
#define FAST_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FAST_CLONES
#endif

static inline float fast_power_of_2(int32_t exponent) {
    uint32_t bits = (uint32_t)(exponent + 127) << 23;
    float out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* 2^k exp(r) with |r| <= log(2) / 2; the polynomial is that of Moshier's Cephes (expf.c). */
static inline float fast_exp(float x) {
    const float magic = 12582912; /* 1.5 * 2^23: what is added to it is rounded to an integer in its last bits */
    float clipped = x < -105 ? -105 : x, shifted, r, y;
    clipped = clipped > 89 ? 89 : clipped;
    shifted = clipped * 1.44269504f + magic;
    int32_t k;
    memcpy(&k, &shifted, sizeof k);
    k -= 0x4b400000;
    float whole = shifted - magic;
    r = clipped - whole * 0.693359375f + whole * 2.12194440e-4f;
    y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * (r * r) + r + 1;
    int32_t half = k >> 1; /* in two steps, as 2^128 is no float and 2^-149 a small one */
    return y * fast_power_of_2(half) * fast_power_of_2(k - half);
}

/* Near 0 a polynomial, that of Cephes (tanhf.c); elsewhere 1 - 2 / (exp(2x) + 1). */
static inline float fast_tanh(float x) {
    float t = fabsf(x), s = x * x, y = -5.70498872745e-3f;
    y = y * s + 2.06390887954e-2f;
    y = y * s - 5.37397155531e-2f;
    y = y * s + 1.33314422036e-1f;
    y = y * s - 3.33332819422e-1f;
    float near = y * s * x + x, far = copysignf(1 - 2 / (fast_exp(2 * t) + 1), x);
    return t < .625f ? near : far;
}

/* erf(x) / x for |x| < 1, by s = x^2; and erfc(t) for t >= 1. Least-maximum fits. */
static inline float fast_erf_near(float s) {
    float y = 7.85383818e-5f;
    y = y * s - 8.01018672e-4f;
    y = y * s + 5.18832682e-3f;
    y = y * s - 2.68538110e-2f;
    y = y * s + 1.12835854e-1f;
    y = y * s - 3.76126260e-1f;
    return y * s + 1.12837911f;
}

static inline float fast_erfc_far(float t) {
    float u = t > 5 ? 5 : t, y = 1.12473333e-6f;
    y = y * u - 3.52291972e-5f;
    y = y * u + 4.99349379e-4f;
    y = y * u - 4.27305279e-3f;
    y = y * u + 2.49513946e-2f;
    y = y * u - 1.07336573e-1f;
    y = y * u - 6.34909093e-1f;
    y = y * u - 1.12832999f;
    float e = fast_exp(y * u - 1.73641340e-4f);
    return t >= 5 ? 0 : e; /* below 2e-12 */
}

static inline float fast_erf(float x) {
    float t = fabsf(x), near = x * fast_erf_near(x * x), far = copysignf(1 - fast_erfc_far(t), x);
    return t < 1 ? near : far;
}

/* The normal distribution up to x, within 2e-6 of it in the lower tail, too. */
static inline float fast_normal(float x) {
    float t = fabsf(x) * 0.707106781f, c = t < 1 ? 1 - t * fast_erf_near(t * t) : fast_erfc_far(t);
    return x < 0 ? .5f * c : 1 - .5f * c;
}

#endif
