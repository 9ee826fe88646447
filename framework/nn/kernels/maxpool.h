/* maxpool.h: the largest value of windows side by side, and where it is. */
#ifndef ASSAY_NN_KERNELS_MAXPOOL_H
#define ASSAY_NN_KERNELS_MAXPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAXPOOL_LEAST 8u /* windows of one call */

/* `count` >= MAXPOOL_LEAST windows of rows x columns elements, the next one `step` (1 or 2) to the right; the first
 * begins at `first` of a plane of `width` columns, and all lie inside it. */
struct maxpool_row {
    size_t count, step, rows, columns, width, first;
};

/* largest[count] and its index[count] in the plane, the first of equals. False: there may be a NaN among them, and
 * nothing that was written counts. */
typedef bool maxpool_function(const struct maxpool_row *, const float *plane, float *largest, uint32_t *index);
maxpool_function maxpool_run;
/* The body for one kind of processor; the first exists on x86-64 only. */
maxpool_function maxpool_run_avx2, maxpool_run_portable;

#endif
