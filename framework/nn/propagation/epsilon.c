/* epsilon.c: each input gets its share of z = w x + b; what the bias and epsilon have of it is lost. The rule of sums
 * and averages, too, whatever is linear without weights. */
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <string.h>

static void of_layer(const struct propagation_call *call, const float *relevance, float *out) {
    static const struct affine_term whole = {X_ALL, W_ALL, true};
    const struct affine *l = call->layer;
    float *s = call->room[0];
    for (size_t i = 0; i < affine_outputs(l); i++) s[i] = propagation_divide(relevance[i], l->value[i], call->a);
    memset(out, 0, affine_inputs(l) * sizeof *out);
    affine_back(l, &whole, s, 1, out);
}

static void epsilon_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    if (call->layer) {
        of_layer(call, relevance, out);
        return;
    }
    const struct op_call *here = call->here;
    const float *x = here->in[input].data;
    float *s = call->room[0];
    for (size_t i = 0; i < shape_count(&here->out.shape); i++)
        s[i] = propagation_divide(relevance[i], here->out.data[i], call->a);
    here->node->op->backward(here, input, s, out);
    for (size_t i = 0; i < shape_count(&here->in[input].shape); i++) out[i] *= x[i];
}

const struct propagation_rule propagation_epsilon = {
    .name = "epsilon",
    .summary = "x w / (z + a sign(z)): LRP-epsilon, LRP-0 with a = 0",
    .source = "Bach et al. 2015, equations 56 and 58, doi:10.1371/journal.pone.0130140",
    .roles = 1u << ROLE_LAYER | 1u << ROLE_LINEAR,
    .folds = true,
    .pass = epsilon_pass,
};
