/* multiply.h: products of matrices for operators: by the kernel of our own, shared by the call's team; in training
 * by OpenBLAS where the processor has no fused multiply-adds. */
#ifndef ASSAY_NN_OPS_MULTIPLY_H
#define ASSAY_NN_OPS_MULTIPLY_H

#include "nn/kernels/product.h"
#include "nn/op.h"

/* Whether by the kernel of our own. */
bool multiply_own(const struct op_call *);
/* Floats of scratch, also for fewer rows or columns. */
size_t multiply_scratch(const struct op_call *, const struct product *);
void multiply_run(const struct op_call *, const struct product *, float *scratch);
/* As product_run_many. */
void multiply_many(const struct op_call *, size_t count, const struct product *, product_make *, const void *user,
                   float *scratch);

#endif
