/* broadcast.h: ONNX (NumPy) broadcasting of two operands. */
#ifndef ASSAY_NN_OPS_BROADCAST_H
#define ASSAY_NN_OPS_BROADCAST_H

#include "nn/op.h"

/* Loops over the result, neighbouring dimensions merged where both operands go on the same way. The last loop is
 * innermost; a stride is in elements, 0 where the operand is repeated. */
struct broadcast {
    uint32_t rank; /* >= 1 */
    size_t dim[SHAPE_MAX_RANK], a[SHAPE_MAX_RANK], b[SHAPE_MAX_RANK];
};

bool broadcast_shape(const struct shape *a, const struct shape *b, struct shape *out, struct error *);
/* The shapes fit. */
void broadcast_init(struct broadcast *, const struct shape *a, const struct shape *b);

/* Offsets of both operands at the start of one inner loop. Begin with {0}; false after the last. */
struct broadcast_offsets {
    size_t index[SHAPE_MAX_RANK], a, b;
};
bool broadcast_next(const struct broadcast *, struct broadcast_offsets *);

/* Some steps of the outermost loop, and the offsets at which both operands and the result begin. */
struct broadcast_part {
    struct broadcast loops;
    size_t a, b, out;
};
typedef void broadcast_run(const struct broadcast_part *, void *job);
/* Runs all of them, in parts that a team shares where there is enough to do. */
void broadcast_share(const struct broadcast *, struct thread_team *, broadcast_run *, void *job);

#endif
