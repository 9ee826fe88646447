/* winograd_portable.c: for any processor; wide vectors become what it has. */
#pragma GCC diagnostic ignored "-Wpsabi" /* no vector is passed between files */
#define NAME(name) name##_portable
#include "nn/kernels/winograd_code.h"
