/* turn_avx2.c: for processors with 256-bit vectors. */
#if defined __x86_64__
#pragma GCC target("avx2,fma")
#define NAME(name) name##_avx2
#include "nn/kernels/turn_code.h"
#else
typedef int turn_avx2_is_empty;
#endif
