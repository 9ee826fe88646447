/* view.h: results whose elements are elements of the input, or a constant. */
#ifndef ASSAY_NN_OPS_VIEW_H
#define ASSAY_NN_OPS_VIEW_H

#include "nn/op.h"

#define VIEW_OUTSIDE (-1)

/* Loops over the result, the last one innermost. Step i of a loop adds table[i] (i itself where there is no table)
 * times `stride` to the offset into the input; an entry may be VIEW_OUTSIDE. */
struct view {
    uint32_t rank; /* >= 1 */
    size_t dim[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK];
    int32_t *table[SHAPE_MAX_RANK];
};

/* A loop of the same steps as dimension `axis` of `in`. */
void view_keep(struct view *, const struct shape *in, uint32_t axis);
/* A loop of `count` steps along dimension `axis` of `in`, by a table in *memory that the caller fills. */
int32_t *view_pick(struct view *, const struct shape *in, uint32_t axis, size_t count, int32_t **memory);

/* `in` broadcast to `out`. */
void view_expand(struct view *, const struct shape *in, const struct shape *out);

/* Elements outside are `outside`. Shared by the team where every loop steps on evenly. */
void view_copy(const struct view *, struct thread_team *, const float *from, float outside, float *to);
/* Adds every element of `from`, of the result, to its place in `to`. Shared where besides no element has two. */
void view_add(const struct view *, struct thread_team *, const float *from, float *to);

#endif
