/* gamma.c: what adds to z counts more, by a. For inputs and outputs of either sign it is the generalised rule of Andeol
 * et al. 2021: where z is negative, what takes from it counts more. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

/* Relevance where z has the sign, else 0. */
static const float *of_sign(const struct propagation_call *call, float sign, const float *relevance, float *kept) {
    for (size_t i = 0; i < affine_outputs(call->layer); i++)
        kept[i] = sign * call->layer->value[i] > 0 ? relevance[i] : 0;
    return kept;
}

static void gamma_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term plus[] = {{X_POSITIVE, W_MORE_POSITIVE, true},
                                              {X_NEGATIVE, W_MORE_NEGATIVE, false}};
    static const struct affine_term minus[] = {{X_POSITIVE, W_MORE_NEGATIVE, true},
                                               {X_NEGATIVE, W_MORE_POSITIVE, false}};
    (void)input;
    memset(out, 0, affine_inputs(call->layer) * sizeof *out);
    affine_share(call->layer, plus, 2, of_sign(call, 1, relevance, call->room[1]), 1, call->room[0], out);
    affine_share(call->layer, minus, 2, of_sign(call, -1, relevance, call->room[1]), 1, call->room[0], out);
}

const struct propagation_rule propagation_gamma = {
    .name = "gamma",
    .summary = "by x (w + a max(w, 0)), and by its mirror image where z is negative",
    .source = "Montavon et al. 2019, section 10.2.1, doi:10.1007/978-3-030-28954-6_10",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = gamma_pass,
};
