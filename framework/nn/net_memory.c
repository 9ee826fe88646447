/* net_memory.c: which arrays a plan needs when, and where they lie: what is not needed at the same time shares memory.
 *
 * Time: node i runs at time i; the gradient of the output is there at time node_count; node i passes it on at time
 * 2 node_count - i. */
#include "nn/net_plan.h"
#include "nn/ops/mask.h"

#include <stdlib.h>
#include <string.h>

/* Every array begins on a cache line. */
#define LINE (64 / sizeof(float))

static size_t padded(size_t count) {
    return (count + LINE - 1) / LINE * LINE;
}

/* ---- What shares an array: the gradients of two values do where the values do, but for rectifiers in training ---- */

static const struct node *node_of(const struct net *net, uint32_t value) {
    return &net->graph->nodes[net->graph->values[value].node];
}

static bool is_op(const struct net *net, uint32_t value, const char *name) {
    return strcmp(node_of(net, value)->op->name, name) == 0;
}

/* The normalisation or Relu of a fused Conv. */
static bool is_fused(const struct net *net, uint32_t value) {
    uint32_t node = net->graph->values[value].node, index = net->fusion_of[node];
    return index && node != net->fusions[index - 1].conv;
}

static bool needs_inputs(const struct net *net, const struct plan *plan, uint32_t value) {
    const struct node *node = node_of(net, value);
    if (plan->kind != PLAN_GRADIENT) return plan->kind == PLAN_TRAINING;
    if ((node->op->flags & OP_FORGETS) || is_op(net, value, "Relu")) return false;
    return !(node->op->flags & OP_LINEAR) || batched_inputs(net->graph, node) != 1;
}

static bool needs_output(const struct net *net, const struct plan *plan, uint32_t value) {
    return plan->kind != PLAN_FORWARD && !(node_of(net, value)->op->flags & (OP_FORGETS | OP_LINEAR)) &&
           !is_op(net, value, "Relu");
}

/* Input `k` of the value's node ends with this node: its array can be the value's. */
static bool can_take(const struct net *net, const struct plan *plan, uint32_t value, uint32_t k) {
    const struct graph *g = net->graph;
    uint32_t v = node_of(net, value)->inputs[k];
    if (v == GRAPH_NONE || v == g->input || !g->values[v].batched || net->readers[v] != 1) return false;
    return shape_equal(&plan->shapes[v], &plan->shapes[value]) && !needs_output(net, plan, v);
}

/* The value whose array `value` takes over when it is computed, or GRAPH_NONE. */
static uint32_t find_source(const struct net *net, const struct plan *plan, uint32_t value) {
    const struct node *node = node_of(net, value);
    bool training = plan->kind == PLAN_TRAINING;
    if (net->shared[value]) return node->inputs[0];
    if (is_op(net, value, "Relu"))
        return (!training || is_fused(net, value)) && can_take(net, plan, value, 0) ? node->inputs[0] : GRAPH_NONE;
    if (training) return GRAPH_NONE; /* a normalisation needs its input on the way back */
    if (is_fused(net, value)) return node->inputs[0];
    for (uint32_t k = 0; k < 2 && is_op(net, value, "Add"); k++)
        if (can_take(net, plan, value, k)) return node->inputs[k];
    return GRAPH_NONE;
}

static void find_sources(const struct net *net, struct plan *plan) {
    for (uint32_t v = 0; v < net->graph->value_count; v++) plan->sources[v] = GRAPH_NONE;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t out = net->graph->nodes[net->steps[i]].outputs[0];
        plan->sources[out] = find_source(net, plan, out);
        plan->passes[out] = plan->sources[out] != GRAPH_NONE && (net->shared[out] || is_op(net, out, "Add"));
    }
}

static uint32_t home_of(const struct net *net, const struct plan *plan, uint32_t value, bool gradient) {
    while (plan->sources[value] != GRAPH_NONE) {
        if (gradient && plan->kind == PLAN_TRAINING && !net->shared[value]) break;
        value = plan->sources[value];
    }
    return value;
}

/* ---- When arrays are needed ---- */

struct span {
    uint32_t first, last;
    size_t count, at;
    float **where; /* of the pointer that is set */
};

struct spans {
    const struct net *net;
    struct plan *plan;
    struct span *all, **order;
    uint32_t count;
    uint32_t end; /* 2 node_count */
};

static void extend(struct span *span, uint32_t time) {
    if (time < span->first) span->first = time;
    if (time > span->last) span->last = time;
}

static struct span *add_span(struct spans *s, uint32_t first, uint32_t last, size_t count, float **where) {
    struct span *span = &s->all[s->count++];
    *span = (struct span){.first = first, .last = last, .count = padded(count), .where = where};
    return span;
}

/* Of data and, but for a forward plan, gradients: [value_count], NULL where a value has no array of its own. */
static void add_values(struct spans *s, struct span **data, struct span **gradient) {
    const struct net *net = s->net;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t node = net->steps[i], out = net->graph->nodes[node].outputs[0];
        size_t count = shape_count(&s->plan->shapes[out]);
        if (home_of(net, s->plan, out, false) == out) data[out] = add_span(s, node, node, count, &s->plan->data[out]);
        if (s->plan->kind != PLAN_FORWARD && home_of(net, s->plan, out, true) == out)
            gradient[out] = add_span(s, s->end - node, s->end - node, count, &s->plan->gradient[out]);
    }
}

static void use_value(struct spans *s, struct span **data, struct span **gradient, uint32_t value, uint32_t node,
                      bool keeps) {
    struct span *there = data[home_of(s->net, s->plan, value, false)];
    extend(there, node);
    if (keeps) extend(there, s->end - node);
    if (s->plan->kind != PLAN_FORWARD) extend(gradient[home_of(s->net, s->plan, value, true)], s->end - node);
}

static void use_values(struct spans *s, struct span **data, struct span **gradient) {
    const struct net *net = s->net;
    const struct graph *g = net->graph;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = &g->nodes[net->steps[i]];
        uint32_t out = node->outputs[0];
        bool keeps = needs_inputs(net, s->plan, out);
        use_value(s, data, gradient, out, net->steps[i], needs_output(net, s->plan, out));
        for (uint32_t k = 0; k < node->input_count; k++) {
            uint32_t v = node->inputs[k];
            if (v != GRAPH_NONE && v != g->input && g->values[v].batched)
                use_value(s, data, gradient, v, net->steps[i], keeps);
        }
    }
    if (!net->step_count) return;
    extend(data[home_of(net, s->plan, g->output, false)], g->node_count);
    if (s->plan->kind != PLAN_FORWARD) extend(gradient[home_of(net, s->plan, g->output, true)], g->node_count);
}

/* What ops save, masks and scratch. */
static void add_calls(struct spans *s) {
    const struct net *net = s->net;
    struct plan *plan = s->plan;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t node = net->steps[i], back = s->end - node, index = net->fusion_of[node];
        const struct op_call *call = &plan->calls[node];
        const struct op *op = call->node->op;
        uint32_t last = plan->kind == PLAN_FORWARD ? node : back;
        uint32_t first = index ? net->fusions[index - 1].conv : node; /* a fused Conv makes the Relu's mask */
        if (op->saved) add_span(s, node, last, op->saved(call), &plan->arrays[node].saved);
        if (plan->kind == PLAN_GRADIENT && is_op(net, call->node->outputs[0], "Relu"))
            add_span(s, first, last, mask_words(shape_count(&call->out.shape)), &plan->arrays[node].mask);
        size_t scratch = op->scratch ? op->scratch(call) : 0;
        if (scratch) add_span(s, node, node, scratch, &plan->arrays[node].forward);
        if (scratch && last > node) add_span(s, back, back, scratch, &plan->arrays[node].backward);
    }
}

/* For a value that several nodes read: what the second and later ones add to its gradient. */
static void add_spares(struct spans *s) {
    const struct net *net = s->net;
    const struct graph *g = net->graph;
    if (s->plan->kind == PLAN_FORWARD) return;
    for (uint32_t v = 0; v < g->value_count; v++) {
        uint32_t lowest = 0, count = 0, second = 0;
        if (!g->values[v].batched || net->readers[v] < 2) continue;
        for (uint32_t i = net->step_count; i-- > 0;) {
            const struct node *node = &g->nodes[net->steps[i]];
            for (uint32_t k = 0; k < node->input_count; k++) {
                if (node->inputs[k] != v) continue;
                lowest = net->steps[i];
                if (++count == 2) second = lowest;
            }
        }
        if (count > 1)
            add_span(s, s->end - second, s->end - lowest, shape_count(&s->plan->shapes[v]), &s->plan->spare[v]);
    }
}

/* ---- Where they lie ---- */

static int larger_first(const void *a, const void *b) {
    const struct span *x = *(struct span *const *)a, *y = *(struct span *const *)b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The lowest place that no array needed at the same time takes. placed[count] are in the order of their places. */
static size_t lowest_place(struct span *const *placed, uint32_t count, const struct span *span) {
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct span *p = placed[i];
        if (p->first > span->last || span->first > p->last) continue;
        if (p->at >= at + span->count) break;
        if (p->at + p->count > at) at = p->at + p->count;
    }
    return at;
}

/* Largest first; returns how many floats that takes. `order` becomes the order of places. */
static size_t place_spans(struct spans *s) {
    size_t used = 0;
    for (uint32_t i = 0; i < s->count; i++) s->order[i] = &s->all[i];
    qsort(s->order, s->count, sizeof *s->order, larger_first);
    for (uint32_t i = 0; i < s->count; i++) {
        struct span *span = s->order[i];
        uint32_t k = i;
        span->at = lowest_place(s->order, i, span);
        for (; k > 0 && s->order[k - 1]->at > span->at; k--) s->order[k] = s->order[k - 1];
        s->order[k] = span;
        used = span->at + span->count > used ? span->at + span->count : used;
    }
    return used;
}

static void set_pointers(struct spans *s, float *memory) {
    const struct net *net = s->net;
    struct plan *plan = s->plan;
    for (uint32_t i = 0; i < s->count; i++) *s->all[i].where = memory + s->all[i].at;
    for (uint32_t i = 0; i < net->step_count; i++) {
        struct op_call *call = &plan->calls[net->steps[i]];
        uint32_t out = call->node->outputs[0];
        plan->data[out] = plan->data[home_of(net, plan, out, false)];
        if (plan->kind != PLAN_FORWARD) plan->gradient[out] = plan->gradient[home_of(net, plan, out, true)];
        call->saved = plan->arrays[net->steps[i]].saved;
        call->mask = (uint32_t *)(void *)plan->arrays[net->steps[i]].mask;
    }
}

bool memory_lay_out(const struct net *net, struct plan *plan, size_t *floats, float *memory, struct error *e) {
    const struct graph *g = net->graph;
    struct spans s = {.net = net, .plan = plan, .end = 2 * g->node_count};
    size_t most = 7 * (size_t)g->node_count + g->value_count + 1;
    struct span **data = calloc(2 * (size_t)g->value_count + 1, sizeof *data);
    s.all = malloc(most * sizeof *s.all);
    s.order = malloc(most * sizeof *s.order);
    bool ok = (data && s.all && s.order) || error_memory(e);
    if (ok) {
        find_sources(net, plan);
        add_values(&s, data, data + g->value_count);
        use_values(&s, data, data + g->value_count);
        add_calls(&s);
        add_spares(&s);
        *floats = place_spans(&s);
        if (memory) set_pointers(&s, memory);
    }
    free(data);
    free(s.all);
    free(s.order);
    return ok;
}
