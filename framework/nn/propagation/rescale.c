/* rescale.c: DeepLIFT's multipliers: the difference of an activation's output over that of its input, between sample
 * and reference; the derivative where the inputs do not differ. Of a product of two values each has the mean of the
 * other as its multiplier, and a Softmax or a normalisation is taken for the products and activations that it consists
 * of, as shap's DeepExplainer does. So contributions add up. */
#include "nn/ops/norm.h"
#include "nn/ops/softmax.h"
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

/* What goes to one factor is linear in the other. */
static void of_product(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    float *other = call->room[0];
    call->here->node->op->backward(call->here, input, relevance, out);
    call->there->node->op->backward(call->there, input, relevance, other);
    for (size_t i = 0; i < shape_count(&call->here->in[input].shape); i++) out[i] = (out[i] + other[i]) / 2;
}

/* Of operators that are neither activations nor maxima: what each is. */
static enum kind { PRODUCT, SOFTMAX, NORM, NONE } kind_of(const struct node *node) {
    static const struct {
        const char *op;
        enum kind kind;
    } all[] = {{"Mul", PRODUCT},
               {"MatMul", PRODUCT},
               {"Einsum", PRODUCT},
               {"Softmax", SOFTMAX},
               {"LayerNormalization", NORM},
               {"GroupNormalization", NORM},
               {"InstanceNormalization", NORM}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(node->op->name, all[i].op) == 0) return all[i].kind;
    return NONE;
}

/* A product of two. Not one by a deviation, whose nodes have no rule of their own. */
static bool rescale_takes(const struct node_roles *roles, uint32_t index) {
    const struct graph *g = roles->graph;
    const struct node *node = &g->nodes[index];
    if (roles->nodes[index].role != ROLE_OTHER) return true;
    if (kind_of(node) != PRODUCT) return kind_of(node) != NONE;
    for (uint32_t k = 0; k < node->input_count; k++) {
        uint32_t from = g->values[node->inputs[k]].node;
        if (from != GRAPH_NONE && roles->nodes[from].role == ROLE_ASIDE) return false;
    }
    return graph_batched_inputs(g, node) == 2;
}

static void rescale_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    const struct node *node = call->here->node;
    if (strstr(node->op->name, "MaxPool")) of_maximum(call, relevance, out);
    else if (kind_of(node) == PRODUCT) of_product(call, input, relevance, out);
    else if (kind_of(node) == SOFTMAX) softmax_backward_between(call->here, call->there, relevance, out);
    else if (kind_of(node) == NORM) norm_backward_between(call->here, call->there, relevance, out);
    else of_activation(call, relevance, out);
}

const struct propagation_rule propagation_rescale = {
    .name = "rescale",
    .summary = "difference of the output over difference of the input, to the reference",
    .source = "Shrikumar et al. 2017, section 3.5.1, arXiv:1704.02685",
    .roles = 1u << ROLE_RECTIFIER | 1u << ROLE_POINTWISE | 1u << ROLE_MAXIMUM | 1u << ROLE_OTHER,
    .compares = true,
    .takes = rescale_takes,
    .pass = rescale_pass,
};
