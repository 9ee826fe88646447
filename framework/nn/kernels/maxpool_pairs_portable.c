/* maxpool_pairs_portable.c: for any processor, as winograd_portable.c. */
#define LANES 4
#define NAME(name) name##_portable
#include "nn/kernels/maxpool_pairs_code.h"
