/* cpu.h: what the processor can do, asked at run time. */
#ifndef ASSAY_BASE_CPU_H
#define ASSAY_BASE_CPU_H

#include <stdbool.h>

/* 256-bit vectors and fused multiply-adds. */
static inline bool cpu_has_avx2(void) {
#if defined __x86_64__
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/* 512-bit vectors, as every such processor since 2017 has them. */
static inline bool cpu_has_avx512(void) {
#if defined __x86_64__
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

#endif
