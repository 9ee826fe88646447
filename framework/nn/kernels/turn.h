/* turn.h: a matrix transposed. */
#ifndef ASSAY_NN_KERNELS_TURN_H
#define ASSAY_NN_KERNELS_TURN_H

#include <stddef.h>

#define TURN_BLOCK 16u /* rows and columns that are best taken together */

/* to[r * to_step + c] = from[c * from_step + r] for r < rows, c < columns. */
typedef void turn_function(const float *from, size_t from_step, float *to, size_t to_step, size_t rows, size_t columns);
turn_function turn_run;
/* The body for one kind of processor; the first two exist on x86-64 only. */
turn_function turn_run_avx512, turn_run_avx2, turn_run_portable;

#endif
