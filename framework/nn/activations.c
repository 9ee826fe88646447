/* activations.c: the nonlinearities of a network, by the operators' names. */
#include "nn/activations.h"

#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

/* As their files in ops/ have it; tests/unit/activations.c compares the two. */
static const char *const rectifiers[] = {"Relu", "LeakyRelu", "PRelu", "Elu", "Celu", "Selu", "ThresholdedRelu"};
static const char *const smooth[] = {"Sigmoid", "HardSigmoid", "HardSwish", "Tanh",   "Gelu", "Erf",
                                     "Mish",    "Softplus",    "Softsign",  "Shrink", "Abs"};

#define NAMES(list) list, sizeof(list) / sizeof *(list)

static bool is_one_of(const struct node *node, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(node->op->name, names[i]) == 0) return true;
    return false;
}

void graph_mark_needed(const struct graph *graph, bool *wanted) {
    wanted[graph->output] = true; /* nodes are in topological order, so one walk backwards is enough */
    for (uint32_t i = graph->node_count; i-- > 0;) {
        const struct node *node = &graph->nodes[i];
        bool needed = false;
        for (uint32_t k = 0; k < node->output_count; k++)
            needed = needed || (node->outputs[k] != GRAPH_NONE && wanted[node->outputs[k]]);
        for (uint32_t k = 0; needed && k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE) wanted[node->inputs[k]] = true;
    }
}

/* With a lower bound of 0. */
static bool is_clip_at_zero(const struct graph *graph, const struct node *node) {
    if (strcmp(node->op->name, "Clip") != 0 || node->input_count < 2 || node->inputs[1] == GRAPH_NONE) return false;
    const struct value *low = graph_value(graph, node->inputs[1]);
    return low->data && low->data[0] <= 0 && low->data[0] >= 0;
}

bool graph_is_rectifier(const struct graph *graph, const struct node *node) {
    return !node->gate && (is_one_of(node, NAMES(rectifiers)) || is_clip_at_zero(graph, node));
}

bool graph_is_activation(const struct node *node) {
    return is_one_of(node, NAMES(rectifiers)) || is_one_of(node, NAMES(smooth)) ||
           strcmp(node->op->name, "Clip") == 0; /* with bounds at all it is nonlinear */
}

bool graph_activations(const struct graph *graph, struct activations *out, struct error *e) {
    bool *wanted = calloc((size_t)graph->value_count + 1, sizeof *wanted);
    *out = (struct activations){0};
    if (!wanted) return error_memory(e);
    graph_mark_needed(graph, wanted);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        const struct value *value = graph_value(graph, node->outputs[0]);
        if (!wanted[node->outputs[0]] || !value->batched) continue;
        out->rectifiers += graph_is_rectifier(graph, node);
        out->all += graph_is_activation(node);
    }
    free(wanted);
    return true;
}
