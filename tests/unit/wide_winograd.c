/* The body for 512-bit vectors, compiled for those of 256: what it does can be tested on more processors. */
#include "wide.h"

#if defined __x86_64__
#pragma GCC target("avx2,fma")
#endif
#define LANES 16
#define ROWS 14
#define NAME(name) name##_wide
#include "nn/kernels/winograd_code.h"
