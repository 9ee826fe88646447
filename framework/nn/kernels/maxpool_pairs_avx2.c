/* maxpool_pairs_avx2.c: for processors with 256-bit fused multiply-adds. */
#if defined __x86_64__
#pragma GCC target("avx2,fma")
#define NAME(name) name##_avx2
#include "nn/kernels/maxpool_pairs_code.h"
#else
typedef int maxpool_pairs_avx2_is_empty;
#endif
