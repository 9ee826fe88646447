/* smooth_code.h: the body of smooth.h, compiled once for every kind of processor, as winograd_code.h is. Loops are of a
 * fixed length, and what is left over goes through the same one: the compiler may fuse products and sums in a loop of
 * its own for the rest otherwise than in vectors. */
#include "nn/kernels/smooth.h"
#include "nn/ops/fast_math.h"

#define BLOCK 64u

static inline float sigmoid(float x) {
    return 1 / (1 + fast_exp(-x));
}

static inline float gelu(float x) {
    return x * fast_normal(x);
}

static inline float gelu_slope(float x) {
    const float density_0 = 0.39894228f; /* of the normal distribution: 1 / sqrt(2 pi) */
    return fast_normal(x) + x * density_0 * fast_exp(-.5f * x * x);
}

static inline float silu(float x) {
    return x * sigmoid(x);
}

static inline float silu_slope(float x) {
    float s = sigmoid(x);
    return s * (1 + x * (1 - s));
}

/* A slope of 0 lets nothing through, not even what is not finite. */
#define DEFINE_FUNCTION(name)                                                                                          \
    static __attribute__((noinline)) void name##_block(const float *restrict x, float *restrict y) {                   \
        for (size_t i = 0; i < BLOCK; i++) y[i] = name(x[i]);                                                          \
    }                                                                                                                  \
    static void name##_forward(size_t n, const float *x, float *y) {                                                   \
        float rest[2][BLOCK] = {{0}};                                                                                  \
        for (; n >= BLOCK; n -= BLOCK, x += BLOCK, y += BLOCK) name##_block(x, y);                                     \
        memcpy(rest[0], x, n * sizeof *x);                                                                             \
        name##_block(rest[0], rest[1]);                                                                                \
        memcpy(y, rest[1], n * sizeof *y);                                                                             \
    }                                                                                                                  \
    static __attribute__((noinline)) void name##_block_back(const float *restrict x, const float *restrict dy,         \
                                                            float *restrict dx) {                                      \
        for (size_t i = 0; i < BLOCK; i++) {                                                                           \
            float slope = name##_slope(x[i]), passed = slope * dy[i];                                                  \
            dx[i] = fabsf(slope) > 0 ? passed : 0;                                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_backward(size_t n, const float *x, const float *dy, float *dx) {                                \
        float rest[3][BLOCK] = {{0}};                                                                                  \
        for (; n >= BLOCK; n -= BLOCK, x += BLOCK, dy += BLOCK, dx += BLOCK) name##_block_back(x, dy, dx);             \
        memcpy(rest[0], x, n * sizeof *x);                                                                             \
        memcpy(rest[1], dy, n * sizeof *dy);                                                                           \
        name##_block_back(rest[0], rest[1], rest[2]);                                                                  \
        memcpy(dx, rest[2], n * sizeof *dx);                                                                           \
    }
DEFINE_FUNCTION(gelu)
DEFINE_FUNCTION(silu)

const struct smooth_function NAME(smooth)[SMOOTH_COUNT] = {
    [SMOOTH_GELU] = {gelu_forward, gelu_backward}, [SMOOTH_SILU] = {silu_forward, silu_backward}};
