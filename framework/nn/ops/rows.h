/* rows.h: a matrix product whose rows are samples. BLAS chooses its order of operations by the number of rows, so that
 * the last bits of a sample would depend on how many are computed with it; here they do not. */
#ifndef ASSAY_NN_OPS_ROWS_H
#define ASSAY_NN_OPS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* c[rows][columns] += alpha a[rows][depth] b[depth][columns]; with `transposed`, b is stored [columns][depth]. */
void rows_multiply(size_t rows, size_t columns, size_t depth, float alpha, const float *a, const float *b,
                   bool transposed, float *c);

#endif
