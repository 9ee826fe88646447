#include "nn/net_plan.h"

#include <stdlib.h>
#include <string.h>

/* Every array begins on a cache line. */
#define ALIGNMENT 64
#define FLOATS (ALIGNMENT / sizeof(float))
/* What a plan may take; a small file must not ask for all memory. */
#define MOST_FLOATS ((size_t)1 << 32)

static size_t padded(size_t count) {
    return (count + FLOATS - 1) / FLOATS * FLOATS;
}

/* The next `count` floats of `memory`, or only their size when it is NULL. */
static float *take(float *memory, size_t *used, size_t count) {
    float *at = memory ? memory + *used : NULL;
    *used += padded(count);
    return at;
}

static float *allocate(size_t count, const char *what, struct error *e) {
    if (count > MOST_FLOATS) {
        error_set(e, "the network needs %zu MiB for %s: at most %zu", count / (1 << 18), what, MOST_FLOATS / (1 << 18));
        return NULL;
    }
    float *memory = aligned_alloc(ALIGNMENT, padded(count + 1) * sizeof *memory);
    if (!memory) error_memory(e);
    return memory;
}

void plan_destroy(struct plan *plan) {
    if (!plan) return;
    free(plan->shapes);
    free(plan->calls);
    free(plan->operands);
    free(plan->data);
    free(plan->gradient);
    free(plan->written);
    free(plan->memory);
    free(plan->gradient_memory);
    free(plan);
}

static bool follows(const struct net *net, uint32_t value, bool relu) {
    uint32_t node = net->graph->values[value].node, index = net->fusion_of[node];
    return index && node == (relu ? net->fusions[index - 1].relu : net->fusions[index - 1].norm);
}

/* The value takes the place of the one it is computed from, which nothing reads afterwards: what a Relu lets through
 * can be told from its output. In training a normalisation still needs its input. */
static bool is_in_place(const struct net *net, const struct plan *plan, uint32_t value) {
    return !plan->training && (follows(net, value, true) || follows(net, value, false));
}

/* Where activations, saved values and scratch of the current shapes lie; returns how many floats that takes. */
static size_t lay_out(const struct net *net, struct plan *plan) {
    size_t used = 0, scratch = 0;
    for (uint32_t i = 0; i < net->step_count; i++) {
        struct op_call *call = &plan->calls[net->steps[i]];
        const struct op *op = call->node->op;
        uint32_t out = call->node->outputs[0];
        plan->data[out] = net->shared[out] || is_in_place(net, plan, out)
                              ? plan->data[call->node->inputs[0]]
                              : take(plan->memory, &used, shape_count(&plan->shapes[out]));
        if (op->saved) call->saved = take(plan->memory, &used, op->saved(call));
        size_t wanted = op->scratch ? op->scratch(call) : 0;
        scratch = wanted > scratch ? wanted : scratch;
    }
    float *shared = take(plan->memory, &used, scratch);
    for (uint32_t i = 0; i < net->step_count; i++) plan->calls[net->steps[i]].scratch = shared;
    return used;
}

static bool set_shapes(const struct net *net, struct plan *plan, uint32_t batch, struct error *e) {
    const struct graph *g = net->graph;
    if (!graph_infer(g, batch, plan->shapes, e)) return false;
    struct operand *in = plan->operands;
    for (uint32_t i = 0; i < g->node_count; i++) {
        float *saved = plan->calls[i].saved, *scratch = plan->calls[i].scratch;
        op_call_init(&plan->calls[i], g, &g->nodes[i], plan->shapes, in);
        plan->calls[i].saved = saved;
        plan->calls[i].scratch = scratch;
        const struct fusion *fusion = fuse_find(net, plan, i);
        if (fusion && fusion->conv == i) plan->calls[i].fused = &fusion->how;
        in += g->nodes[i].input_count;
    }
    plan->batch = batch;
    return true;
}

bool plan_create(const struct net *net, uint32_t capacity, bool training, struct plan **out, struct error *e) {
    const struct graph *g = net->graph;
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) return error_memory(e);
    size_t values = (size_t)g->value_count + 1, operands = 1;
    for (uint32_t i = 0; i < g->node_count; i++) operands += g->nodes[i].input_count;
    plan->capacity = capacity;
    plan->training = training;
    plan->split = GRAPH_NONE;
    plan->shapes = calloc(values, sizeof *plan->shapes);
    plan->data = calloc(values, sizeof *plan->data);
    plan->gradient = calloc(values, sizeof *plan->gradient);
    plan->written = calloc(values, sizeof *plan->written);
    plan->calls = calloc((size_t)g->node_count + 1, sizeof *plan->calls);
    plan->operands = calloc(operands, sizeof *plan->operands);
    bool ok = plan->shapes && plan->data && plan->gradient && plan->written && plan->calls && plan->operands;
    ok = ok || error_memory(e);
    ok = ok && set_shapes(net, plan, capacity, e);
    if (ok) {
        plan->memory = allocate(lay_out(net, plan), "its activations", e);
        ok = plan->memory != NULL;
    }
    if (!ok) {
        plan_destroy(plan);
        return false;
    }
    lay_out(net, plan);
    *out = plan;
    return true;
}

bool plan_resize(const struct net *net, struct plan *plan, uint32_t batch, struct error *e) {
    return plan->batch == batch || set_shapes(net, plan, batch, e);
}

/* ---- Gradients: an array is free again as soon as the node that computes its value has passed it on ---- */

/* Where the gradient of a value lies, and between which nodes on the way back it is needed. */
struct span {
    uint32_t first, last; /* the node that computes the value, and the last that reads it */
    size_t at, count;     /* count 0: not placed yet */
};

/* The value whose gradient's array `value` uses, too. */
static uint32_t gradient_home(const struct net *net, const struct plan *plan, uint32_t value) {
    while (net->shared[value] || (!plan->training && follows(net, value, false)))
        value = net->graph->nodes[net->graph->values[value].node].inputs[0];
    return value;
}

static void find_spans(const struct net *net, const struct plan *plan, struct span *spans) {
    const struct graph *g = net->graph;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = &g->nodes[net->steps[i]];
        uint32_t out = node->outputs[0];
        if (gradient_home(net, plan, out) == out) spans[out].first = spans[out].last = net->steps[i];
        for (uint32_t k = 0; k < node->input_count; k++) {
            uint32_t v = node->inputs[k];
            if (v != GRAPH_NONE && v != g->input && g->values[v].batched)
                spans[gradient_home(net, plan, v)].last = net->steps[i];
        }
    }
    spans[gradient_home(net, plan, g->output)].last = g->node_count;
}

/* The lowest place that no array needed at the same time takes; returns where it ends. */
static size_t place_span(const struct net *net, struct span *spans, struct span *span, size_t count) {
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < net->step_count; i++) {
            const struct span *s = &spans[net->graph->nodes[net->steps[i]].outputs[0]];
            if (!s->count || s->first > span->last || span->first > s->last) continue;
            if (at >= s->at + s->count || s->at >= at + count) continue;
            at = s->at + s->count;
            moved = true;
        }
    }
    span->at = at;
    span->count = count;
    return at + count;
}

/* Floats for the gradients of a full plan. The input's is the caller's. */
static size_t place_gradients(const struct net *net, struct plan *plan, struct span *spans) {
    size_t used = 0;
    for (uint32_t i = net->step_count; i-- > 0;) {
        uint32_t out = net->graph->nodes[net->steps[i]].outputs[0];
        if (gradient_home(net, plan, out) != out) continue;
        size_t count = padded(shape_count(&plan->shapes[out]) / plan->batch * plan->capacity);
        size_t end = place_span(net, spans, &spans[out], count);
        used = end > used ? end : used;
    }
    return used;
}

/* For values that several nodes read: what the second and later ones add. */
static size_t spare_size(const struct net *net, const struct plan *plan) {
    size_t most = 0;
    for (uint32_t v = 0; v < net->graph->value_count; v++) {
        if (!net->graph->values[v].batched || net->readers[v] < 2) continue;
        size_t count = shape_count(&plan->shapes[v]) / plan->batch * plan->capacity;
        most = count > most ? count : most;
    }
    return padded(most);
}

bool plan_add_gradients(const struct net *net, struct plan *plan, struct error *e) {
    if (plan->gradient_memory) return true;
    struct span *spans = calloc((size_t)net->graph->value_count + 1, sizeof *spans);
    if (!spans) return error_memory(e);
    find_spans(net, plan, spans);
    size_t used = place_gradients(net, plan, spans);
    plan->gradient_memory = allocate(used + spare_size(net, plan), "its gradients", e);
    for (uint32_t i = 0; i < net->step_count && plan->gradient_memory; i++) {
        uint32_t out = net->graph->nodes[net->steps[i]].outputs[0];
        plan->gradient[out] = plan->gradient_memory + spans[gradient_home(net, plan, out)].at;
    }
    plan->spare = plan->gradient_memory ? plan->gradient_memory + used : NULL;
    free(spans);
    return plan->gradient_memory != NULL;
}
