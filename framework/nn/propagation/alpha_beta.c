/* alpha_beta.c: what adds to z and what takes from it, apart. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void alpha_beta_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term plus[] = {{X_POSITIVE, W_POSITIVE, true}, {X_NEGATIVE, W_NEGATIVE, false}};
    static const struct affine_term minus[] = {{X_POSITIVE, W_NEGATIVE, true}, {X_NEGATIVE, W_POSITIVE, false}};
    (void)input;
    memset(out, 0, affine_inputs(call->layer) * sizeof *out);
    affine_share(call->layer, plus, 2, relevance, call->a, call->room[0], out);
    affine_share(call->layer, minus, 2, relevance, -call->b, call->room[0], out);
}

const struct propagation_rule propagation_alpha_beta = {
    .name = "alpha-beta",
    .summary = "a times the shares of what adds to z, minus b times those of what takes from it",
    .source = "Bach et al. 2015, equation 60, doi:10.1371/journal.pone.0130140",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = alpha_beta_pass,
};
