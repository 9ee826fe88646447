/* softmax.c: the first-order Taylor expansion of a Softmax at its input, whose bias keeps the share that no input has.
 */
#include "nn/propagation/rules.h"

#include <string.h>

static bool softmax_takes(const struct node_roles *roles, uint32_t node) {
    return strcmp(roles->graph->nodes[node].op->name, "Softmax") == 0;
}

/* x (R - y sum R), of which R - y sum R is what the gradient makes of R / y. Where y is 0 (behind a mask of -inf, say)
 * nothing depends on x. */
static void softmax_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    const struct op_call *here = call->here;
    const float *x = here->in[input].data, *y = here->out.data;
    float *s = call->room[0];
    size_t n = shape_count(&here->out.shape);
    for (size_t i = 0; i < n; i++) s[i] = propagation_divide(relevance[i], y[i], 0);
    here->node->op->backward(here, input, s, out);
    for (size_t i = 0; i < n; i++) out[i] = y[i] > 0 ? out[i] * x[i] : 0;
}

const struct propagation_rule propagation_softmax = {
    .name = "softmax",
    .summary = "x (R - y sum R)",
    .source = "Achtibat et al. 2024, proposition 3.1, arXiv:2402.05602",
    .roles = 1u << ROLE_OTHER,
    .takes = softmax_takes,
    .pass = softmax_pass,
};
