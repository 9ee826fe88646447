/* As wide_winograd.c. */
#include "wide.h"

#if defined __x86_64__
#pragma GCC target("avx2,fma")
#endif
#define LANES 16
#define ROWS 14
#define NAME(name) name##_wide
#include "nn/kernels/sliding_code.h"
