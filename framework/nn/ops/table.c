/* table.c: the one table of operators. */
#include "nn/op.h"

extern const struct op op_add, op_averagepool, op_batchnorm, op_concat, op_constant, op_conv, op_dropout, op_flatten,
    op_gemm, op_globalaveragepool, op_identity, op_matmul, op_maxpool, op_mul, op_relu, op_reshape, op_softmax;

static const struct op *const table[] = {
    &op_add,     &op_averagepool, &op_batchnorm,         &op_concat,   &op_constant, &op_conv,    &op_dropout,
    &op_flatten, &op_gemm,        &op_globalaveragepool, &op_identity, &op_matmul,   &op_maxpool, &op_mul,
    &op_relu,    &op_reshape,     &op_softmax,           NULL,
};

const struct op *const *ops_all(void) {
    return table;
}
