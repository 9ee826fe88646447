/* excitation.c: the winner among the inputs, as a probability: z-plus without the bias. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void excitation_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term terms[] = {{X_POSITIVE, W_POSITIVE, false}, {X_NEGATIVE, W_NEGATIVE, false}};
    (void)input;
    memset(out, 0, affine_inputs(call->layer) * sizeof *out);
    affine_share(call->layer, terms, 2, relevance, 1, call->room[0], out);
}

const struct propagation_rule propagation_excitation = {
    .name = "excitation",
    .summary = "by the positive part of x w: marginal winning probabilities",
    .source = "Zhang et al. 2016, section 3.2, arXiv:1608.00507",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = excitation_pass,
};
