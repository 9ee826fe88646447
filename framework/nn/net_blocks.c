/* net_blocks.c: a Conv and the MaxPool behind it in training, some samples at a time: what the one writes is still in
 * the cache when the other reads it, and nobody else does. */
#include "nn/net_blocks.h"

#include "nn/ops/conv.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_FLOATS ((size_t)1 << 17) /* of what lies between them: half of a second cache of a MiB */

static const struct node *maker(const struct net *net, uint32_t value, const char *op) {
    const struct value *v = &net->graph->values[value];
    const struct node *node = v->kind == VALUE_ACTIVATION && v->batched ? &net->graph->nodes[v->node] : NULL;
    return node && net->readers[value] == 1 && strcmp(node->op->name, op) == 0 ? node : NULL;
}

/* A Relu that only a MaxPool reads, and what is rectified only the Relu. */
static void find_late(struct net *net, const struct node *pool) {
    const struct node *relu = maker(net, pool->inputs[0], "Relu");
    uint32_t in = relu ? relu->inputs[0] : GRAPH_NONE;
    if (relu && in != net->graph->input && net->graph->values[in].batched && net->readers[in] == 1)
        net->late[relu - net->graph->nodes] = true;
}

/* Steps `at` and the one or two before it. */
static void find_block(struct net *net, uint32_t at) {
    const struct graph *g = net->graph;
    const struct node *pool = &g->nodes[net->steps[at]], *relu = maker(net, pool->inputs[0], "Relu");
    const struct node *conv = maker(net, relu ? relu->inputs[0] : pool->inputs[0], "Conv");
    uint32_t before = relu ? 2 : 1;
    if (!conv || g->single || at < before || &g->nodes[net->steps[at - before]] != conv) return;
    if (relu && &g->nodes[net->steps[at - 1]] != relu) return;
    net->pool_of[conv - g->nodes] = net->steps[at];
    if (relu) net->pool_of[relu - g->nodes] = net->steps[at];
}

bool blocks_create(struct net *net) {
    const struct graph *g = net->graph;
    net->late = calloc((size_t)g->node_count + 1, sizeof *net->late);
    net->pool_of = malloc(((size_t)g->node_count + 1) * sizeof *net->pool_of);
    if (!net->late || !net->pool_of) return false;
    for (uint32_t i = 0; i < g->node_count; i++) net->pool_of[i] = GRAPH_NONE;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = &g->nodes[net->steps[i]];
        if (strcmp(node->op->name, "MaxPool") != 0) continue;
        find_late(net, node);
        find_block(net, i);
    }
    return true;
}

void blocks_destroy(struct net *net) {
    free(net->late);
    free(net->pool_of);
}

uint32_t blocks_pool(const struct net *net, const struct plan *plan, uint32_t node) {
    bool trains = plan->kind == PLAN_TRAINING || (plan->kind == PLAN_FORWARD && net->widened);
    return trains ? net->pool_of[node] : GRAPH_NONE;
}

bool blocks_end(const struct net *net, const struct plan *plan, uint32_t node) {
    const struct node *n = &net->graph->nodes[node];
    uint32_t in = n->input_count ? n->inputs[0] : GRAPH_NONE,
             before = in != GRAPH_NONE ? net->graph->values[in].node : in;
    return before != GRAPH_NONE && blocks_pool(net, plan, before) == node;
}

static size_t per_sample(const struct plan *plan, uint32_t value) {
    return shape_count_from(&plan->shapes[value], 1);
}

size_t blocks_samples(const struct plan *plan, uint32_t value) {
    size_t fitting = BLOCK_FLOATS / (per_sample(plan, value) + 1);
    return fitting < 1 ? 1 : fitting < plan->batch ? fitting : plan->batch;
}

/* Samples [first, first + count) of a call. */
struct block {
    size_t first, count;
};

#define MOST_INPUTS 3 /* of a Conv */

/* The call of that block in `in` and `call`. What lies between, the input or the output, begins with the block. */
static void cut_call(const struct plan *plan, uint32_t node, const struct block *b, bool from_between, bool to_between,
                     struct operand *in, struct op_call *call) {
    *call = plan->calls[node];
    for (uint32_t k = 0; k < call->node->input_count; k++) in[k] = call->in[k];
    call->in = in;
    call->batch = (uint32_t)b->count;
    in[0].shape.dim[0] = call->out.shape.dim[0] = b->count;
    if (!from_between) in[0].data += b->first * shape_count_from(&in[0].shape, 1);
    if (!to_between) call->out.data += b->first * shape_count_from(&call->out.shape, 1);
    if (call->saved) call->saved += b->first * shape_count_from(&call->out.shape, 1); /* of a MaxPool: one a window */
}

static void run_block(const struct plan *plan, uint32_t node, const struct block *b, bool from_between,
                      bool to_between) {
    struct operand in[MOST_INPUTS];
    struct op_call call;
    cut_call(plan, node, b, from_between, to_between, in, &call);
    call.node->op->forward(&call);
}

void blocks_run(const struct net *net, const struct plan *plan, uint32_t pool) {
    uint32_t between = net->graph->nodes[pool].inputs[0], maker = net->graph->values[between].node, relu = GRAPH_NONE;
    uint32_t conv = maker;
    if (strcmp(net->graph->nodes[maker].op->name, "Relu") == 0) {
        const struct fusion *fusion = fuse_find(net, plan, maker);
        conv = net->graph->values[net->graph->nodes[maker].inputs[0]].node;
        if (!plan_late(net, plan, maker) && !(fusion && fusion->conv == conv)) relu = maker;
    }
    size_t samples = blocks_samples(plan, net->graph->nodes[conv].outputs[0]);
    for (struct block b = {0, samples}; b.first < plan->batch; b.first += samples) {
        if (b.count > plan->batch - b.first) b.count = plan->batch - b.first;
        run_block(plan, conv, &b, false, true);
        if (relu != GRAPH_NONE) run_block(plan, relu, &b, true, true);
        run_block(plan, pool, &b, true, false);
    }
}

/* ---- Back ---- */

/* What the Conv reads gets its gradient from it alone, or none. */
bool blocks_return(const struct net *net, const struct plan *plan, uint32_t conv) {
    const struct graph *g = net->graph;
    uint32_t in = g->nodes[conv].inputs[0];
    bool trains = plan->kind == PLAN_TRAINING && strcmp(g->nodes[conv].op->name, "Conv") == 0;
    return trains && net->pool_of[conv] != GRAPH_NONE && (!net->learns[in] || net->readers[in] == 1);
}

uint32_t blocks_conv(const struct net *net, const struct plan *plan, uint32_t pool) {
    const struct graph *g = net->graph;
    if (!blocks_end(net, plan, pool)) return GRAPH_NONE;
    uint32_t conv = g->values[g->nodes[pool].inputs[0]].node;
    if (strcmp(g->nodes[conv].op->name, "Relu") == 0) conv = g->values[g->nodes[conv].inputs[0]].node;
    return blocks_return(net, plan, conv) ? conv : GRAPH_NONE;
}

static float *at(float *data, const struct plan *plan, uint32_t value, const struct block *b) {
    return data + b->first * per_sample(plan, value);
}

void blocks_back(const struct net *net, struct plan *plan, uint32_t conv, const struct backward_options *options) {
    const struct node *nodes = net->graph->nodes;
    uint32_t pool = net->pool_of[conv], out = nodes[conv].outputs[0], in = nodes[conv].inputs[0],
             pooled = nodes[pool].outputs[0];
    size_t samples = blocks_samples(plan, out);
    struct operand operands[MOST_INPUTS];
    struct op_call call;
    for (struct block b = {0, samples}; b.first < plan->batch; b.first += samples) {
        if (b.count > plan->batch - b.first) b.count = plan->batch - b.first;
        cut_call(plan, pool, &b, true, false, operands, &call);
        call.node->op->backward(&call, 0, at(plan->gradient[pooled], plan, pooled, &b), plan->gradient[out]);
        cut_call(plan, conv, &b, false, true, operands, &call);
        if (net->learns[in])
            call.node->op->backward(&call, 0, plan->gradient[out], at(plan->gradient[in], plan, in, &b));
        for (uint32_t k = 1; k < call.node->input_count; k++) run_learn(plan, &call, k, options);
    }
    plan->written[in] |= net->learns[in];
}
