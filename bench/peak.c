/* peak.c: what the processor can do at most: a loop of fused multiply-adds (the Makefile lets the compiler fuse). */
#include "bench.h"

#include <stdio.h>

#define SUMS 12
#define ROUNDS 2000000
#define REPEATS 5

#define DEFINE_MULTIPLY_ADD(name, lane_count, attributes)                                                              \
    typedef float name##_lanes __attribute__((vector_size(lane_count * sizeof(float))));                               \
    attributes __attribute__((noinline)) static float name(float factor) {                                             \
        name##_lanes sum[SUMS] = {{0}};                                                                                \
        float total = 0;                                                                                               \
        for (int k = 0; k < SUMS; k++) sum[k][k % lane_count] = (float)k; /* all different */                          \
        for (long i = 0; i < ROUNDS; i++)                                                                              \
            for (int k = 0; k < SUMS; k++) sum[k] = sum[k] * factor + 1;                                               \
        for (int k = 0; k < SUMS; k++)                                                                                 \
            for (int m = 0; m < lane_count; m++) total += sum[k][m];                                                   \
        return total;                                                                                                  \
    }

struct body {
    float (*run)(float);
    int lanes;
};

DEFINE_MULTIPLY_ADD(portable, 4, )
#if defined __x86_64__
DEFINE_MULTIPLY_ADD(avx2, 8, __attribute__((target("avx2,fma"))))
DEFINE_MULTIPLY_ADD(avx512, 16, __attribute__((target("avx512f"))))
#endif

static struct body best_body(void) {
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f")) return (struct body){avx512, 16};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return (struct body){avx2, 8};
#endif
    return (struct body){portable, 4};
}

static void multiply(void *user) {
    const struct body *body = user;
    volatile float sink = body->run(.5f);
    (void)sink;
}

/* CPU time: the peak is that of a core which is not shared. */
double bench_core_peak(void) {
    struct body body = best_body();
    return 2e-9 * body.lanes * SUMS * ROUNDS / bench_best(REPEATS, 1, multiply, &body).cpu;
}

int bench_peak(int argc, char **argv) {
    (void)argc;
    (void)argv;
    printf("%.1f\n", bench_core_peak());
    return 0;
}
