/* axis_order.c: a Transpose in front of a network that takes its channels last. */
#include "nn/axis_order.h"

#include "base/text.h"
#include "nn/graph_build.h"

#include <stdlib.h>
#include <string.h>

const char *const axis_order_names[] = {"auto", "nchw", "nhwc", NULL};

static const int64_t to_first[] = {0, 3, 1, 2}, to_last[] = {0, 2, 3, 1};

/* The only node that reads the value; NULL where there are more, or none. */
static const struct node *only_reader(const struct graph *g, uint32_t value) {
    const struct node *found = NULL;
    uint32_t readers = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t k = 0; k < g->nodes[i].input_count; k++)
            if (g->nodes[i].inputs[k] == value) {
                found = &g->nodes[i];
                readers++;
            }
    return readers == 1 ? found : NULL;
}

static bool turns_first(const struct node *node) {
    const struct attribute *perm = node_attribute(node, "perm");
    return strcmp(node->op->name, "Transpose") == 0 && perm && perm->count == 4 && perm->ints &&
           memcmp(perm->ints, to_first, sizeof to_first) == 0;
}

/* What an exporter may put before: numbers scaled and shifted in place. */
static bool scales(const struct node *node) {
    static const char *const ops[] = {"Identity", "Cast", "Sub", "Add", "Mul", "Div"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(node->op->name, ops[i]) == 0) return true;
    return false;
}

static bool begins_channels_last(const struct graph *g) {
    uint32_t at = g->input;
    for (uint32_t steps = 0; steps < 8; steps++) {
        const struct node *node = only_reader(g, at);
        if (!node) return false;
        if (turns_first(node)) return true;
        if (!scales(node)) return false;
        at = node->outputs[0];
    }
    return false;
}

/* Room for one value behind the others and one node before them, whose indices all grow by one. */
static bool make_room(struct graph *g, struct error *e) {
    struct value *values = realloc(g->values, ((size_t)g->value_count + 1) * sizeof *values);
    if (values) g->values = values;
    struct node *nodes = realloc(g->nodes, ((size_t)g->node_count + 1) * sizeof *nodes);
    if (nodes) g->nodes = nodes;
    if (!values || !nodes) return error_memory(e);
    memmove(nodes + 1, nodes, g->node_count * sizeof *nodes);
    for (uint32_t v = 0; v < g->value_count; v++)
        if (values[v].node != GRAPH_NONE) values[v].node++;
    for (uint32_t l = 0; l < g->layer_count; l++) g->layers[l].node++;
    g->node_count++;
    g->value_count++;
    return true;
}

static bool turn(struct graph *g, struct error *e) {
    const struct shape s = g->sample;
    const struct attribute perm = {.name = "perm", .kind = ATTRIBUTE_INTS, .ints = to_last, .count = 4};
    uint32_t last = g->input;
    if (!make_room(g, e)) return false;
    uint32_t first = g->value_count - 1;
    struct node *node = &g->nodes[0];
    *node = (struct node){.op = op_find("Transpose"), .name = text_copy("channels last"), .input_count = 1};
    g->sample = (struct shape){3, {s.dim[2], s.dim[0], s.dim[1]}};
    g->values[first] = (struct value){.name = text_format("%s (channels first)", g->values[last].name),
                                      .kind = VALUE_INPUT,
                                      .shape = {4, {1, s.dim[2], s.dim[0], s.dim[1]}},
                                      .batched = true,
                                      .node = GRAPH_NONE};
    node->output_count = 1;
    node->inputs = calloc(1, sizeof *node->inputs);
    node->outputs = calloc(1, sizeof *node->outputs);
    if (!node->name || !g->values[first].name || !node->inputs || !node->outputs) return error_memory(e);
    node->inputs[0] = first;
    node->outputs[0] = last;
    g->values[last].kind = VALUE_ACTIVATION;
    g->values[last].node = 0;
    g->input = first;
    g->channels_last = true;
    return node_copy_attributes(node, &perm, 1, e) && (!node->op->parse || node->op->parse(node, g->opset, e));
}

bool graph_settle_axis_order(struct graph *g, enum axis_order order, struct error *e) {
    bool image = g->sample.rank == 3;
    if (order == AXIS_ORDER_NHWC && !image)
        return error_set(e, "layout nhwc: the network takes %u dimensions: height, width and channels wanted",
                         g->sample.rank);
    bool last = order == AXIS_ORDER_NHWC || (order == AXIS_ORDER_AUTO && image && begins_channels_last(g));
    return !last || g->channels_last || turn(g, e);
}
