/* maxpool_pairs_avx512.c: for processors with 512-bit vectors. */
#if defined __x86_64__
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#define LANES 16
#define NAME(name) name##_avx512
#include "nn/kernels/maxpool_pairs_code.h"
#else
typedef int maxpool_pairs_avx512_is_empty;
#endif
