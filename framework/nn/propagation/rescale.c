/* rescale.c: DeepLIFT's multipliers: the difference of an activation's output over that of its input, between sample
 * and reference; the derivative where the inputs do not differ. */
#include "nn/propagation/rules.h"

#include <math.h>
#include <string.h>

/* Differences of the inputs below this share of their size are rounding. */
#define LEAST_SHARE 1e-6f

static bool differ(float x, float reference) {
    return fabsf(x - reference) > LEAST_SHARE * (fabsf(x) + fabsf(reference));
}

static void of_activation(const struct propagation_call *call, const float *relevance, float *out) {
    const struct op_call *here = call->here, *there = call->there;
    const float *x = here->in[0].data, *reference = there->in[0].data;
    here->node->op->backward(here, 0, relevance, out);
    for (size_t i = 0; i < shape_count(&here->out.shape); i++) {
        if (!differ(x[i], reference[i])) continue;
        out[i] = relevance[i] * (here->out.data[i] - there->out.data[i]) / (x[i] - reference[i]);
    }
}

/* Where the maximum rose, the place of the sample's has the rise; where it fell, the place of the reference's has the
 * fall: as shap and captum have it, which keeps the sum. */
static void of_maximum(const struct propagation_call *call, const float *relevance, float *out) {
    const struct op_call *here = call->here, *there = call->there;
    float *part = call->room[0], *fall = call->room[1];
    size_t outputs = shape_count(&here->out.shape), inputs = shape_count(&here->in[0].shape);
    for (size_t i = 0; i < outputs; i++) {
        float now = here->out.data[i], then = there->out.data[i], top = fmaxf(now, then);
        part[i] = relevance[i] * (top - then);
    }
    here->node->op->backward(here, 0, part, out);
    for (size_t i = 0; i < outputs; i++) {
        float now = here->out.data[i], top = fmaxf(now, there->out.data[i]);
        part[i] = relevance[i] * (now - top);
    }
    there->node->op->backward(there, 0, part, fall);
    for (size_t i = 0; i < inputs; i++) out[i] += fall[i];
    here->node->op->backward(here, 0, relevance, fall);
    for (size_t i = 0; i < inputs; i++) {
        float x = here->in[0].data[i], reference = there->in[0].data[i];
        out[i] = differ(x, reference) ? out[i] / (x - reference) : fall[i];
    }
}

static void rescale_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    (void)input;
    if (strstr(call->here->node->op->name, "MaxPool")) of_maximum(call, relevance, out);
    else of_activation(call, relevance, out);
}

const struct propagation_rule propagation_rescale = {
    .name = "rescale",
    .summary = "difference of the output over difference of the input, to the reference",
    .source = "Shrikumar et al. 2017, section 3.5.1, arXiv:1704.02685",
    .roles = 1u << ROLE_RECTIFIER | 1u << ROLE_POINTWISE | 1u << ROLE_MAXIMUM,
    .compares = true,
    .pass = rescale_pass,
};
