/* maxpool_pairs.h: the largest value of windows of 2x2 with stride 2, and where it is. */
#ifndef ASSAY_NN_KERNELS_MAXPOOL_PAIRS_H
#define ASSAY_NN_KERNELS_MAXPOOL_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* largest[rows][columns] and its index in the plane, the first of equals; the plane is `width` >= 2 columns wide.
 * False: there is a NaN, and nothing that was written counts. */
typedef bool maxpool_pairs_function(const float *plane, size_t width, size_t rows, size_t columns, float *largest,
                                    uint32_t *index);
maxpool_pairs_function maxpool_pairs_run;
/* The body for one kind of processor; the first two exist on x86-64 only. */
maxpool_pairs_function maxpool_pairs_avx512, maxpool_pairs_avx2, maxpool_pairs_portable;

/* The gradient of a plane from dy[rows][columns] and the indices: each element of its 2 rows x 2 columns is written. */
struct maxpool_pairs_back {
    const float *dy;
    const float *rectified; /* what is not above zero here has no gradient; NULL: all has */
    const uint32_t *index;
    size_t width, rows, columns;
    float *dx;
};
typedef void maxpool_pairs_back_function(const struct maxpool_pairs_back *);
maxpool_pairs_back_function maxpool_pairs_pass;
maxpool_pairs_back_function maxpool_pairs_back_avx512, maxpool_pairs_back_avx2, maxpool_pairs_back_portable;

#endif
