/* sliding_avx2.c: for processors with 256-bit fused multiply-adds. */
#if defined __x86_64__
#pragma GCC target("avx2,fma")
#endif
#define NAME(name) name##_avx2
#include "nn/kernels/sliding_code.h"
