/* conv_learn.h: gradients of the weights and the bias of a Conv. */
#ifndef ASSAY_NN_OPS_CONV_LEARN_H
#define ASSAY_NN_OPS_CONV_LEARN_H

#include "nn/op.h"
#include "nn/ops/conv_packed.h"

/* Floats of scratch. */
size_t conv_learn_scratch(const struct op_call *, const struct geometry *);
/* Adds to d that of input 1 (weights[groups][out_channels][taps]) or 2 (bias), of dy[samples][channels][positions]. */
void conv_learn(const struct op_call *, const struct geometry *, uint32_t input, const float *dy, float *d);

#endif
