/* norm.h: LayerNormalization, InstanceNormalization and GroupNormalization for rules of propagation. */
#ifndef ASSAY_NN_OPS_NORM_H
#define ASSAY_NN_OPS_NORM_H

#include "nn/op.h"

/* As the backward pass of one of the three, but for the standard deviation of each set, which counts as a constant. The
 * mean does not. */
void norm_backward_detached(const struct op_call *, const float *output_gradient, float *gradient);
/* In place of the derivative the slopes between two passes: y is a product of the centred input with the reciprocal of
 * its deviation, whose slope by one factor takes the mean of the other. */
void norm_backward_between(const struct op_call *here, const struct op_call *there, const float *dy, float *dx);

#endif
