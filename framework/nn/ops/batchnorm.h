/* batchnorm.h: what training needs to know of a BatchNormalization beyond op.h. */
#ifndef ASSAY_NN_OPS_BATCHNORM_H
#define ASSAY_NN_OPS_BATCHNORM_H

#include "nn/op.h"

/* After a forward pass in training: the statistic of the batch that belongs to parameter input `input`, or NULL when
 * that input is not a running mean or variance. */
const float *batchnorm_statistic(const struct op_call *, uint32_t input);

#endif
