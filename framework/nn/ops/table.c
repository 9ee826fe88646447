/* table.c: the one table of operators, in the order of their names. */
#include "nn/op.h"

#define OPERATORS(X)                                                                                                   \
    X(abs)                                                                                                             \
    X(add)                                                                                                             \
    X(and)                                                                                                             \
    X(argmax)                                                                                                          \
    X(argmin)                                                                                                          \
    X(atan)                                                                                                            \
    X(averagepool)                                                                                                     \
    X(batchnorm)                                                                                                       \
    X(cast)                                                                                                            \
    X(castlike)                                                                                                        \
    X(ceil)                                                                                                            \
    X(celu)                                                                                                            \
    X(clip)                                                                                                            \
    X(col2im)                                                                                                          \
    X(concat)                                                                                                          \
    X(constant)                                                                                                        \
    X(constantofshape)                                                                                                 \
    X(conv)                                                                                                            \
    X(convtranspose)                                                                                                   \
    X(cos)                                                                                                             \
    X(cumsum)                                                                                                          \
    X(depthtospace)                                                                                                    \
    X(div)                                                                                                             \
    X(dropout)                                                                                                         \
    X(einsum)                                                                                                          \
    X(elu)                                                                                                             \
    X(equal)                                                                                                           \
    X(erf)                                                                                                             \
    X(exp)                                                                                                             \
    X(expand)                                                                                                          \
    X(flatten)                                                                                                         \
    X(floor)                                                                                                           \
    X(gather)                                                                                                          \
    X(gatherelements)                                                                                                  \
    X(gathernd)                                                                                                        \
    X(gelu)                                                                                                            \
    X(gemm)                                                                                                            \
    X(globalaveragepool)                                                                                               \
    X(globalmaxpool)                                                                                                   \
    X(greater)                                                                                                         \
    X(greaterorequal)                                                                                                  \
    X(groupnorm)                                                                                                       \
    X(gru)                                                                                                             \
    X(hardsigmoid)                                                                                                     \
    X(hardswish)                                                                                                       \
    X(identity)                                                                                                        \
    X(instancenorm)                                                                                                    \
    X(isinf)                                                                                                           \
    X(isnan)                                                                                                           \
    X(layernorm)                                                                                                       \
    X(leakyrelu)                                                                                                       \
    X(less)                                                                                                            \
    X(lessorequal)                                                                                                     \
    X(log)                                                                                                             \
    X(logsoftmax)                                                                                                      \
    X(lrn)                                                                                                             \
    X(lstm)                                                                                                            \
    X(matmul)                                                                                                          \
    X(max)                                                                                                             \
    X(maxpool)                                                                                                         \
    X(min)                                                                                                             \
    X(mish)                                                                                                            \
    X(mod)                                                                                                             \
    X(mul)                                                                                                             \
    X(neg)                                                                                                             \
    X(nonzero)                                                                                                         \
    X(not )                                                                                                            \
    X(onehot)                                                                                                          \
    X(or)                                                                                                              \
    X(pad)                                                                                                             \
    X(pow)                                                                                                             \
    X(prelu)                                                                                                           \
    X(range)                                                                                                           \
    X(reciprocal)                                                                                                      \
    X(reducel1)                                                                                                        \
    X(reducel2)                                                                                                        \
    X(reducelogsum)                                                                                                    \
    X(reducelogsumexp)                                                                                                 \
    X(reducemax)                                                                                                       \
    X(reducemean)                                                                                                      \
    X(reducemin)                                                                                                       \
    X(reduceprod)                                                                                                      \
    X(reducesum)                                                                                                       \
    X(reducesumsquare)                                                                                                 \
    X(relu)                                                                                                            \
    X(reshape)                                                                                                         \
    X(resize)                                                                                                          \
    X(rnn)                                                                                                             \
    X(round)                                                                                                           \
    X(scatterelements)                                                                                                 \
    X(scatternd)                                                                                                       \
    X(selu)                                                                                                            \
    X(shape)                                                                                                           \
    X(shrink)                                                                                                          \
    X(sigmoid)                                                                                                         \
    X(sign)                                                                                                            \
    X(sin)                                                                                                             \
    X(size)                                                                                                            \
    X(slice)                                                                                                           \
    X(softmax)                                                                                                         \
    X(softplus)                                                                                                        \
    X(softsign)                                                                                                        \
    X(spacetodepth)                                                                                                    \
    X(sqrt)                                                                                                            \
    X(squeeze)                                                                                                         \
    X(sub)                                                                                                             \
    X(tanh)                                                                                                            \
    X(thresholdedrelu)                                                                                                 \
    X(tile)                                                                                                            \
    X(topk)                                                                                                            \
    X(transpose)                                                                                                       \
    X(trilu)                                                                                                           \
    X(unsqueeze)                                                                                                       \
    X(where)                                                                                                           \
    X(xor)

#define DECLARE(id) extern const struct op op_##id;
OPERATORS(DECLARE)

#define ENTRY(id) &op_##id,
static const struct op *const table[] = {OPERATORS(ENTRY) NULL};

const struct op *const *ops_all(void) {
    return table;
}
