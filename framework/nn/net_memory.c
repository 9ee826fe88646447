/* net_memory.c: which arrays a plan needs, and when: what is not needed at the same time shares memory (net_span.h).
 *
 * Time: node i runs at time i; the gradient of the output is there at time node_count; node i passes it on at time
 * 2 node_count - i. */
#include "nn/net_blocks.h"
#include "nn/net_plan.h"
#include "nn/net_span.h"
#include "nn/ops/mask.h"

#include <stdlib.h>
#include <string.h>

/* Every array begins on a cache line. */
#define LINE (64 / sizeof(float))

static size_t padded(size_t count) {
    return (count + LINE - 1) / LINE * LINE;
}

/* ---- What shares an array: the gradients of two values do where the values do, but for rectifiers in training ---- */

static const struct node *node_of(const struct net *net, const struct plan *plan, uint32_t value) {
    return plan_node(net, plan, net->graph->values[value].node);
}

static bool is_op(const struct net *net, uint32_t value, const char *name) {
    return strcmp(net->graph->nodes[net->graph->values[value].node].op->name, name) == 0;
}

/* The normalisation or Relu of a fused Conv. */
static bool is_fused(const struct net *net, uint32_t value) {
    uint32_t node = net->graph->values[value].node, index = net->fusion_of[node];
    return index && node != net->fusions[index - 1].conv;
}

static bool needs_inputs(const struct net *net, const struct plan *plan, uint32_t value) {
    const struct node *node = node_of(net, plan, value);
    if (plan->kind != PLAN_GRADIENT) return plan_keeps(plan);
    if ((node->op->flags & (OP_FORGETS | OP_IN_PLACE)) || is_op(net, value, "Relu")) return false;
    return !(node->op->flags & OP_LINEAR) || graph_batched_inputs(net->graph, node) != 1;
}

static bool needs_output(const struct net *net, const struct plan *plan, uint32_t value) {
    if (plan->kind == PLAN_KEPT || plan->calls[net->graph->values[value].node].rectifies) return true;
    return plan->kind != PLAN_FORWARD && !(node_of(net, plan, value)->op->flags & (OP_FORGETS | OP_LINEAR)) &&
           !is_op(net, value, "Relu");
}

/* Input `k` of the value's node ends with this node: its array can be the value's. */
static bool can_take(const struct net *net, const struct plan *plan, uint32_t value, uint32_t k) {
    const struct graph *g = net->graph;
    uint32_t v = node_of(net, plan, value)->inputs[k];
    if (v == GRAPH_NONE || v == g->input || !g->values[v].batched || net->readers[v] != 1) return false;
    return shape_equal(&plan->shapes[v], &plan->shapes[value]) && !needs_output(net, plan, v);
}

/* The value whose array `value` takes over when it is computed, or GRAPH_NONE. */
static uint32_t find_source(const struct net *net, const struct plan *plan, uint32_t value) {
    const struct node *node = node_of(net, plan, value);
    bool training = plan_keeps(plan);
    if (net->shared[value] || plan_late(net, plan, net->graph->values[value].node)) return node->inputs[0];
    if (is_op(net, value, "Relu"))
        return (!training || is_fused(net, value)) && can_take(net, plan, value, 0) ? node->inputs[0] : GRAPH_NONE;
    if (training) return GRAPH_NONE; /* a normalisation needs its input on the way back */
    if (is_fused(net, value)) return node->inputs[0];
    if (node->op->flags & OP_IN_PLACE) return can_take(net, plan, value, 0) ? node->inputs[0] : GRAPH_NONE;
    for (uint32_t k = 0; k < 2 && is_op(net, value, "Add"); k++)
        if (can_take(net, plan, value, k)) return node->inputs[k];
    return GRAPH_NONE;
}

static void find_sources(const struct net *net, struct plan *plan) {
    for (uint32_t v = 0; v < net->graph->value_count; v++) plan->sources[v] = GRAPH_NONE;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t out = net->graph->nodes[net->steps[i]].outputs[0];
        if (plan_skips(net, plan, net->steps[i])) continue;
        plan->sources[out] = find_source(net, plan, out);
        bool unchanged = net->shared[out] || is_op(net, out, "Add") || plan_late(net, plan, net->steps[i]);
        plan->passes[out] = plan->sources[out] != GRAPH_NONE && unchanged;
    }
}

/* ---- When arrays are needed ---- */

struct spans {
    const struct net *net;
    struct plan *plan;
    struct span *all;
    uint32_t count;
    uint32_t end;                   /* 2 node_count */
    uint32_t *home[2];              /* [value_count]: the value whose array it has, and whose gradient's */
    struct span **data, **gradient; /* [value_count], NULL where a value has no array of its own */
};

enum { DATA, GRADIENT };

static void extend(struct span *span, uint32_t time) {
    if (time < span->first) span->first = time;
    if (time > span->last) span->last = time;
}

static struct span *add_span(struct spans *s, uint32_t first, uint32_t last, size_t count, float **where) {
    struct span *span = &s->all[s->count++];
    *span = (struct span){.first = first, .last = last, .count = padded(count), .where = where};
    return span;
}

/* Steps come in order: the home of a source is known before those that take it over. */
static void find_homes(struct spans *s) {
    const struct net *net = s->net;
    const struct plan *plan = s->plan;
    for (uint32_t v = 0; v < net->graph->value_count; v++) s->home[DATA][v] = s->home[GRADIENT][v] = v;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t out = net->graph->nodes[net->steps[i]].outputs[0], source = plan->sources[out];
        if (source == GRAPH_NONE) continue;
        s->home[DATA][out] = s->home[DATA][source];
        if (!plan_keeps(plan) || plan->passes[out]) s->home[GRADIENT][out] = s->home[GRADIENT][source];
    }
}

/* Of data and, but for a forward plan, gradients. */
static void add_values(struct spans *s) {
    const struct net *net = s->net;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t node = net->steps[i], out = net->graph->nodes[node].outputs[0];
        if (plan_skips(net, s->plan, node)) continue;
        const struct shape *shape = &s->plan->shapes[out];
        size_t count = shape_count(shape), there = count;
        if (blocks_pool(net, s->plan, node) != GRAPH_NONE)
            there = blocks_samples(s->plan, out) * shape_count_from(shape, 1);
        if (blocks_return(net, s->plan, node)) count = there;
        if (s->home[DATA][out] == out) s->data[out] = add_span(s, node, node, there, &s->plan->data[out]);
        if (s->plan->kind != PLAN_FORWARD && s->home[GRADIENT][out] == out)
            s->gradient[out] = add_span(s, s->end - node, s->end - node, count, &s->plan->gradient[out]);
    }
}

/* When a node is really run: its value is what others find there before, but nothing it takes may be gone by then. */
static uint32_t run_at(const struct net *net, const struct plan *plan, uint32_t node) {
    uint32_t pool = blocks_pool(net, plan, node);
    return pool != GRAPH_NONE ? pool : node;
}

/* The same on the way back. */
static uint32_t back_at(const struct spans *s, uint32_t node) {
    uint32_t conv = blocks_conv(s->net, s->plan, node);
    return s->end - (conv != GRAPH_NONE ? conv : node);
}

static void use_value(struct spans *s, uint32_t value, uint32_t node, bool keeps) {
    struct span *there = s->data[s->home[DATA][value]];
    extend(there, node);
    if (keeps) extend(there, s->plan->kind == PLAN_KEPT ? s->end : back_at(s, node)); /* a rule looks at any */
    if (s->plan->kind != PLAN_FORWARD) extend(s->gradient[s->home[GRADIENT][value]], back_at(s, node));
}

static void use_values(struct spans *s) {
    const struct net *net = s->net;
    const struct graph *g = net->graph;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = plan_node(net, s->plan, net->steps[i]);
        uint32_t out = node->outputs[0];
        if (plan_skips(net, s->plan, net->steps[i])) continue;
        bool keeps = needs_inputs(net, s->plan, out);
        use_value(s, out, net->steps[i], needs_output(net, s->plan, out));
        for (uint32_t k = 0; k < node->input_count; k++) {
            uint32_t v = node->inputs[k];
            if (v == GRAPH_NONE || v == g->input || !g->values[v].batched) continue;
            use_value(s, v, net->steps[i], keeps);
            extend(s->data[s->home[DATA][v]], run_at(net, s->plan, net->steps[i]));
        }
    }
    if (!net->step_count) return;
    extend(s->data[s->home[DATA][g->output]], g->node_count);
    if (s->plan->kind != PLAN_FORWARD) extend(s->gradient[s->home[GRADIENT][g->output]], g->node_count);
}

/* What ops save, masks and scratch. */
static void add_calls(struct spans *s) {
    const struct net *net = s->net;
    struct plan *plan = s->plan;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t node = net->steps[i], back = back_at(s, node), index = net->fusion_of[node];
        const struct op_call *call = &plan->calls[node];
        const struct op *op = call->node->op;
        if (plan_skips(net, plan, node)) continue;
        uint32_t last = plan->kind == PLAN_FORWARD ? node : back;
        uint32_t first = index ? net->fusions[index - 1].conv : node; /* a fused Conv makes the Relu's mask */
        if (op->saved) add_span(s, node, last, op->saved(call), &plan->arrays[node].saved);
        if (plan->kind == PLAN_GRADIENT && is_op(net, call->node->outputs[0], "Relu"))
            add_span(s, first, last, mask_words(shape_count(&call->out.shape)), &plan->arrays[node].mask);
        size_t scratch = op->scratch ? op->scratch(call) : 0;
        if (scratch) add_span(s, node, run_at(net, plan, node), scratch, &plan->arrays[node].forward);
        if (scratch && last > node) add_span(s, back, back, scratch, &plan->arrays[node].backward);
    }
}

/* The nodes that read a value, from the last on: how many times, the second time, the first node. */
struct reading {
    uint32_t count, second, lowest;
};

/* For a value that several nodes read: what the second and later ones add to its gradient. */
static bool add_spares(struct spans *s, struct error *e) {
    const struct net *net = s->net;
    const struct graph *g = net->graph;
    if (s->plan->kind == PLAN_FORWARD) return true;
    struct reading *readings = calloc((size_t)g->value_count + 1, sizeof *readings);
    if (!readings) return error_memory(e);
    for (uint32_t i = net->step_count; i-- > 0;) {
        const struct node *node = plan_node(net, s->plan, net->steps[i]);
        for (uint32_t k = 0; k < node->input_count && !plan_skips(net, s->plan, net->steps[i]); k++) {
            if (node->inputs[k] == GRAPH_NONE) continue;
            struct reading *r = &readings[node->inputs[k]];
            r->lowest = net->steps[i];
            if (++r->count == 2) r->second = r->lowest;
        }
    }
    for (uint32_t v = 0; v < g->value_count; v++) {
        const struct reading *r = &readings[v];
        if (!g->values[v].batched || net->readers[v] < 2 || r->count < 2) continue;
        add_span(s, s->end - r->second, s->end - r->lowest, shape_count(&s->plan->shapes[v]), &s->plan->spare[v]);
    }
    free(readings);
    return true;
}

static void set_pointers(struct spans *s, float *memory) {
    const struct net *net = s->net;
    struct plan *plan = s->plan;
    for (uint32_t i = 0; i < s->count; i++) *s->all[i].where = memory + s->all[i].at;
    for (uint32_t i = 0; i < net->step_count; i++) {
        struct op_call *call = &plan->calls[net->steps[i]];
        uint32_t out = call->node->outputs[0];
        plan->data[out] = plan->data[s->home[DATA][out]];
        if (plan->kind != PLAN_FORWARD) plan->gradient[out] = plan->gradient[s->home[GRADIENT][out]];
        call->saved = plan->arrays[net->steps[i]].saved;
        call->mask = (uint32_t *)(void *)plan->arrays[net->steps[i]].mask;
    }
}

/* The spans of all arrays but spares; the sources are known. */
static bool spans_find(struct spans *s, const struct net *net, struct plan *plan) {
    const struct graph *g = net->graph;
    *s = (struct spans){.net = net, .plan = plan, .end = 2 * g->node_count};
    size_t values = (size_t)g->value_count + 1, most = 7 * (size_t)g->node_count + values;
    s->data = calloc(2 * values, sizeof *s->data);
    s->home[DATA] = malloc(2 * values * sizeof *s->home[DATA]);
    s->all = malloc(most * sizeof *s->all);
    if (!s->data || !s->home[DATA] || !s->all) return false;
    s->gradient = s->data + values;
    s->home[GRADIENT] = s->home[DATA] + values;
    find_homes(s);
    add_values(s);
    use_values(s);
    add_calls(s);
    return true;
}

static void spans_free(struct spans *s) {
    free(s->data);
    free(s->home[DATA]);
    free(s->all);
}

bool memory_lay_out(const struct net *net, struct plan *plan, size_t *floats, float *memory, struct error *e) {
    struct spans s;
    find_sources(net, plan);
    bool ok = spans_find(&s, net, plan) || error_memory(e);
    ok = ok && add_spares(&s, e) && span_place_all(s.all, s.count, floats, e);
    if (ok && memory) set_pointers(&s, memory);
    spans_free(&s);
    return ok;
}

/* ---- What there is before a node is run ---- */

/* The last node before `node` that wrote to each array of values. A fused Conv wrote for its followers. */
static void find_writers(const struct spans *s, uint32_t node, uint32_t *writers) {
    const struct net *net = s->net;
    for (uint32_t i = 0; i < net->step_count && net->steps[i] < node; i++) {
        uint32_t at = net->steps[i], out = net->graph->nodes[at].outputs[0];
        const struct fusion *fusion = fuse_find(net, s->plan, at);
        if (plan_skips(net, s->plan, at) || net->shared[out] || (fusion && fusion->conv != at)) continue;
        writers[s->home[DATA][out]] = at;
    }
}

struct alive *memory_alive(const struct net *net, struct plan *plan, uint32_t node, uint32_t *count) {
    struct spans s;
    uint32_t values = net->graph->value_count, *writers = calloc(values + 1u, sizeof *writers);
    struct alive *all = spans_find(&s, net, plan) && writers ? malloc((s.count + 1u) * sizeof *all) : NULL;
    *count = 0;
    if (all) find_writers(&s, node, writers);
    for (uint32_t i = 0; all && i < s.count; i++) {
        const struct span *span = &s.all[i];
        if (span->first >= node || span->last < node || !span->count) continue;
        bool value = span->where >= plan->data && span->where < plan->data + values;
        uint32_t array = (uint32_t)(value ? span->where - plan->data : span->where - &plan->arrays[0].saved);
        all[(*count)++] =
            (struct alive){*span->where, span->count, value ? array : values + array, value ? writers[array] : 0};
    }
    spans_free(&s);
    free(writers);
    return all;
}
