/* maxpool_portable.c: for any processor; wide vectors become what it has. */
#define NAME(name) name##_portable
#include "nn/kernels/maxpool_code.h"
