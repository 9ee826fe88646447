/* graph_heads.c: where the logits are: what closes a network and only presses its scores into a range is taken off. */
#include "nn/graph_build.h"

#include <math.h>
#include <string.h>

/* ---- Nodes behind a value ---- */

struct node *graph_maker(const struct graph *g, uint32_t value) {
    uint32_t node = value == GRAPH_NONE ? GRAPH_NONE : g->values[value].node;
    return node == GRAPH_NONE ? NULL : &g->nodes[node];
}

bool node_is(const struct node *node, const char *op) {
    return node && strcmp(node->op->name, op) == 0;
}

#define NAMES(list) list, sizeof(list) / sizeof *(list)

static bool is_one_of(const struct node *node, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (node_is(node, names[i])) return true;
    return false;
}

uint32_t graph_origin(const struct graph *g, uint32_t value) {
    for (const struct node *n = graph_maker(g, value); n && ((n->op->flags & OP_RESHAPES) || node_is(n, "Expand"));
         n = graph_maker(g, value))
        value = n->inputs[0];
    return value;
}

/* The value that `op` made this one from, or GRAPH_NONE. */
static uint32_t made_by(const struct graph *g, uint32_t value, const char *op) {
    const struct node *n = graph_maker(g, graph_origin(g, value));
    return node_is(n, op) ? n->inputs[0] : GRAPH_NONE;
}

/* One number for each sample. */
static bool is_single(const struct graph *g, uint32_t value) {
    return shape_count(&g->values[value].shape) == 1;
}

/* ---- A Softmax written out ---- */

/* x of "x - max(x)", or the value itself. */
static uint32_t unshifted(const struct graph *g, uint32_t value) {
    const struct node *sub = graph_maker(g, graph_origin(g, value));
    if (!node_is(sub, "Sub")) return value;
    uint32_t most = made_by(g, sub->inputs[1], "ReduceMax");
    return most != GRAPH_NONE && graph_origin(g, most) == graph_origin(g, sub->inputs[0]) ? sub->inputs[0] : value;
}

/* x of exp(x) / sum(exp(x)), or GRAPH_NONE. */
static uint32_t written_softmax(const struct graph *g, const struct node *div) {
    if (!node_is(div, "Div")) return GRAPH_NONE;
    uint32_t x = made_by(g, div->inputs[0], "Exp"), sum = graph_origin(g, div->inputs[1]);
    uint32_t summed = made_by(g, sum, "ReduceSum");
    if (x == GRAPH_NONE || summed == GRAPH_NONE || !is_single(g, sum)) return GRAPH_NONE;
    return graph_origin(g, summed) == graph_origin(g, div->inputs[0]) ? unshifted(g, x) : GRAPH_NONE;
}

/* x of x - log(sum(exp(x))), or GRAPH_NONE. */
static uint32_t written_log_softmax(const struct graph *g, const struct node *sub) {
    if (!node_is(sub, "Sub") || !is_single(g, graph_origin(g, sub->inputs[1]))) return GRAPH_NONE;
    uint32_t x = made_by(g, sub->inputs[1], "ReduceLogSumExp"), sum = made_by(g, sub->inputs[1], "Log");
    if (x == GRAPH_NONE && sum != GRAPH_NONE) {
        uint32_t summed = made_by(g, sum, "ReduceSum");
        x = summed == GRAPH_NONE ? GRAPH_NONE : made_by(g, summed, "Exp");
    }
    return x != GRAPH_NONE && graph_origin(g, x) == graph_origin(g, sub->inputs[0]) ? unshifted(g, x) : GRAPH_NONE;
}

/* ---- A Sigmoid written out ---- */

float graph_sole_number(const struct graph *g, uint32_t value) {
    const struct value *v = value == GRAPH_NONE ? NULL : &g->values[value];
    size_t count = v && v->data && !v->batched ? shape_count(&v->shape) : 0; /* which may be 0 */
    for (size_t i = 1; i < count; i++)
        if (v->data[i] < v->data[0] || v->data[i] > v->data[0]) return NAN;
    return count ? v->data[0] : NAN;
}

bool graph_is_constant(const struct graph *g, uint32_t value, float wanted) {
    float number = graph_sole_number(g, value);
    return number >= wanted && number <= wanted;
}

uint32_t graph_joined(const struct graph *g, const struct node *node, const char *op, float constant) {
    if (!node_is(node, op) || node->input_count != 2) return GRAPH_NONE;
    if (graph_is_constant(g, node->inputs[0], constant)) return node->inputs[1];
    return graph_is_constant(g, node->inputs[1], constant) ? node->inputs[0] : GRAPH_NONE;
}

/* x of -x, or GRAPH_NONE. */
static uint32_t negated(const struct graph *g, uint32_t value) {
    const struct node *node = graph_maker(g, value);
    return node_is(node, "Neg") ? node->inputs[0] : graph_joined(g, node, "Mul", -1);
}

/* x of 1 / (1 + exp(-x)) and of exp(x) / (1 + exp(x)), or GRAPH_NONE. */
static uint32_t written_sigmoid(const struct graph *g, const struct node *node) {
    bool inverse = node_is(node, "Reciprocal") || (node_is(node, "Div") && graph_is_constant(g, node->inputs[0], 1));
    if (!inverse && !node_is(node, "Div")) return GRAPH_NONE;
    uint32_t sum = node->inputs[node_is(node, "Div")], e = graph_joined(g, graph_maker(g, sum), "Add", 1);
    const struct node *exp = e == GRAPH_NONE ? NULL : graph_maker(g, e);
    if (!node_is(exp, "Exp")) return GRAPH_NONE;
    if (inverse) return negated(g, exp->inputs[0]);
    uint32_t above = made_by(g, node->inputs[0], "Exp");
    return above != GRAPH_NONE && graph_origin(g, above) == graph_origin(g, exp->inputs[0]) ? above : GRAPH_NONE;
}

/* ---- Taking off ---- */

enum head { HEAD_NONE, HEAD_SOFTMAX = 1, HEAD_SIGMOID = 2, HEAD_RELU = 4 };

/* Which head the node is, and what enters it. */
static enum head head_of(const struct graph *g, const struct node *node, uint32_t *from) {
    *from = node->inputs[0];
    if (node_is(node, "Softmax") || node_is(node, "LogSoftmax")) return HEAD_SOFTMAX;
    if (node_is(node, "Relu")) return HEAD_RELU;
    *from = graph_sigmoid_input(g, node);
    if (*from != GRAPH_NONE) return HEAD_SIGMOID;
    *from = node_is(node, "Div") ? written_softmax(g, node) : written_log_softmax(g, node);
    return *from == GRAPH_NONE ? HEAD_NONE : HEAD_SOFTMAX;
}

/* Nodes of one batched input: of a Max or Min the other is a bound. */
static uint32_t batched_input(const struct graph *g, const struct node *node) {
    if (graph_batched_inputs(g, node) != 1) return GRAPH_NONE;
    for (uint32_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] != GRAPH_NONE && g->values[node->inputs[k]].batched) return node->inputs[k];
    return GRAPH_NONE;
}

static bool is_never_negative(const struct graph *g, uint32_t value, unsigned depth);

/* How many nodes behind the value are looked at. */
#define SIGN_DEPTH 12

/* x / sum(x), as scikit-learn's exports close: what adds up to one already stays as it is, and what is never negative
 * keeps its order. */
static bool is_share(const struct graph *g, const struct node *div) {
    if (!node_is(div, "Div")) return false;
    uint32_t summed = made_by(g, div->inputs[1], "ReduceL1");
    if (summed == GRAPH_NONE) {
        summed = made_by(g, div->inputs[1], "ReduceSum");
        if (!is_never_negative(g, div->inputs[0], SIGN_DEPTH)) return false;
    }
    return summed != GRAPH_NONE && graph_origin(g, summed) == graph_origin(g, div->inputs[0]) &&
           is_single(g, graph_origin(g, div->inputs[1]));
}

/* Percentages, temperatures and shifts: the same for all scores, and their order stays. */
static bool keeps_order(const struct graph *g, const struct node *node) {
    if (node->input_count != 2) return false;
    bool second = g->values[node->inputs[0]].batched; /* where the constant is */
    float number = graph_sole_number(g, node->inputs[second]);
    if (node_is(node, "Add")) return isfinite(number);
    if (node_is(node, "Sub")) return second && isfinite(number);
    if (node_is(node, "Mul")) return number > 0 && isfinite(number);
    if (node_is(node, "Div")) return second && number > 0 && isfinite(number);
    return node_is(node, "Pow") && second && number > 0 && is_never_negative(g, node->inputs[0], SIGN_DEPTH);
}

/* What enters a bound, a logarithm or another step that keeps the order of scores, or GRAPH_NONE. */
static uint32_t covered_by(const struct graph *g, const struct node *node) {
    static const char *const steps[] = {"Clip", "Log", "Min", "Max", "Exp", "Sqrt"};
    if (is_share(g, node)) return node->inputs[0];
    return is_one_of(node, NAMES(steps)) || keeps_order(g, node) ? batched_input(g, node) : GRAPH_NONE;
}

uint32_t graph_sigmoid_input(const struct graph *g, const struct node *node) {
    return node_is(node, "Sigmoid") ? node->inputs[0] : written_sigmoid(g, node);
}

/* Walks back from the file's output; *heads: bits of enum head, of those that are taken off. */
static bool take_off(struct graph *g, unsigned *heads, struct error *e) {
    bool covered = false;
    uint32_t at = g->file_output, from;
    for (const struct node *node = graph_maker(g, at); node; node = graph_maker(g, at)) {
        enum head head = head_of(g, node, &from);
        if (head == HEAD_RELU && covered) return true; /* a Relu under a Clip is part of the network */
        if (!head && node_is(node, "Concat")) {
            if (!graph_join_columns(g, node, &from, e)) return false;
            if (from == GRAPH_NONE) return true;
            head = HEAD_SIGMOID;
        }
        if (head) {
            g->output = at = from;
            *heads |= head;
            covered = false;
            if (g->added) return true;
        } else if (node->op->flags & OP_RESHAPES) {
            at = node->inputs[0];
        } else {
            at = covered_by(g, node);
            covered = true;
        }
    }
    return true;
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
    if (!g->keep_head && !take_off(g, &heads, e)) return false;
    bool several = (heads & (heads - 1)) != 0;
    if (heads && !g->paired &&
        !graph_warn(g, e, "the network ends in %s: what enters %s is taken for the logits", heads_text[heads],
                    several ? "them" : "it"))
        return false;
    if (g->paired && !graph_warn(g, e,
                                 "the network ends in %s p and in 1 - p: what enters it is taken for the logit of the "
                                 "class with p, and its negative for that of the other",
                                 heads_text[heads]))
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
    return is_one_of(node, NAMES(ops));
}

static bool only_scales(const struct node *node) {
    static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Neg", "Pow", "Sqrt", "Log", "Exp"};
    return is_one_of(node, NAMES(ops)) || (node->op->flags & (OP_RESHAPES | OP_MOVES)) != 0;
}

/* Of the scores that several values are joined or averaged to, all have to come from bounded ones. */
static const char *find_saturating(const struct graph *g, uint32_t value, unsigned depth) {
    static const char *const joins[] = {"Concat", "Add", "Sub", "Sum", "Mean", "Mul", "Div", "Min", "Max"};
    static const char *const means[] = {"ReduceMean", "ReduceSum"};
    const char *found = NULL;
    const struct node *node = graph_maker(g, value);
    if (!node || !depth) return NULL;
    if (is_bounded(node)) return node->op->name;
    if (is_one_of(node, NAMES(means))) return find_saturating(g, node->inputs[0], depth - 1);
    if (only_scales(node) && graph_batched_inputs(g, node) == 1)
        return find_saturating(g, batched_input(g, node), depth - 1);
    if (!is_one_of(node, NAMES(joins))) return NULL;
    for (uint32_t k = 0; k < node->input_count; k++) {
        if (node->inputs[k] == GRAPH_NONE || !g->values[node->inputs[k]].batched) continue;
        const char *one = find_saturating(g, node->inputs[k], depth - 1);
        if (!one) return NULL;
        found = found ? found : one;
    }
    return found;
}

const char *graph_saturating(const struct graph *g) {
    return g->node_count ? find_saturating(g, g->output, SIGN_DEPTH) : NULL;
}

/* ---- The sign ---- */

static bool constant_is_never_negative(const struct value *v) {
    for (size_t i = 0; i < shape_count(&v->shape); i++)
        if ((v->data && v->data[i] < 0) || (v->ints && v->ints[i] < 0)) return false;
    return v->data || v->ints;
}

/* The least that a Tanh or its kin gives behind products with and sums of single numbers; -INFINITY: not known. */
static float lowest(const struct graph *g, uint32_t value, unsigned depth) {
    static const char *const odd[] = {"Tanh", "Erf", "Softsign"};
    const struct node *node = graph_maker(g, value);
    if (!node || depth == 0) return -INFINITY;
    if (is_one_of(node, NAMES(odd))) return -1;
    if (node->op->flags & OP_RESHAPES) return lowest(g, node->inputs[0], depth - 1);
    bool add = node_is(node, "Add");
    if ((!add && !node_is(node, "Mul")) || graph_batched_inputs(g, node) != 1) return -INFINITY;
    bool first = g->values[node->inputs[0]].batched;
    const struct value *number = &g->values[node->inputs[first]];
    if (!number->data || shape_count(&number->shape) != 1 || (!add && number->data[0] <= 0)) return -INFINITY;
    float least = lowest(g, node->inputs[!first], depth - 1);
    return add ? least + number->data[0] : least * number->data[0];
}

/* 1 and something that is never negative, as in log(1 + exp(z)). */
static bool is_one_or_more(const struct graph *g, uint32_t value, unsigned depth) {
    const struct node *node = graph_maker(g, value);
    if (!node || depth == 0 || !node_is(node, "Add") || graph_batched_inputs(g, node) != 1) return false;
    bool first = g->values[node->inputs[0]].batched;
    const struct value *number = &g->values[node->inputs[first]];
    return number->data && shape_count(&number->shape) == 1 && number->data[0] >= 1 &&
           is_never_negative(g, node->inputs[!first], depth - 1);
}

static bool is_never_negative(const struct graph *g, uint32_t value, unsigned depth) {
    static const char *const always[] = {"Exp",   "Sigmoid", "HardSigmoid",     "Softmax",        "Softplus",   "Relu",
                                         "Abs",   "Sqrt",    "ReduceL1",        "ReduceL2",       "Greater",    "Less",
                                         "Equal", "Not",     "ReduceSumSquare", "GreaterOrEqual", "LessOrEqual"};
    static const char *const keeps[] = {"Cast", "Reciprocal", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin"};
    static const char *const joins[] = {"Add", "Mul", "Div", "Concat", "Min"};
    if (value == GRAPH_NONE) return false;
    const struct node *node = graph_maker(g, value);
    if (!g->values[value].batched) return constant_is_never_negative(&g->values[value]);
    if (!node || depth == 0) return false;
    if (lowest(g, value, depth) >= 0) return true;
    if (node_is(node, "Log")) return is_one_or_more(g, node->inputs[0], depth - 1);
    if (is_one_of(node, NAMES(always))) return true;
    if (node_is(node, "Mul") && node->inputs[0] == node->inputs[1]) return true;
    if (node_is(node, "Clip") && node->input_count > 1 && is_never_negative(g, node->inputs[1], 1)) return true;
    if (is_one_of(node, NAMES(keeps)) || (node->op->flags & (OP_RESHAPES | OP_MOVES)))
        return is_never_negative(g, node->inputs[0], depth - 1);
    bool all = is_one_of(node, NAMES(joins));
    for (uint32_t k = 0; all && k < node->input_count; k++) all = is_never_negative(g, node->inputs[k], depth - 1);
    return all;
}

bool graph_is_never_negative(const struct graph *g) {
    return is_never_negative(g, g->output, SIGN_DEPTH);
}

/* The logarithm of a probability, or what is never negative with its sign turned. */
static bool is_never_positive(const struct graph *g, uint32_t value, unsigned depth) {
    static const char *const shares[] = {"Sigmoid", "Softmax", "HardSigmoid"};
    const struct node *node = graph_maker(g, value);
    if (!node || depth == 0) return false;
    if (node_is(node, "LogSoftmax")) return true;
    if (node_is(node, "Log")) return is_one_of(graph_maker(g, node->inputs[0]), NAMES(shares));
    if (node_is(node, "Neg")) return is_never_negative(g, node->inputs[0], depth - 1);
    return (node->op->flags & OP_RESHAPES) && is_never_positive(g, node->inputs[0], depth - 1);
}

bool graph_is_never_positive(const struct graph *g) {
    return is_never_positive(g, g->output, SIGN_DEPTH);
}
