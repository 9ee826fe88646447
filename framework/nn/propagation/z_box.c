/* z_box.c: for a first layer whose inputs lie between a and b: (x w - a w+ - b w-) over its sum. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void z_box_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    static const struct affine_term x = {X_ALL, W_ALL, false}, low = {X_LOW, W_POSITIVE, false},
                                    high = {X_HIGH, W_NEGATIVE, false};
    const struct affine *l = call->layer;
    size_t n = affine_outputs(l);
    float *s = call->room[0], *box = call->room[1];
    (void)input;
    memset(s, 0, n * sizeof *s);
    memset(box, 0, n * sizeof *box);
    affine_add(l, &x, s);
    affine_add(l, &low, box);
    affine_add(l, &high, box);
    for (size_t i = 0; i < n; i++) s[i] = propagation_divide(relevance[i], s[i] - box[i], PROPAGATION_STABILISER);
    memset(out, 0, affine_inputs(l) * sizeof *out);
    affine_back(l, &x, s, 1, out);
    affine_back(l, &low, s, -1, out);
    affine_back(l, &high, s, -1, out);
}

const struct propagation_rule propagation_z_box = {
    .name = "z-box",
    .summary = "by x w - a max(w, 0) - b min(w, 0), for inputs between a and b",
    .source = "Montavon et al. 2017, section 4.2, doi:10.1016/j.patcog.2016.11.008",
    .roles = 1u << ROLE_LAYER,
    .folds = true,
    .pass = z_box_pass,
};
