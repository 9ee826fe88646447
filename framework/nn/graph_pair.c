/* graph_pair.c: the one output of a binary classifier as the logits of two classes. */
#include "nn/graph_pair.h"

#include "base/text.h"
#include "nn/activations.h"
#include "nn/graph_build.h"

#include <stdlib.h>
#include <string.h>

#define ADDED 3u /* nodes, and values */

bool graph_make_room(struct graph *g, uint32_t added, struct error *e) {
    struct value *values = realloc(g->values, ((size_t)g->value_count + added) * sizeof *values);
    if (values) g->values = values;
    struct node *nodes = realloc(g->nodes, ((size_t)g->node_count + added) * sizeof *nodes);
    if (nodes) g->nodes = nodes;
    return (values && nodes) || error_memory(e);
}

bool graph_append_like(struct graph *g, const struct node *like, const char *output, const struct shape *shape,
                       struct error *e) {
    struct node *node = &g->nodes[g->node_count];
    struct value *value = &g->values[g->value_count];
    *node = (struct node){
        .op = like->op, .name = text_copy(like->name), .input_count = like->input_count, .output_count = 1};
    *value = (struct value){
        .name = text_copy(output), .kind = VALUE_ACTIVATION, .shape = *shape, .batched = true, .node = g->node_count};
    node->inputs = calloc(like->input_count, sizeof *node->inputs);
    node->outputs = calloc(1, sizeof *node->outputs);
    g->node_count++;
    g->value_count++;
    g->added++;
    if (!node->name || !value->name || !node->inputs || !node->outputs) return error_memory(e);
    memcpy(node->inputs, like->inputs, like->input_count * sizeof *node->inputs);
    node->outputs[0] = g->value_count - 1;
    return node_copy_attributes(node, like->attributes, like->attribute_count, e) &&
           (!node->op->parse || node->op->parse(node, g->opset, e));
}

bool graph_append(struct graph *g, const struct graph_addition *a, struct error *e) {
    struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    const struct node like = {.op = op_find(a->op),
                              .name = (char *)a->name,
                              .inputs = (uint32_t *)a->inputs,
                              .input_count = a->count,
                              .attributes = &axis,
                              .attribute_count = a->count > 1 || strcmp(a->op, "Flatten") == 0};
    return graph_append_like(g, &like, a->name, &(struct shape){2, {1, a->width}}, e);
}

bool graph_is_pair_of_one(const struct graph *g) {
    return g->paired && shape_count(&g->values[g->file_output].shape) == 1;
}

bool graph_pair_logits(struct graph *g, struct error *e) {
    const char *end = graph_saturating(g);
    if (g->paired) return true;
    if (g->classes != 1) return error_set(e, "the network has %u outputs: one wanted", g->classes);
    if (end && (strcmp(end, "Sigmoid") == 0 || strcmp(end, "HardSigmoid") == 0))
        return error_set(e,
                         "the network's one output comes from a %s that could not be taken off: its sign tells no "
                         "class; export the network without it",
                         end);
    if (graph_is_never_negative(g) || graph_is_never_positive(g))
        return error_set(e,
                         "the network's one output is never %s: its sign tells no class; export the network without "
                         "its last step",
                         graph_is_never_negative(g) ? "negative" : "positive");
    if (!graph_make_room(g, ADDED, e)) return false;
    uint32_t logit = g->output;
    if (g->values[logit].shape.rank != 2) {
        if (!graph_append(g, &(struct graph_addition){"Flatten", "logit", &logit, 1, 1}, e)) return false;
        logit = g->value_count - 1;
    }
    if (!graph_append(g, &(struct graph_addition){"Neg", "logit of class 0", &logit, 1, 1}, e)) return false;
    const uint32_t both[] = {g->value_count - 1, logit};
    if (!graph_append(g, &(struct graph_addition){"Concat", "logits of both classes", both, 2, 2}, e)) return false;
    g->output = g->value_count - 1;
    g->classes = 2;
    g->paired = true;
    return true;
}
