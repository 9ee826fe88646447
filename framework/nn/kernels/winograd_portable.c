/* winograd_portable.c: for any processor; wide vectors become what it has. */
#define NAME(name) name##_portable
#include "nn/kernels/winograd_code.h"
