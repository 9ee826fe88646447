/* winograd_portable.c: for any processor: 128-bit vectors, which most have; of wider ones gcc would keep sums in
 * memory. */
#define LANES 4
#define NAME(name) name##_portable
#include "nn/kernels/winograd_code.h"
