/* softmax.h: Softmax for rules of propagation. */
#ifndef ASSAY_NN_OPS_SOFTMAX_H
#define ASSAY_NN_OPS_SOFTMAX_H

#include "nn/op.h"

/* In place of the derivative the slopes between two passes: y is exp(x - max x) times the reciprocal of their sum, a
 * product whose slope by one factor takes the mean of the other. Times differences of the input they add up to that of
 * dy y. */
void softmax_backward_between(const struct op_call *here, const struct op_call *there, const float *dy, float *dx);

#endif
