/* z_plus.c: only what adds to z counts: positive inputs by positive weights, negative ones by negative weights. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void z_plus_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term terms[] = {{X_POSITIVE, W_POSITIVE, true}, {X_NEGATIVE, W_NEGATIVE, false}};
    (void)input;
    memset(out, 0, affine_inputs(call->layer) * sizeof *out);
    affine_share(call->layer, terms, 2, relevance, 1, call->room[0], out);
}

const struct propagation_rule propagation_z_plus = {
    .name = "z-plus",
    .summary = "by the positive part of x w, and of the bias",
    .source = "Montavon et al. 2017, section 4.1, doi:10.1016/j.patcog.2016.11.008",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = z_plus_pass,
};
