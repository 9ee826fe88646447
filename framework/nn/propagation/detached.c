/* detached.c: a normalisation whose standard deviation counts as a constant: it is linear then, and divides relevance
 * as layers do. Its shift has a share, which is lost. */
#include "nn/ops/norm.h"
#include "nn/propagation/rules.h"

#include <string.h>

static bool detached_takes(const struct node_roles *roles, uint32_t index) {
    const struct node *node = &roles->graph->nodes[index];
    static const char *const norms[] = {"LayerNormalization", "GroupNormalization", "InstanceNormalization", NULL};
    const char *const *name = norms;
    while (*name && strcmp(node->op->name, *name) != 0) name++;
    return *name || (strcmp(node->op->name, "Div") == 0 && roles->nodes[index].signal != GRAPH_NONE);
}

static void detached_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    const struct op_call *here = call->here;
    const float *x = here->in[input].data;
    float *s = call->room[0];
    size_t n = shape_count(&here->out.shape);
    if (call->signal != GRAPH_NONE) { /* a Div */
        if (input == call->signal) memcpy(out, relevance, n * sizeof *out);
        else memset(out, 0, shape_count(&here->in[input].shape) * sizeof *out);
        return;
    }
    for (size_t i = 0; i < n; i++) s[i] = propagation_divide(relevance[i], here->out.data[i], call->a);
    norm_backward_detached(here, s, out);
    for (size_t i = 0; i < n; i++) out[i] *= x[i];
}

const struct propagation_rule propagation_detached = {
    .name = "detached",
    .summary = "epsilon, a, with the standard deviation constant",
    .source = "Achtibat et al. 2024, proposition 3.4, arXiv:2402.05602; Ali et al. 2022, section 3, arXiv:2202.07304",
    .roles = 1u << ROLE_OTHER,
    .takes = detached_takes,
    .pass = detached_pass,
};
