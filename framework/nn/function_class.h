/* function_class.h: what kind of function a network is of its input, as far as theorems on explanations ask. */
#ifndef ASSAY_NN_FUNCTION_CLASS_H
#define ASSAY_NN_FUNCTION_CLASS_H

#include "nn/net.h"

enum function_class {
    FUNCTION_AFFINE = 1u << 0,        /* each logit is w x + b: no activation, no maximum */
    FUNCTION_RECTIFIED = 1u << 1,     /* layers, sums, moves, maxima, and activations with f(z) = z f'(z): ReLU and its
                                         leaky  kin. Affine functions are */
    FUNCTION_NO_BIAS = 1u << 2,       /* of a rectified one: f(a x) = a f(x) for a >= 0 */
    FUNCTION_ONE_LAYER = 1u << 3,     /* affine by one dense layer: a linear model */
    FUNCTION_DENSE = 1u << 4,         /* every layer is Gemm or MatMul */
    FUNCTION_OF_FEATURES = 1u << 5,   /* an input has no places */
    FUNCTION_NO_RECTIFIER = 1u << 6,  /* that a backward rule would change */
    FUNCTION_ONE_ACTIVATION = 1u << 7 /* affine but for one function of single elements, on any of them once */
};

/* Which of enum function_class hold: a network with an operator that is not known here has none of the first two. Of a
 * rectified network up to one pass for each node. */
bool function_class_of(struct net *, unsigned *out, struct error *);

/* Whether nothing but a mean over all places, and layers without an activation, follow that node's output of feature
 * maps: each logit's gradient there is one number for each map then. */
bool function_is_pooled_behind(const struct graph *, uint32_t node, bool *pooled, struct error *);

#endif
