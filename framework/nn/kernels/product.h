/* product.h: products of matrices, shared by a team. Every element is a sum in the order of the depth, added up in
 * registers for PRODUCT_CHUNK products and then in memory: it has the same bits whatever lies beside it, however the
 * work is cut, and whoever computes it. */
#ifndef ASSAY_NN_KERNELS_PRODUCT_H
#define ASSAY_NN_KERNELS_PRODUCT_H

#include "base/thread_team.h"

#include <stdbool.h>
#include <stddef.h>

/* Element (i, j) is data[i * row + j * column]; one of the steps is 1. */
struct product_factor {
    const float *data;
    size_t row, column;
};

/* c (+)= scale a b, then biases, then the rectifier. */
struct product {
    size_t rows, columns, depth; /* each >= 1 */
    struct product_factor a;     /* rows x depth */
    struct product_factor b;     /* depth x columns */
    float *c;
    size_t c_row;             /* elements from row to row of c; its columns lie side by side */
    float scale;              /* of a b */
    bool add;                 /* to what c holds */
    const float *row_bias;    /* [rows], or NULL */
    const float *column_bias; /* [columns], or NULL */
    bool relu;                /* what is below zero becomes zero; NaN stays */
};

/* `data` is rows x columns, row by row; `turned`: the factor is its transpose. */
static inline struct product_factor product_factor(const float *data, size_t columns, bool turned) {
    return turned ? (struct product_factor){data, 1, columns} : (struct product_factor){data, columns, 1};
}

/* Floats, for a team of `workers` or fewer, and for fewer rows or columns. Only sizes and steps count. */
size_t product_scratch(const struct product *, unsigned workers);
void product_run(const struct product *, struct thread_team *, float *scratch);

/* Many products of the same sizes: make(user, i, p) finds the pointers of number i, of which no two write to the same
 * place. The scratch is that of one. */
typedef void product_make(const void *user, size_t i, struct product *);
void product_run_many(size_t count, const struct product *, product_make *, const void *user, struct thread_team *,
                      float *scratch);

#endif
