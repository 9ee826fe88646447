/* rules.h: the rules of propagation, a file each; table.c lists them. */
#ifndef ASSAY_NN_PROPAGATION_RULES_H
#define ASSAY_NN_PROPAGATION_RULES_H

#include "nn/propagation/rule.h"

extern const struct propagation_rule propagation_gradient, propagation_pass, propagation_epsilon, propagation_gamma,
    propagation_alpha_beta, propagation_z_plus, propagation_w_square, propagation_flat, propagation_z_box,
    propagation_excitation, propagation_rescale, propagation_rectify, propagation_softmax, propagation_uniform,
    propagation_detached;

#endif
