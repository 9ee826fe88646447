/* gradient.c: what passes a node by the chain rule. */
#include "nn/propagation/rules.h"

static void gradient_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    call->here->node->op->backward(call->here, input, relevance, out);
}

const struct propagation_rule propagation_gradient = {
    .name = "gradient",
    .summary = "the chain rule",
    .roles = ~0u,
    .pass = gradient_pass,
};
