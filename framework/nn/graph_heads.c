/* graph_heads.c: where the logits are: what closes a network and only presses its scores into a range is taken off. */
#include "nn/graph_build.h"

#include <string.h>

/* ---- Nodes behind a value ---- */

static const struct node *maker(const struct graph *g, uint32_t value) {
    uint32_t node = value == GRAPH_NONE ? GRAPH_NONE : g->values[value].node;
    return node == GRAPH_NONE ? NULL : &g->nodes[node];
}

static bool is(const struct node *node, const char *op) {
    return node && strcmp(node->op->name, op) == 0;
}

/* The value that was only reshaped, or repeated, into this one. */
static uint32_t origin(const struct graph *g, uint32_t value) {
    for (const struct node *n = maker(g, value); n && ((n->op->flags & OP_RESHAPES) || is(n, "Expand"));
         n = maker(g, value))
        value = n->inputs[0];
    return value;
}

/* The value that `op` made this one from, or GRAPH_NONE. */
static uint32_t made_by(const struct graph *g, uint32_t value, const char *op) {
    const struct node *n = maker(g, origin(g, value));
    return is(n, op) ? n->inputs[0] : GRAPH_NONE;
}

/* One number for each sample. */
static bool is_single(const struct graph *g, uint32_t value) {
    return shape_count(&g->values[value].shape) == 1;
}

/* ---- A Softmax written out ---- */

/* x of "x - max(x)", or the value itself. */
static uint32_t unshifted(const struct graph *g, uint32_t value) {
    const struct node *sub = maker(g, origin(g, value));
    if (!is(sub, "Sub")) return value;
    uint32_t most = made_by(g, sub->inputs[1], "ReduceMax");
    return most != GRAPH_NONE && origin(g, most) == origin(g, sub->inputs[0]) ? sub->inputs[0] : value;
}

/* x of exp(x) / sum(exp(x)), or GRAPH_NONE. */
static uint32_t written_softmax(const struct graph *g, const struct node *div) {
    if (!is(div, "Div")) return GRAPH_NONE;
    uint32_t x = made_by(g, div->inputs[0], "Exp"), sum = origin(g, div->inputs[1]);
    uint32_t summed = made_by(g, sum, "ReduceSum");
    if (x == GRAPH_NONE || summed == GRAPH_NONE || !is_single(g, sum)) return GRAPH_NONE;
    return origin(g, summed) == origin(g, div->inputs[0]) ? unshifted(g, x) : GRAPH_NONE;
}

/* x of x - log(sum(exp(x))), or GRAPH_NONE. */
static uint32_t written_log_softmax(const struct graph *g, const struct node *sub) {
    if (!is(sub, "Sub") || !is_single(g, origin(g, sub->inputs[1]))) return GRAPH_NONE;
    uint32_t x = made_by(g, sub->inputs[1], "ReduceLogSumExp"), sum = made_by(g, sub->inputs[1], "Log");
    if (x == GRAPH_NONE && sum != GRAPH_NONE) {
        uint32_t summed = made_by(g, sum, "ReduceSum");
        x = summed == GRAPH_NONE ? GRAPH_NONE : made_by(g, summed, "Exp");
    }
    return x != GRAPH_NONE && origin(g, x) == origin(g, sub->inputs[0]) ? unshifted(g, x) : GRAPH_NONE;
}

/* ---- Taking off ---- */

enum head { HEAD_NONE, HEAD_SOFTMAX = 1, HEAD_SIGMOID = 2, HEAD_RELU = 4 };

/* Which head the node is, and what enters it. */
static enum head head_of(const struct graph *g, const struct node *node, uint32_t *from) {
    *from = node->inputs[0];
    if (is(node, "Softmax") || is(node, "LogSoftmax")) return HEAD_SOFTMAX;
    if (is(node, "Sigmoid")) return HEAD_SIGMOID;
    if (is(node, "Relu")) return HEAD_RELU;
    *from = is(node, "Div") ? written_softmax(g, node) : written_log_softmax(g, node);
    return *from == GRAPH_NONE ? HEAD_NONE : HEAD_SOFTMAX;
}

/* x / sum(|x|), as scikit-learn's exports close: what adds up to one already stays as it is. */
static bool is_share(const struct graph *g, const struct node *div) {
    if (!is(div, "Div")) return false;
    uint32_t summed = made_by(g, div->inputs[1], "ReduceL1");
    return summed != GRAPH_NONE && origin(g, summed) == origin(g, div->inputs[0]);
}

/* What may stand over a Softmax or Sigmoid and is taken off with it: a bound, the logarithm of a probability, shares.
 */
static bool covers(const struct graph *g, const struct node *node) {
    return is_share(g, node) || is(node, "Clip") || is(node, "Log") || is(node, "Min") || is(node, "Max");
}

/* Nodes of one batched input: of a Max or Min the other is a bound. */
static uint32_t batched_input(const struct graph *g, const struct node *node) {
    if (graph_batched_inputs(g, node) != 1) return GRAPH_NONE;
    for (uint32_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] != GRAPH_NONE && g->values[node->inputs[k]].batched) return node->inputs[k];
    return GRAPH_NONE;
}

/* Walks back from the file's output; *heads: bits of enum head, of those that are taken off. */
static void take_off(struct graph *g, unsigned *heads) {
    bool covered = false;
    uint32_t at = g->file_output, from;
    for (const struct node *node = maker(g, at); node; node = maker(g, at)) {
        enum head head = head_of(g, node, &from);
        if (head == HEAD_RELU && covered) return; /* a Relu under a Clip is part of the network */
        if (head) {
            g->output = at = from;
            *heads |= head;
            covered = false;
        } else if (node->op->flags & OP_RESHAPES) {
            at = node->inputs[0];
        } else if (covers(g, node) && (is_share(g, node) || batched_input(g, node) != GRAPH_NONE)) {
            at = is_share(g, node) ? node->inputs[0] : batched_input(g, node);
            covered = true;
        } else {
            return;
        }
    }
}

static const char *const heads_text[] = {NULL,
                                         "a Softmax",
                                         "a Sigmoid",
                                         "a Sigmoid and a Softmax",
                                         "a Relu",
                                         "a Relu and a Softmax",
                                         "a Relu and a Sigmoid",
                                         "a Relu, a Sigmoid and a Softmax"};

bool graph_find_logits(struct graph *g, struct error *e) {
    unsigned heads = 0;
    take_off(g, &heads);
    bool several = (heads & (heads - 1)) != 0;
    if (heads && !graph_warn(g, e, "the network ends in %s: what enters %s is taken for the logits", heads_text[heads],
                             several ? "them" : "it"))
        return false;
    if (g->output == g->input)
        return error_set(e, "output '%s': the network has no layer before it", g->values[g->file_output].name);
    size_t classes = shape_count(&g->values[g->output].shape);
    if (classes > UINT32_MAX) return error_set(e, "the network has too many outputs");
    g->classes = (uint32_t)classes;
    return true;
}

/* ---- What could not be taken off ---- */

static bool is_bounded(const struct node *node) {
    static const char *const ops[] = {"Sigmoid", "HardSigmoid", "Tanh", "Softmax", "Clip", "Erf", "Softsign"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (is(node, ops[i])) return true;
    return false;
}

static bool only_scales(const struct node *node) {
    static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Neg", "Pow", "Sqrt", "Log", "Exp"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (is(node, ops[i])) return true;
    return (node->op->flags & (OP_RESHAPES | OP_MOVES)) != 0;
}

const char *graph_saturating(const struct graph *g) {
    uint32_t at = g->output;
    if (!g->node_count) return NULL;
    for (const struct node *node = maker(g, at); node; node = maker(g, at)) {
        if (is_bounded(node)) return node->op->name;
        at = only_scales(node) ? batched_input(g, node) : GRAPH_NONE;
    }
    return NULL;
}
