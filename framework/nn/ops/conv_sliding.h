/* conv_sliding.h: a Conv, or one group of it, by kernels/sliding.h: in training where it can be, and at inference where
 * that is faster than unfolding and multiplying, to the same bits. */
#ifndef ASSAY_NN_OPS_CONV_SLIDING_H
#define ASSAY_NN_OPS_CONV_SLIDING_H

#include "nn/kernels/sliding.h"
#include "nn/ops/conv_packed.h"

/* How, and whether to use it: on the way there, back, and for the weights. */
bool conv_sliding_there(const struct geometry *, struct sliding *);
bool conv_sliding_back(const struct geometry *, struct sliding *);
bool conv_sliding_learns(const struct geometry *, struct sliding *);
/* At inference, of what would be unfolded else: fewer weights are packed than elements unfolded, and lanes are full. */
bool conv_sliding_pays(const struct geometry *);
/* Floats of scratch for whichever is used. */
size_t conv_sliding_scratch(const struct geometry *, unsigned workers);

#endif
