/* conv_sliding.h: a Conv in training, or one group of it, by kernels/sliding.h, where that is faster than the kernels
 * of inference. */
#ifndef ASSAY_NN_OPS_CONV_SLIDING_H
#define ASSAY_NN_OPS_CONV_SLIDING_H

#include "nn/kernels/sliding.h"
#include "nn/ops/conv_packed.h"

/* How, and whether to use it: on the way there, back, and for the weights. */
bool conv_sliding_there(const struct geometry *, struct sliding *);
bool conv_sliding_back(const struct geometry *, struct sliding *);
bool conv_sliding_learns(const struct geometry *, struct sliding *);
/* Floats of scratch for whichever is used. */
size_t conv_sliding_scratch(const struct geometry *, unsigned workers);

#endif
