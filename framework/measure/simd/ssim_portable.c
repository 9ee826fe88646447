/* ssim_portable.c: for any processor; wide vectors become what it has. */
#define KERNELS ssim_portable
#include "measure/simd/ssim_code.h"
