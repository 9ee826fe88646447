/* net_plan.c: making a plan: shapes for a number of samples, and the memory for all arrays. */
#include "nn/net_plan.h"

#include "base/scratch.h"

#include <stdlib.h>
#include <string.h>

/* What any plan may take; a small file must not ask for all memory. */
#define MOST_FLOATS ((size_t)1 << 32)

static float *allocate(size_t count, struct error *e) {
    if (count > MOST_FLOATS) {
        error_set(e, "the network needs %zu MiB for its activations: at most %zu", count / (1 << 18),
                  MOST_FLOATS / (1 << 18));
        return NULL;
    }
    return scratch_create(count * sizeof(float), e);
}

void plan_destroy(struct plan *plan) {
    if (!plan) return;
    free(plan->shapes);
    free(plan->calls);
    free(plan->arrays);
    free(plan->operands);
    free(plan->data);
    free(plan->gradient);
    free(plan->spare);
    free(plan->sources);
    free(plan->passes);
    free(plan->written);
    scratch_destroy(plan->memory, plan->floats * sizeof *plan->memory);
    free(plan);
}

/* A MaxPool does what is left to it. */
static bool rectifies(const struct net *net, const struct plan *plan, uint32_t node) {
    const struct graph *g = net->graph;
    const struct node *n = &g->nodes[node];
    const struct value *in = n->input_count && n->inputs[0] != GRAPH_NONE ? &g->values[n->inputs[0]] : NULL;
    return in && in->kind == VALUE_ACTIVATION && strcmp(n->op->name, "MaxPool") == 0 && plan_late(net, plan, in->node);
}

static bool set_shapes(const struct net *net, struct plan *plan, uint32_t batch, struct error *e) {
    const struct graph *g = net->graph;
    if (!graph_infer(g, batch, plan->shapes, e)) return false;
    struct operand *in = plan->operands;
    for (uint32_t i = 0; i < g->node_count; i++) {
        op_call_init(&plan->calls[i], g, plan_node(net, plan, i), plan->shapes, in);
        plan->calls[i].saved = plan->arrays[i].saved;
        plan->calls[i].mask = (uint32_t *)(void *)plan->arrays[i].mask;
        plan->calls[i].training = plan->kind == PLAN_TRAINING;
        plan->calls[i].rectifies = rectifies(net, plan, i);
        plan->calls[i].workers = plan->workers;
        const struct fusion *fusion = fuse_find(net, plan, i);
        if (fusion && fusion->conv == i) plan->calls[i].fused = &fusion->how;
        in += g->nodes[i].input_count;
    }
    plan->batch = batch;
    return true;
}

static bool create_arrays(const struct graph *g, struct plan *plan, struct error *e) {
    size_t values = (size_t)g->value_count + 1, nodes = (size_t)g->node_count + 1, operands = 1;
    for (uint32_t i = 0; i < g->node_count; i++) operands += g->nodes[i].input_count;
    plan->shapes = calloc(values, sizeof *plan->shapes);
    plan->data = calloc(values, sizeof *plan->data);
    plan->gradient = calloc(values, sizeof *plan->gradient);
    plan->spare = calloc(values, sizeof *plan->spare);
    plan->sources = calloc(values, sizeof *plan->sources);
    plan->passes = calloc(values, sizeof *plan->passes);
    plan->written = calloc(values, sizeof *plan->written);
    plan->calls = calloc(nodes, sizeof *plan->calls);
    plan->arrays = calloc(nodes, sizeof *plan->arrays);
    plan->operands = calloc(operands, sizeof *plan->operands);
    return (plan->shapes && plan->data && plan->gradient && plan->spare && plan->sources && plan->passes &&
            plan->written && plan->calls && plan->arrays && plan->operands) ||
           error_memory(e);
}

/* Fewer samples at a time where they are large. */
static bool fit_capacity(const struct net *net, struct plan *plan, size_t *floats, struct error *e) {
    if (!memory_lay_out(net, plan, floats, NULL, e)) return false;
    while (plan->kind != PLAN_TRAINING && plan->capacity > 1 && *floats > net->memory) {
        size_t fitting = plan->capacity * net->memory / *floats;
        plan->capacity = fitting ? (uint32_t)fitting : 1;
        if (!set_shapes(net, plan, plan->capacity, e) || !memory_lay_out(net, plan, floats, NULL, e)) return false;
    }
    return true;
}

bool plan_measure(const struct net *net, enum plan_kind kind, uint32_t capacity, unsigned workers, struct plan **out,
                  struct error *e) {
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) return error_memory(e);
    plan->kind = kind;
    plan->plain = net->plain;
    plan->capacity = capacity;
    plan->workers = workers;
    plan->split = GRAPH_NONE;
    if (!create_arrays(net->graph, plan, e) || !set_shapes(net, plan, capacity, e) ||
        !fit_capacity(net, plan, &plan->floats, e)) {
        plan_destroy(plan);
        return false;
    }
    *out = plan;
    return true;
}

bool plan_create(const struct net *net, enum plan_kind kind, uint32_t capacity, struct plan **out, struct error *e) {
    struct plan *plan;
    if (!plan_measure(net, kind, capacity, thread_team_size(net->team), &plan, e)) return false;
    plan->memory = allocate(plan->floats, e);
    if (!plan->memory || !memory_lay_out(net, plan, &(size_t){0}, plan->memory, e)) {
        plan_destroy(plan);
        return false;
    }
    *out = plan;
    return true;
}

bool plan_resize(const struct net *net, struct plan *plan, uint32_t batch, struct error *e) {
    return plan->batch == batch || set_shapes(net, plan, batch, e);
}
