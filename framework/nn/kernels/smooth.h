/* smooth.h: Gelu and x Sigmoid(x), and their gradients, element by element. An element has the same bits wherever it
 * lies. */
#ifndef ASSAY_NN_KERNELS_SMOOTH_H
#define ASSAY_NN_KERNELS_SMOOTH_H

#include <stddef.h>

enum smooth { SMOOTH_GELU, SMOOTH_SILU, SMOOTH_COUNT };

struct smooth_function {
    void (*forward)(size_t n, const float *x, float *y);
    void (*backward)(size_t n, const float *x, const float *dy, float *dx);
};

/* The body for one kind of processor; smooth_find takes the best one. Those with fused multiply-adds make the same
 * bits. The first two exist on x86-64 only. */
extern const struct smooth_function smooth_avx512[SMOOTH_COUNT], smooth_avx2[SMOOTH_COUNT],
    smooth_portable[SMOOTH_COUNT];
const struct smooth_function *smooth_find(enum smooth);

#endif
