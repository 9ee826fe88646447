/* flat.c: all inputs that a unit sees get the same. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void flat_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term ones = {X_ONE, W_ONE, false};
    (void)input;
    memset(out, 0, affine_inputs(call->layer) * sizeof *out);
    affine_share(call->layer, &ones, 1, relevance, 1, call->room[0], out);
}

const struct propagation_rule propagation_flat = {
    .name = "flat",
    .summary = "the same to every input",
    .source = "Lapuschkin et al. 2019, doi:10.1038/s41467-019-08987-4",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = flat_pass,
};
