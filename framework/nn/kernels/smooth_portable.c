/* smooth_portable.c: for any processor. */
#define NAME(name) name##_portable
#include "nn/kernels/smooth_code.h"
