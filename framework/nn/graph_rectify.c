/* graph_rectify.c: rectifiers that are written out become the Relu they are, and gates that look like one are told from
 * them, for the backward rules (net_options.h). */
#include "nn/graph_build.h"

#include <math.h>
#include <stdlib.h>

/* The value before conversions that change no number. */
static uint32_t unconverted(const struct graph *g, uint32_t value) {
    for (const struct node *n = graph_maker(g, value);
         node_is(n, "Cast") || node_is(n, "CastLike") || node_is(n, "Identity"); n = graph_maker(g, value))
        value = n->inputs[0];
    return value;
}

/* x of x > 0; *turned: it is the contrary, x <= 0. At 0 both sides are the same number. GRAPH_NONE: another condition.
 */
static uint32_t positive(const struct graph *g, uint32_t condition, bool *turned) {
    const struct node *node = graph_maker(g, unconverted(g, condition));
    for (*turned = false; node_is(node, "Not"); node = graph_maker(g, unconverted(g, node->inputs[0])))
        *turned = !*turned;
    bool greater = node_is(node, "Greater") || node_is(node, "GreaterOrEqual");
    if (!greater && !node_is(node, "Less") && !node_is(node, "LessOrEqual")) return GRAPH_NONE;
    bool first = graph_is_constant(g, node->inputs[0], 0); /* 0 < x */
    if (!first && !graph_is_constant(g, node->inputs[1], 0)) return GRAPH_NONE;
    *turned = *turned != (greater == first);
    return unconverted(g, node->inputs[first]);
}

/* x of Max(x, 0), of Where(x > 0, x, 0) and of x (x > 0), or GRAPH_NONE. */
static uint32_t rectified(const struct graph *g, const struct node *node) {
    bool turned;
    if (node_is(node, "Max")) return graph_joined(g, node, "Max", 0);
    if (node_is(node, "Where")) {
        uint32_t x = positive(g, node->inputs[0], &turned), kept = node->inputs[turned ? 2 : 1];
        bool zero = x != GRAPH_NONE && graph_is_constant(g, node->inputs[turned ? 1 : 2], 0);
        return zero && unconverted(g, kept) == x ? kept : GRAPH_NONE;
    }
    for (uint32_t k = 0; node_is(node, "Mul") && k < 2; k++) {
        uint32_t x = positive(g, node->inputs[k], &turned), other = node->inputs[1 - k];
        if (x != GRAPH_NONE && !turned && unconverted(g, other) == x) return other;
    }
    return GRAPH_NONE;
}

/* What only the condition needed is left behind, and computed no more. */
static bool become_relu(struct graph *g, struct node *node, uint32_t x, struct error *e) {
    for (size_t i = 0; i < node->attribute_count; i++) attribute_finish(&node->attributes[i]);
    free(node->attributes);
    free(node->config);
    node->attributes = NULL;
    node->attribute_count = 0;
    node->config = NULL;
    node->op = op_find("Relu");
    node->inputs[0] = x;
    node->input_count = 1;
    return !node->op->parse || node->op->parse(node, g->opset, e);
}

/* ---- Gates ---- */

/* The one number of a node's constant input where `op` joins it with a value, which is then *other; else 0. */
static float joined_number(const struct graph *g, const struct node *node, const char *op, uint32_t *other) {
    for (uint32_t k = 0; node_is(node, op) && node->input_count == 2 && k < 2; k++) {
        float number = graph_sole_number(g, node->inputs[k]);
        *other = node->inputs[1 - k];
        if (!isnan(number) && g->values[node->inputs[k]].kind == VALUE_CONSTANT) return number;
    }
    return 0;
}

/* z + c with twice c the upper bound: what is cut to [0, bound] is then a sigmoid of straight lines around z = 0. */
static bool is_centred(const struct graph *g, uint32_t value, float bound) {
    uint32_t z;
    float shift = joined_number(g, graph_maker(g, value), "Add", &z);
    return shift > 0 && fabsf(2 * shift - bound) <= 1e-5f * bound;
}

/* The bound of min(value, bound), which enters as *value and comes out as what it cuts; INFINITY: there is none. */
static float take_bound(const struct graph *g, uint32_t *value) {
    uint32_t cut;
    float bound = joined_number(g, graph_maker(g, *value), "Min", &cut);
    if (!(bound > 0)) return INFINITY;
    *value = cut;
    return bound;
}

/* A hard sigmoid, such as Clip(x + 3, 0, 6) in h-swish (Howard et al. 2019, arXiv:1905.02244, section 5.2), in any of
 * its spellings. */
static void mark_gate(struct graph *g, struct node *node) {
    if (node_is(node, "Clip") && node->input_count > 2 && node->inputs[2] != GRAPH_NONE) {
        const struct value *high = &g->values[node->inputs[2]];
        node->gate = high->data && is_centred(g, node->inputs[0], high->data[0]);
    } else if (node_is(node, "Relu")) {
        uint32_t below = node->inputs[0];
        float bound = take_bound(g, &below);
        if (isfinite(bound)) node->gate = is_centred(g, below, bound);
    } else if (node_is(node, "Min")) {
        uint32_t cut = node->outputs[0];
        float bound = take_bound(g, &cut);
        struct node *relu = isfinite(bound) ? graph_maker(g, cut) : NULL;
        if (node_is(relu, "Relu") && is_centred(g, relu->inputs[0], bound)) relu->gate = true;
    }
}

bool graph_find_rectifiers(struct graph *g, struct error *e) {
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *node = &g->nodes[i];
        uint32_t x = rectified(g, node);
        const struct shape *out = &g->values[node->outputs[0]].shape;
        if (x != GRAPH_NONE && g->values[x].batched && shape_equal(&g->values[x].shape, out) &&
            !become_relu(g, node, x, e))
            return false;
    }
    for (uint32_t i = 0; i < g->node_count; i++) mark_gate(g, &g->nodes[i]);
    return true;
}
