/* conv_beside.h: a Conv whose samples have few positions each: those of all samples lie side by side in one product, so
 * that vectors are full and weights are read once. Every element is the sum that it would be of one sample alone. */
#ifndef ASSAY_NN_OPS_CONV_BESIDE_H
#define ASSAY_NN_OPS_CONV_BESIDE_H

#include "nn/op.h"
#include "nn/ops/conv_packed.h"

/* Whether to compute it so, at inference, there or back. */
bool conv_beside_pays(const struct geometry *, bool back);
/* Floats, also for fewer samples. */
size_t conv_beside_scratch(const struct op_call *, const struct geometry *);
/* weights[out_channels][taps], bias[out_channels] or NULL. */
void conv_beside_forward(const struct op_call *, const struct geometry *, const float *x, const float *weights,
                         const float *bias, bool relu, float *y);
void conv_beside_back(const struct op_call *, const struct geometry *, const float *dy, const float *weights,
                      float *dx);

#endif
