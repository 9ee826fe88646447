/* w_square.c: by the square of the weights, whatever the input: for a first layer of unbounded inputs. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void w_square_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term squares = {X_ONE, W_SQUARE, false};
    (void)input;
    memset(out, 0, affine_inputs(call->layer) * sizeof *out);
    affine_share(call->layer, &squares, 1, relevance, 1, call->room[0], out);
}

const struct propagation_rule propagation_w_square = {
    .name = "w-square",
    .summary = "by w squared",
    .source = "Montavon et al. 2017, section 3.1, doi:10.1016/j.patcog.2016.11.008",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = w_square_pass,
};
