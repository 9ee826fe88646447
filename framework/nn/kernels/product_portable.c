/* product_portable.c: for any processor: 128-bit vectors, which most have. */
#define LANES 4
#define NAME(name) name##_portable
#include "nn/kernels/product_code.h"
