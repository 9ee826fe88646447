/* ssim_avx2.c: for processors with 256-bit fused multiply-adds. */
#if defined __x86_64__
#pragma GCC target("avx2,fma")
#define KERNELS ssim_avx2
#include "measure/simd/ssim_code.h"
#else
typedef int ssim_avx2_is_empty;
#endif
