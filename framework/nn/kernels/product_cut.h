/* product_cut.h: private to product*: how the work is cut, and what the compiled bodies have in common. */
#ifndef ASSAY_NN_KERNELS_PRODUCT_CUT_H
#define ASSAY_NN_KERNELS_PRODUCT_CUT_H

#include "nn/kernels/product.h"

#define PRODUCT_CHUNK 256u /* products that are added up in registers */
#define PRODUCT_BLOCK 256u /* rows that are copied at a time */
#define PRODUCT_PANEL 32u  /* columns that are cut off together: of one panel of the widest body, or several */
/* From row to row, or from product to product, of the copy: no power of two, whose lines would share a set. */
#define PRODUCT_STEP (PRODUCT_CHUNK + 16)

/* Rows [row, row_end), no more than PRODUCT_BLOCK, and columns [column, column_end), from a whole panel on. */
struct product_part {
    size_t row, row_end, column, column_end;
};

/* The body for one kind of processor; product_run takes the best one. Those with fused multiply-adds make the same
 * bits. */
struct product_body {
    /* Columns [column, end) of b, all of its depth, into `panels`, which begin with column 0. */
    void (*pack)(const struct product *, size_t column, size_t end, float *panels);
    /* `panels`: of all columns, or NULL: they are packed on the way. `own`: of product_own floats. */
    void (*run)(const struct product *, const struct product_part *, const float *panels, float *own);
};
extern const struct product_body product_avx512, product_avx2, product_portable;

size_t product_own(const struct product *);
void product_run_with(const struct product_body *, const struct product *, struct thread_team *, float *scratch);

#endif
