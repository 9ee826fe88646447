/* arithmetic.h: + - * / % on the integers of shapes, at load. */
#ifndef ASSAY_NN_OPS_ARITHMETIC_H
#define ASSAY_NN_OPS_ARITHMETIC_H

#include "nn/op.h"

/* struct op's `integers` for Add, Sub, Mul, Div, Mod, Pow, Max and Min. GRAPH_BATCH passes where it is added to 0 or
 * multiplied by 1. */
bool arithmetic_integers(const struct op_call *, int64_t *out, struct error *);

#endif
