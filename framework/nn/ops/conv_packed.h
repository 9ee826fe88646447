/* conv_packed.h: a Conv, or one group of it, by kernels/packed.h and, on the way back, kernels/strided.h, where that is
 * faster than unfolding and multiplying. */
#ifndef ASSAY_NN_OPS_CONV_PACKED_H
#define ASSAY_NN_OPS_CONV_PACKED_H

#include "nn/kernels/packed.h"
#include "nn/kernels/strided.h"
#include "nn/ops/multiply.h"
#include "nn/ops/unfold.h"

/* Channels are those of one group. */
struct geometry {
    struct unfold window;
    size_t samples, groups;
    size_t in_channels, out_channels;
};

/* How, and whether to use it: on the way there, and back. */
bool conv_packed_init(const struct geometry *, struct packed *);
/* Of a part `g` of whole planes, which decide. */
bool conv_packed_part(const struct geometry *whole, const struct geometry *g, struct packed *);
bool conv_strided_init(const struct geometry *, struct strided *);

/* By unfolding, of `columns` positions: y = w x, or back, dx = w' dy, or of what is unfolded of them. b_row, c_row:
 * from one row of the right factor to the next, and of the result. Without the arrays. */
struct product conv_product(const struct geometry *, bool back, size_t columns, size_t b_row, size_t c_row);

#endif
