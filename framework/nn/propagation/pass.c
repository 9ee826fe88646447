/* pass.c: relevance goes through an activation unchanged. */
#include "nn/propagation/rules.h"

#include <string.h>

static void pass_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    memcpy(out, relevance, shape_count(&call->here->in[input].shape) * sizeof *out);
}

const struct propagation_rule propagation_pass = {
    .name = "pass",
    .summary = "unchanged",
    .source = "Bach et al. 2015, section \"Layer-wise relevance propagation\", doi:10.1371/journal.pone.0130140",
    .roles = 1u << ROLE_RECTIFIER | 1u << ROLE_POINTWISE,
    .pass = pass_pass,
};
