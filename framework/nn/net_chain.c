/* net_chain.c: chains of nodes that are one function of one value, as exporters write them: Gelu of Div, Erf, Add, Mul
 * and Mul, x Sigmoid(x) of Sigmoid and Mul. A plan of inference runs the chain's last node as that function and leaves
 * out the others. The graph stays as it is. */
#include "nn/net_plan.h"
#include "nn/ops/unary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_2 1.41421356f
#define CLOSE 1e-6f /* relative: what a file rounds */

/* The node that computes the value, if it is of that kind and, unless it is the last, the chain alone reads it. */
static const struct node *made_by(const struct net *net, uint32_t value, const char *op, bool last) {
    const struct graph *g = net->graph;
    if (value == GRAPH_NONE || !g->values[value].batched || g->values[value].node == GRAPH_NONE) return NULL;
    const struct node *node = &g->nodes[g->values[value].node];
    bool alone = last || (net->readers[value] == 1 && value != g->output);
    return alone && strcmp(node->op->name, op) == 0 ? node : NULL;
}

static bool is_number(const struct net *net, uint32_t value, float wanted) {
    if (value == GRAPH_NONE) return false;
    const struct value *v = &net->graph->values[value];
    return v->kind == VALUE_CONSTANT && v->data && shape_count(&v->shape) == 1 &&
           fabsf(v->data[0] - wanted) <= CLOSE * wanted;
}

/* `value` is that of two operands where the other is the number; else GRAPH_NONE. */
static uint32_t beside_number(const struct net *net, const struct node *node, float number) {
    for (uint32_t k = 0; node && k < 2; k++)
        if (is_number(net, node->inputs[k], number)) return node->inputs[1 - k];
    return GRAPH_NONE;
}

/* What the matcher goes through, from the last node back. */
struct matching {
    const struct net *net;
    struct chain *chain;
};

static void take(struct matching *m, const struct node *node) {
    m->chain->nodes[m->chain->count++] = (uint32_t)(node - m->net->graph->nodes);
}

/* Whether `value` is 1 + erf(x / sqrt(2)) of some x, and of which. */
static bool match_erf(struct matching *m, uint32_t value, uint32_t *x) {
    const struct net *net = m->net;
    const struct node *add = made_by(net, value, "Add", false);
    const struct node *erf = made_by(net, beside_number(net, add, 1), "Erf", false);
    if (!erf) return false;
    const struct node *div = made_by(net, erf->inputs[0], "Div", false);
    const struct node *mul = made_by(net, erf->inputs[0], "Mul", false);
    if (div && is_number(net, div->inputs[1], ROOT_2)) *x = div->inputs[0];
    else *x = beside_number(net, mul, 1 / ROOT_2);
    if (*x == GRAPH_NONE) return false;
    take(m, add);
    take(m, erf);
    take(m, div ? div : mul);
    return true;
}

/* Whether node is a product of x and 1 + erf, in either order. */
static bool match_product(struct matching *m, const struct node *node, uint32_t half_of) {
    for (uint32_t k = 0; node && k < 2; k++) {
        uint32_t count = m->chain->count, x, other = half_of == GRAPH_NONE ? node->inputs[1 - k] : half_of;
        if (match_erf(m, node->inputs[k], &x) && x == other) {
            m->chain->value = x;
            return true;
        }
        m->chain->count = count;
    }
    return false;
}

/* .5 (x (1 + erf)), (.5 x) (1 + erf) or x (.5 (1 + erf)). */
static bool match_gelu(struct matching *m, const struct node *last) {
    const struct net *net = m->net;
    const struct node *inner = made_by(net, beside_number(net, last, .5f), "Mul", false);
    if (inner && match_product(m, inner, GRAPH_NONE)) {
        take(m, inner);
        return true;
    }
    for (uint32_t k = 0; k < 2; k++) {
        const struct node *half = made_by(net, last->inputs[k], "Mul", false);
        uint32_t of = beside_number(net, half, .5f), x;
        if (of == GRAPH_NONE) continue;
        uint32_t count = m->chain->count;
        take(m, half);
        if (match_erf(m, last->inputs[1 - k], &x) && x == of) { /* of is x */
            m->chain->value = x;
            return true;
        }
        m->chain->count = count + 1;
        if (match_erf(m, of, &x) && x == last->inputs[1 - k]) { /* of is 1 + erf */
            m->chain->value = x;
            return true;
        }
        m->chain->count = count;
    }
    return false;
}

static bool match_silu(struct matching *m, const struct node *last) {
    for (uint32_t k = 0; k < 2; k++) {
        const struct node *sigmoid = made_by(m->net, last->inputs[k], "Sigmoid", false);
        if (!sigmoid || sigmoid->inputs[0] != last->inputs[1 - k]) continue;
        m->chain->value = sigmoid->inputs[0];
        take(m, sigmoid);
        return true;
    }
    return false;
}

/* The function in place of the last node. */
static bool make_node(const struct net *net, struct chain *c, const struct op *op, uint32_t last, struct error *e) {
    c->last = last;
    c->node = (struct node){.op = op, .name = net->graph->nodes[last].name, .inputs = &c->value, .input_count = 1};
    c->node.outputs = net->graph->nodes[last].outputs;
    c->node.output_count = net->graph->nodes[last].output_count;
    return op->parse(&c->node, net->graph->opset, e);
}

static bool find_chain(struct net *net, uint32_t last, struct error *e) {
    const struct node *node = &net->graph->nodes[last];
    struct chain *c = &net->chains[net->chain_count];
    struct matching m = {net, c};
    if (strcmp(node->op->name, "Mul") != 0 || node->input_count != 2) return true;
    *c = (struct chain){.value = GRAPH_NONE};
    const struct op *op = match_gelu(&m, node) ? &op_gelu : NULL;
    if (!op) c->count = 0;
    if (!op && match_silu(&m, node)) op = &op_silu;
    if (!op) return true;
    const struct graph *g = net->graph;
    if (!shape_equal(&g->values[c->value].shape, &g->values[node->outputs[0]].shape)) return true;
    net->chain_count++; /* its config is freed from now on */
    for (uint32_t i = 0; i < c->count; i++) net->chain_of[c->nodes[i]] = net->chain_count;
    net->chain_of[last] = net->chain_count;
    return make_node(net, c, op, last, e);
}

bool chain_create(struct net *net, struct error *e) {
    net->chains = calloc((size_t)net->step_count + 1, sizeof *net->chains);
    net->chain_of = calloc((size_t)net->graph->node_count + 1, sizeof *net->chain_of);
    if (!net->chains || !net->chain_of) return error_memory(e);
    for (uint32_t i = 0; i < net->step_count; i++)
        if (!find_chain(net, net->steps[i], e)) return false;
    return true;
}

void chain_destroy(struct net *net) {
    for (uint32_t i = 0; i < net->chain_count; i++) free(net->chains[i].node.config);
    free(net->chains);
    free(net->chain_of);
}

static const struct chain *chain_find(const struct net *net, const struct plan *plan, uint32_t node) {
    uint32_t index = net->chain_of[node];
    return index && !plan->plain && !plan_keeps(plan) ? &net->chains[index - 1] : NULL;
}

const struct node *plan_node(const struct net *net, const struct plan *plan, uint32_t node) {
    const struct chain *c = chain_find(net, plan, node);
    return c && c->last == node ? &c->node : &net->graph->nodes[node];
}

bool plan_skips(const struct net *net, const struct plan *plan, uint32_t node) {
    const struct chain *c = chain_find(net, plan, node);
    return c && c->last != node;
}

bool chain_hides(const struct net *net, uint32_t node) {
    uint32_t index = net->chain_of[node];
    return index && net->chains[index - 1].last != node;
}
