/* einsum.h: what drawing weights anew needs to know of an Einsum. */
#ifndef ASSAY_NN_OPS_EINSUM_H
#define ASSAY_NN_OPS_EINSUM_H

#include "nn/op.h"

/* Elements of input `input`, of that shape, that one element of the result sums over. */
size_t einsum_fan_in(const struct node *, uint32_t input, const struct shape *);

#endif
