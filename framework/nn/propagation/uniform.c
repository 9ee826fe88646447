/* uniform.c: products of values that both depend on the input, as of attention with values, or of a gate. Each factor
 * has the same share, within which each of its elements has its own of the sum. A product that is an activation, x
 * g(x), or a normalisation passes all on to x, as any activation does: relevance would have no bound where 1 + Erf is
 * near 0. */
#include "nn/propagation/rules.h"

#include <string.h>

static bool uniform_takes(const struct node_roles *roles, uint32_t index) {
    const struct node *node = &roles->graph->nodes[index];
    static const char *const products[] = {"Mul", "MatMul", "Einsum", NULL};
    const char *const *name = products;
    while (*name && strcmp(node->op->name, *name) != 0) name++;
    return *name && graph_batched_inputs(roles->graph, node) > 1;
}

static void uniform_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    const struct op_call *here = call->here;
    const float *x = here->in[input].data;
    float *s = call->room[0], factors = 0;
    size_t inputs = shape_count(&here->in[input].shape);
    if (call->signal != GRAPH_NONE) {
        if (input == call->signal) memcpy(out, relevance, inputs * sizeof *out);
        else memset(out, 0, inputs * sizeof *out);
        return;
    }
    for (uint32_t k = 0; k < here->node->input_count; k++) factors += here->in[k].batched;
    /* An element of a Mul is no sum: nothing has to be kept from a denominator of 0. */
    float epsilon = strcmp(here->node->op->name, "Mul") == 0 ? 0 : call->a;
    for (size_t i = 0; i < shape_count(&here->out.shape); i++)
        s[i] = propagation_divide(relevance[i], factors * here->out.data[i], epsilon);
    here->node->op->backward(here, input, s, out);
    for (size_t i = 0; i < inputs; i++) out[i] *= x[i];
}

const struct propagation_rule propagation_uniform = {
    .name = "uniform",
    .summary = "x y / (n z + a sign(z)) to each of n factors; x g(x) passes to x",
    .source = "Achtibat et al. 2024, propositions 3.2 and 3.3, arXiv:2402.05602",
    .roles = 1u << ROLE_OTHER,
    .takes = uniform_takes,
    .pass = uniform_pass,
};
