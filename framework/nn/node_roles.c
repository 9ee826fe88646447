/* node_roles.c: the role of each node, by its operator and by what it reads. */
#include "nn/node_roles.h"

#include "nn/activations.h"
#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

static bool is_op(const struct node *node, const char *name) {
    return strcmp(node->op->name, name) == 0;
}

static bool is_one_of(const struct node *node, const char *const *names) {
    for (; *names; names++)
        if (is_op(node, *names)) return true;
    return false;
}

uint32_t node_role_input(const struct graph *g, const struct node *node) {
    for (uint32_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] != GRAPH_NONE && g->values[node->inputs[k]].batched) return k;
    return GRAPH_NONE;
}

/* A bias of Gemm that is a number for each column, or one for all, and no factor below 0, which would turn signs. */
static bool is_plain_gemm(const struct graph *g, const struct node *node) {
    const struct attribute *alpha = node_attribute(node, "alpha"), *beta = node_attribute(node, "beta");
    if ((alpha && !(alpha->number > 0)) || (beta && !(beta->number >= 0))) return false;
    if (node->input_count < 3 || node->inputs[2] == GRAPH_NONE) return true;
    const struct shape *bias = &g->values[node->inputs[2]].shape, *out = &g->values[node->outputs[0]].shape;
    size_t count = shape_count(bias);
    return count == 1 || count == out->dim[out->rank - 1];
}

/* Weights times the first of its inputs, the only one that depends on the network's; Einsum's may be any. */
static bool is_layer(const struct graph *g, const struct node *node) {
    if (!(node->op->flags & OP_WEIGHTED) || !(node->op->flags & OP_LINEAR) || graph_batched_inputs(g, node) != 1)
        return false;
    uint32_t x = node_role_input(g, node);
    if (is_op(node, "Einsum")) return node->input_count == 2;
    if (is_op(node, "MatMul")) return true;
    return x == 0 && (!is_op(node, "Gemm") || is_plain_gemm(g, node));
}

/* With one input it is linear in that, or affine; with several in all of them together. */
static bool is_linear(const struct graph *g, const struct node *node) {
    static const char *const sums[] = {"Add", "Sub", "Sum", "Mean", NULL};
    uint32_t batched = graph_batched_inputs(g, node);
    if (is_one_of(node, sums)) return true;
    if (is_op(node, "Div")) return batched == 1 && node_role_input(g, node) == 0;
    return (node->op->flags & OP_LINEAR) && batched == 1;
}

static enum role role_of(const struct graph *g, const struct node *node) {
    static const char *const maxima[] = {"MaxPool", "GlobalMaxPool", NULL};
    if (node->op->flags & (OP_RESHAPES | OP_MOVES)) return ROLE_MOVE;
    if (is_layer(g, node)) return ROLE_LAYER;
    if (graph_is_rectifier(g, node)) return ROLE_RECTIFIER;
    if (is_linear(g, node)) return ROLE_LINEAR;
    if (node->op->flags & OP_POINTWISE) return ROLE_POINTWISE;
    return is_one_of(node, maxima) ? ROLE_MAXIMUM : ROLE_OTHER;
}

/* ---- Activations that are written as products ---- */

/* The one input that depends on the network's, if the node is a function of its elements; else GRAPH_NONE. */
static uint32_t elementwise_input(const struct graph *g, const struct node *node) {
    static const char *const arithmetic[] = {"Add", "Sub", "Mul", "Div", NULL};
    uint32_t k = node_role_input(g, node);
    if (graph_batched_inputs(g, node) != 1) return GRAPH_NONE;
    if (!(node->op->flags & OP_POINTWISE) && !is_one_of(node, arithmetic)) return GRAPH_NONE;
    bool same = shape_equal(&g->values[node->inputs[k]].shape, &g->values[node->outputs[0]].shape);
    return same ? node->inputs[k] : GRAPH_NONE;
}

/* Of which value, element by element, `value` is a function, and by how many operators that are not linear. */
static uint32_t elementwise_root(const struct graph *g, uint32_t value, uint32_t *curved) {
    *curved = 0;
    for (;;) {
        uint32_t node = g->values[value].node;
        uint32_t next = node == GRAPH_NONE ? GRAPH_NONE : elementwise_input(g, &g->nodes[node]);
        if (next == GRAPH_NONE) return value;
        *curved += !is_linear(g, &g->nodes[node]);
        value = next;
    }
}

/* The factor that is less bent is what is gated by the other. */
static uint32_t find_signal(const struct graph *g, const struct node *node) {
    uint32_t curved[2];
    if (!is_op(node, "Mul") || graph_batched_inputs(g, node) != 2) return GRAPH_NONE;
    if (elementwise_root(g, node->inputs[0], &curved[0]) != elementwise_root(g, node->inputs[1], &curved[1]) ||
        curved[0] == curved[1])
        return GRAPH_NONE;
    return curved[0] > curved[1];
}

/* ---- Normalisations that are written as several nodes ---- */

#define DEVIATION_NODES 4

static bool is_square(const struct graph *g, const struct node *node, uint32_t x) {
    if (is_op(node, "Mul")) return node->inputs[0] == x && node->inputs[1] == x;
    if (!is_op(node, "Pow") || node->inputs[0] != x) return false;
    const struct value *power = &g->values[node->inputs[1]];
    return !power->batched && power->data && shape_count(&power->shape) == 1 && power->data[0] > 1.999f &&
           power->data[0] < 2.001f;
}

/* Whether `value` is sqrt(mean x^2 + c), and by which nodes. */
static bool is_deviation(const struct graph *g, uint32_t value, uint32_t x, uint32_t nodes[DEVIATION_NODES]) {
    static const char *const chain[] = {"Sqrt", "Add", "ReduceMean"};
    for (uint32_t i = 0; i < DEVIATION_NODES; i++) {
        nodes[i] = g->values[value].node;
        if (nodes[i] == GRAPH_NONE) return false;
        const struct node *node = &g->nodes[nodes[i]];
        if (i == DEVIATION_NODES - 1) break;
        if (!is_op(node, chain[i]) || graph_batched_inputs(g, node) != 1) return false;
        value = node->inputs[node_role_input(g, node)];
    }
    return is_square(g, &g->nodes[nodes[DEVIATION_NODES - 1]], x);
}

/* The value whose reciprocal `value` is, or GRAPH_NONE. */
static uint32_t inverse_of(const struct graph *g, uint32_t value) {
    uint32_t i = g->values[value].node;
    if (i == GRAPH_NONE || graph_batched_inputs(g, &g->nodes[i]) != 1) return GRAPH_NONE;
    const struct node *node = &g->nodes[i];
    uint32_t k = node_role_input(g, node);
    return is_op(node, "Reciprocal") || (is_op(node, "Div") && k == 1) ? node->inputs[k] : GRAPH_NONE;
}

/* x / r, or x times the reciprocal of r, with r the root of the mean square of x: what leads to r alone is part of it.
 */
static void find_norm(struct node_roles *r, const uint32_t *readers, uint32_t index) {
    const struct graph *g = r->graph;
    const struct node *node = &g->nodes[index];
    uint32_t nodes[DEVIATION_NODES];
    bool quotient = is_op(node, "Div");
    if ((!quotient && !is_op(node, "Mul")) || graph_batched_inputs(g, node) != 2) return;
    for (uint32_t k = 0; k < 2; k++) {
        uint32_t x = node->inputs[k], root = quotient ? node->inputs[1 - k] : inverse_of(g, node->inputs[1 - k]);
        if ((quotient && k != 0) || root == GRAPH_NONE || !is_deviation(g, root, x, nodes) ||
            !shape_equal(&g->values[x].shape, &g->values[node->outputs[0]].shape))
            continue;
        r->nodes[index].signal = k;
        if (!quotient && readers[node->inputs[1 - k]] == 1)
            r->nodes[g->values[node->inputs[1 - k]].node].role = ROLE_ASIDE;
        for (uint32_t i = 0; i < DEVIATION_NODES; i++)
            if (readers[g->nodes[nodes[i]].outputs[0]] == 1) r->nodes[nodes[i]].role = ROLE_ASIDE;
    }
}

/* Where(IsNaN(x), c, x), by which torch.export guards a Softmax, moves x. */
static void find_guard(struct node_roles *r, const uint32_t *readers, uint32_t index) {
    const struct graph *g = r->graph;
    const struct node *node = &g->nodes[index];
    uint32_t test = is_op(node, "Where") ? g->values[node->inputs[0]].node : GRAPH_NONE;
    if (test == GRAPH_NONE || !is_op(&g->nodes[test], "IsNaN") || g->values[node->inputs[1]].batched) return;
    r->nodes[index].role = ROLE_MOVE;
    if (readers[node->inputs[0]] == 1) r->nodes[test].role = ROLE_ASIDE;
}

/* ---- What belongs to a layer ---- */

/* The channels of its output, in rows of `inner` elements each; 0: they are no channels that a bias could belong to. */
static size_t channels_of(const struct graph *g, const struct node *layer) {
    const struct shape *out = &g->values[layer->outputs[0]].shape;
    if (is_op(layer, "Conv")) return out->dim[1];
    bool rows = is_op(layer, "Gemm") || (is_op(layer, "MatMul") && node_role_input(g, layer) == 0);
    return rows && out->rank >= 2 ? out->dim[out->rank - 1] : 0;
}

/* Whether the constant `value` is a number for each channel, or one for all. */
static bool is_bias(const struct graph *g, const struct node *layer, uint32_t value) {
    const struct shape *s = &g->values[value].shape, *out = &g->values[layer->outputs[0]].shape;
    size_t channels = channels_of(g, layer), count = shape_count(s);
    if (!channels || g->values[value].batched || g->values[value].ints) return false;
    if (count == 1) return true;
    size_t behind = is_op(layer, "Conv") ? out->rank - 2 : 0; /* dimensions behind the channels */
    return count == channels && s->rank > behind && s->dim[s->rank - 1 - behind] == channels;
}

static bool merges(const struct graph *g, const struct node *layer, const struct node *next) {
    uint32_t x = node_role_input(g, next);
    if (graph_batched_inputs(g, next) != 1) return false;
    if (is_op(next, "Add")) return is_bias(g, layer, next->inputs[1 - x]);
    if (!is_op(next, "BatchNormalization") || x != 0) return false;
    return is_op(layer, "Conv") || (channels_of(g, layer) && g->values[layer->outputs[0]].shape.rank == 2);
}

/* The one node that reads the value, or GRAPH_NONE. */
static uint32_t only_reader(const struct node_roles *r, const uint32_t *readers, uint32_t value, uint32_t from) {
    const struct graph *g = r->graph;
    if (readers[value] != 1) return GRAPH_NONE;
    for (uint32_t i = from; i < g->node_count; i++) {
        if (r->nodes[i].role == ROLE_NONE) continue;
        for (uint32_t k = 0; k < g->nodes[i].input_count; k++)
            if (g->nodes[i].inputs[k] == value) return i;
    }
    return GRAPH_NONE;
}

static void merge(struct node_roles *r, const uint32_t *readers) {
    const struct graph *g = r->graph;
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node_role *role = &r->nodes[i];
        role->last = i;
        if (role->role != ROLE_LAYER) continue;
        for (uint32_t next;
             (next = only_reader(r, readers, g->nodes[role->last].outputs[0], role->last + 1)) != GRAPH_NONE &&
             merges(g, &g->nodes[i], &g->nodes[next]);) {
            r->nodes[next].role = ROLE_MERGED;
            role->last = next;
        }
    }
}

/* behind[value_count]: some layer lies between the input and it. */
static void find_first(struct node_roles *r, bool *behind) {
    const struct graph *g = r->graph;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        bool before = false;
        for (uint32_t k = 0; k < node->input_count; k++)
            before |= node->inputs[k] != GRAPH_NONE && behind[node->inputs[k]];
        r->nodes[i].first = r->nodes[i].role == ROLE_LAYER && !before;
        for (uint32_t k = 0; k < node->output_count; k++)
            if (node->outputs[k] != GRAPH_NONE) behind[node->outputs[k]] = before || r->nodes[i].role == ROLE_LAYER;
    }
}

bool node_roles_create(const struct graph *g, struct node_roles **out, struct error *e) {
    size_t values = (size_t)g->value_count + 1;
    struct node_roles *r = calloc(1, sizeof *r + g->node_count * sizeof *r->nodes);
    bool *marks = calloc(2 * values, sizeof *marks), *wanted = marks, *behind = marks ? marks + values : NULL;
    uint32_t *readers = calloc(values, sizeof *readers);
    bool ok = (r && marks && readers) || error_memory(e);
    if (ok) {
        r->graph = g;
        graph_mark_needed(g, wanted);
        readers[g->output] = 1;
        for (uint32_t i = 0; i < g->node_count; i++) {
            const struct node *node = &g->nodes[i];
            if (!wanted[node->outputs[0]] || !g->values[node->outputs[0]].batched) continue;
            r->nodes[i].role = role_of(g, node);
            r->nodes[i].signal = find_signal(g, node);
            for (uint32_t k = 0; k < node->input_count; k++)
                if (node->inputs[k] != GRAPH_NONE) readers[node->inputs[k]]++;
        }
        for (uint32_t i = 0; i < g->node_count; i++)
            if (r->nodes[i].role == ROLE_OTHER) {
                find_norm(r, readers, i);
                find_guard(r, readers, i);
            }
        merge(r, readers);
        find_first(r, behind);
        *out = r;
        r = NULL;
    }
    free(r);
    free(marks);
    free(readers);
    return ok;
}

void node_roles_destroy(struct node_roles *roles) {
    free(roles);
}
