/* packed_avx512.c: for processors with 512-bit vectors. Rows are a power of two more often than not: five times 13 is
 * 64 and one. */
#if defined __x86_64__
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#define LANES 16
#define ROWS 13
#define NAME(name) name##_avx512
#include "nn/kernels/packed_code.h"
#else
typedef int packed_avx512_is_empty;
#endif
