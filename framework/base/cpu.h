/* cpu.h: what the processor can do, and which of the compiled bodies of a kernel runs: one place decides for all. */
#ifndef ASSAY_BASE_CPU_H
#define ASSAY_BASE_CPU_H

#include "base/error.h"

#include <stdbool.h>

/* Each includes those before it. */
enum cpu_route {
    CPU_PORTABLE, /* what every processor of the architecture has */
    CPU_AVX2,     /* 256-bit vectors and fused multiply-adds */
    CPU_AVX512    /* 512-bit vectors, as every processor with them since 2017 has them: F, DQ, BW, VL */
};

/* Whether this processor has it. */
bool cpu_has(enum cpu_route);

/* The widest that a processor of this architecture can have: that of others than x86-64 is portable. */
enum cpu_route cpu_route_last(void);

/* The route of every kernel of ours (nn/kernels, measure/simd): that of the environment variable ASSAY_ISA, or, where
 * it says nothing that cpu_route_check would pass, the widest this processor has. The same from the first call on, in
 * this process and its forks. OpenBLAS, by which training multiplies on the portable route, chooses for itself. So does
 * what GCC compiles for several processors (target_clones): its bits are the same on all. Thread-safe. */
enum cpu_route cpu_route(void);
const char *cpu_route_name(void); /* "portable", "avx2" or "avx512": that of cpu_route() */

/* False when ASSAY_ISA names no route, or one that this processor lacks; the message says what it has. */
bool cpu_route_check(struct error *);

#endif
