/* winograd.c: which of the compiled bodies runs. */
#include "nn/kernels/winograd.h"

typedef void weights_function(size_t, size_t, const float *, bool, float *);
typedef void run_function(const struct winograd *, const float *, const float *, const float *, bool, float *, float *);

weights_function winograd_weights_avx2, winograd_weights_portable;
run_function winograd_run_avx2, winograd_run_portable;

static bool has_avx2(void) {
#if defined __x86_64__
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static size_t padded_rows(size_t out_channels) {
    return (out_channels + WINOGRAD_ROWS - 1) / WINOGRAD_ROWS * WINOGRAD_ROWS;
}

size_t winograd_weights_size(size_t in_channels, size_t out_channels) {
    return WINOGRAD_POINTS * padded_rows(out_channels) * in_channels + 8; /* the last store is a whole vector */
}

size_t winograd_scratch(const struct winograd *w) {
    return WINOGRAD_POINTS * WINOGRAD_BLOCK * (w->in_channels + padded_rows(w->out_channels));
}

void winograd_weights(size_t in_channels, size_t out_channels, const float *weights, bool turned, float *transformed) {
#if defined __x86_64__
    if (has_avx2()) {
        winograd_weights_avx2(in_channels, out_channels, weights, turned, transformed);
        return;
    }
#endif
    winograd_weights_portable(in_channels, out_channels, weights, turned, transformed);
}

void winograd_run(const struct winograd *w, const float *x, const float *transformed, const float *bias, bool relu,
                  float *y, float *scratch) {
#if defined __x86_64__
    if (has_avx2()) {
        winograd_run_avx2(w, x, transformed, bias, relu, y, scratch);
        return;
    }
#endif
    winograd_run_portable(w, x, transformed, bias, relu, y, scratch);
}
