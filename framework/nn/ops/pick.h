/* pick.h: constant indices: what Gather... (pick.c) and Scatter... (scatter.c) share. */
#ifndef ASSAY_NN_OPS_PICK_H
#define ASSAY_NN_OPS_PICK_H

#include "nn/op.h"

/* The indices of input 1, each in [-limit, limit). */
bool pick_check_indices(const struct op_call *, size_t limit, struct error *);
/* Tuples of `depth` indices (input 1) into the dimensions of input 0 from `batch` on. */
bool pick_check_tuples(const struct op_call *, uint32_t batch, uint32_t *depth, struct error *);
/* The block of input 0 that tuple `t` points to, within the block of the leading dimensions. */
size_t pick_tuple_place(const struct op_call *, uint32_t batch, uint32_t depth, size_t t);

static inline size_t pick_from_front(int64_t index, size_t size) {
    return (size_t)(index < 0 ? index + (int64_t)size : index);
}

/* Position `i` of an array of that shape as one index for every dimension. */
static inline void pick_unravel(const struct shape *shape, size_t i, size_t *index) {
    for (uint32_t d = shape->rank; d-- > 0; i /= shape->dim[d]) index[d] = i % shape->dim[d];
}

/* The element at these indices, of which those of dimensions of one do not count. */
static inline size_t pick_ravel(const struct shape *shape, const size_t *index) {
    size_t at = 0;
    for (uint32_t d = 0; d < shape->rank; d++) at = at * shape->dim[d] + (shape->dim[d] == 1 ? 0 : index[d]);
    return at;
}

#endif
