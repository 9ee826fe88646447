/* table.c: the one table of operators. */
#include "nn/op.h"

extern const struct op op_add, op_averagepool, op_batchnorm, op_cast, op_concat, op_constant, op_constantofshape,
    op_conv, op_div, op_dropout, op_equal, op_expand, op_flatten, op_gather, op_gemm, op_globalaveragepool, op_identity,
    op_matmul, op_max, op_maxpool, op_min, op_mul, op_pad, op_pow, op_range, op_reducemax, op_reducemean, op_reducesum,
    op_relu, op_reshape, op_shape, op_slice, op_softmax, op_squeeze, op_sub, op_transpose, op_unsqueeze, op_where;

static const struct op *const table[] = {
    &op_add,
    &op_averagepool,
    &op_batchnorm,
    &op_cast,
    &op_concat,
    &op_constant,
    &op_constantofshape,
    &op_conv,
    &op_div,
    &op_dropout,
    &op_equal,
    &op_expand,
    &op_flatten,
    &op_gather,
    &op_gemm,
    &op_globalaveragepool,
    &op_identity,
    &op_matmul,
    &op_max,
    &op_maxpool,
    &op_min,
    &op_mul,
    &op_pad,
    &op_pow,
    &op_range,
    &op_reducemax,
    &op_reducemean,
    &op_reducesum,
    &op_relu,
    &op_reshape,
    &op_shape,
    &op_slice,
    &op_softmax,
    &op_squeeze,
    &op_sub,
    &op_transpose,
    &op_unsqueeze,
    &op_where,
    NULL,
};

const struct op *const *ops_all(void) {
    return table;
}
