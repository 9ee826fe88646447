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

/* As lay_out, for gradients. The input's is the caller's; a shared value has that of the value it reshapes. */
static size_t lay_out_gradients(const struct net *net, struct plan *plan, float *memory) {
    size_t used = 0, spare = 0;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = plan->calls[net->steps[i]].node;
        uint32_t out = node->outputs[0];
        size_t count = shape_count(&plan->shapes[out]) / plan->batch * plan->capacity;
        plan->gradient[out] = net->shared[out] || (!plan->training && follows(net, out, false))
                                  ? plan->gradient[node->inputs[0]]
                                  : take(memory, &used, count);
        for (uint32_t k = 0; k < node->input_count; k++) {
            uint32_t v = node->inputs[k];
            if (v == GRAPH_NONE || !net->graph->values[v].batched || net->readers[v] < 2) continue;
            count = shape_count(&plan->shapes[v]) / plan->batch * plan->capacity;
            spare = count > spare ? count : spare;
        }
    }
    plan->spare = take(memory, &used, spare);
    return used;
}

bool plan_add_gradients(const struct net *net, struct plan *plan, struct error *e) {
    if (plan->gradient_memory) return true;
    plan->gradient_memory = allocate(lay_out_gradients(net, plan, NULL), "its gradients", e);
    if (!plan->gradient_memory) return false;
    lay_out_gradients(net, plan, plan->gradient_memory);
    return true;
}
