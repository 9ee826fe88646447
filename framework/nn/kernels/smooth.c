/* smooth.c: which of the compiled bodies runs. */
#include "nn/kernels/smooth.h"

#include "base/cpu.h"

const struct smooth_function *smooth_find(enum smooth which) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &smooth_avx512[which];
    if (cpu_route() >= CPU_AVX2) return &smooth_avx2[which];
#endif
    return &smooth_portable[which];
}
