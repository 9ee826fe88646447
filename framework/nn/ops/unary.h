/* unary.h: the functions that stand in for chains of nodes (net_chain.c). */
#ifndef ASSAY_NN_OPS_UNARY_H
#define ASSAY_NN_OPS_UNARY_H

#include "nn/op.h"

extern const struct op op_gelu, op_silu;

#endif
