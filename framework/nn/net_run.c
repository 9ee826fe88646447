/* net_run.c: forward and backward through one plan. */
#include "nn/net_blocks.h"
#include "nn/net_plan.h"
#include "nn/ops/fast_math.h"
#include "nn/ops/mask.h"

#include <string.h>

void run_bind(const struct net *net, struct plan *plan, const float *x) {
    const struct graph *g = net->graph;
    plan->data[g->input] = (float *)x; /* never written: it is no output */
    for (uint32_t i = 0; i < net->step_count; i++) {
        struct op_call *call = &plan->calls[net->steps[i]];
        for (uint32_t k = 0; k < call->node->input_count; k++) {
            uint32_t v = call->node->inputs[k];
            if (v == GRAPH_NONE) continue;
            if (g->values[v].batched) call->in[k].data = plan->data[v];
            else if (g->values[v].kind == VALUE_PARAMETER) call->in[k].data = net->weights->data[v];
        }
        call->out.data = plan->data[call->node->outputs[0]];
    }
}

/* There is scratch for no larger one. */
static struct thread_team *team_of(const struct net *net, const struct plan *plan) {
    return thread_team_size(net->team) <= plan->workers ? net->team : NULL;
}

/* What a Relu inside a fused Conv let through. */
static void make_mask(const struct net *net, struct plan *plan, const struct fusion *fusion) {
    if (fusion->relu == GRAPH_NONE || !plan->calls[fusion->relu].mask) return;
    const struct op_call *call = &plan->calls[fusion->relu];
    mask_make(team_of(net, plan), shape_count(&call->out.shape), call->out.data, call->mask);
}

/* Of this pass: the plan may have been split elsewhere in the one before. */
static const struct fusion *take_fusion(const struct net *net, const struct plan *plan, uint32_t node,
                                        struct op_call *call) {
    const struct fusion *fusion = fuse_find(net, plan, node);
    call->fused = fusion && fusion->conv == node ? &fusion->how : NULL;
    return fusion;
}

void run_forward(const struct net *net, struct plan *plan, const float *x, uint32_t first, uint32_t last) {
    run_bind(net, plan, x);
    for (uint32_t i = 0; i < net->step_count && net->steps[i] <= last; i++) {
        uint32_t node = net->steps[i];
        struct op_call *call = &plan->calls[node];
        const struct fusion *fusion = take_fusion(net, plan, node, call); /* also for the way back */
        if (node < first) continue;
        call->scratch = plan->arrays[node].forward;
        call->team = team_of(net, plan);
        if ((fusion && fusion->conv != node) || plan_skips(net, plan, node)) continue;
        if (blocks_pool(net, plan, node) != GRAPH_NONE) continue;
        if (blocks_end(net, plan, node)) blocks_run(net, plan, node);
        else if (!net->shared[call->node->outputs[0]] && !plan_late(net, plan, node)) call->node->op->forward(call);
        if (fusion) make_mask(net, plan, fusion);
    }
}

void seed_targets(const struct net *net, struct plan *plan, const uint32_t *targets, const float *factors) {
    uint32_t classes = net->graph->classes;
    float *gradient = plan->gradient[net->graph->output];
    memset(gradient, 0, (size_t)plan->batch * classes * sizeof *gradient);
    for (uint32_t i = 0; i < plan->batch; i++) gradient[(size_t)i * classes + targets[i]] = factors ? factors[i] : 1;
}

struct sum {
    float *to;
    const float *from;
};

FAST_CLONES static void add_range(float *restrict to, const float *restrict from, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] += from[i];
}

static void add(void *user, size_t first, size_t n) {
    const struct sum *sum = user;
    add_range(sum->to + first, sum->from + first, n);
}
#define ADD_PIECE 32768u /* that is shared out */

static uint32_t node_index(const struct plan *plan, const struct op_call *call) {
    return (uint32_t)(call - plan->calls);
}

/* The gradient of the call's output goes on to its input `k`. */
static void pass_on(const struct net *net, struct plan *plan, const struct op_call *call, uint32_t k) {
    uint32_t v = call->node->inputs[k], out = call->node->outputs[0];
    const struct op *op = call->node->op;
    const struct fusion *fusion = fuse_find(net, plan, node_index(plan, call));
    if ((plan->passes[out] && plan->sources[out] == v) || (fusion && fusion->norm == node_index(plan, call))) {
        plan->written[v] = true; /* it is there already */
    } else if (!plan->written[v]) {
        op->backward(call, k, plan->gradient[out], plan->gradient[v]);
        plan->written[v] = true;
    } else if (op->flags & OP_ADDS) {
        op->learn(call, k, plan->gradient[out], plan->gradient[v]);
    } else {
        op->backward(call, k, plan->gradient[out], plan->spare[v]);
        thread_team_share(team_of(net, plan), shape_count(&plan->shapes[v]), ADD_PIECE, add,
                          &(struct sum){plan->gradient[v], plan->spare[v]});
    }
}

static bool is_wanted(const struct net *net, uint32_t v, const struct backward_options *options) {
    if (options->learned) return net->learns[v];
    return v != net->graph->input || options->input;
}

void run_learn(struct plan *plan, struct op_call *call, uint32_t k, const struct backward_options *options) {
    const struct op *op = call->node->op;
    uint32_t v = call->node->inputs[k];
    if (v == GRAPH_NONE || !options->learned || !options->learned[v] || !op->learn) return;
    call->fresh = options->fresh[v] && (op->flags & OP_OVERWRITES);
    if (options->fresh[v] && !call->fresh)
        memset(options->learned[v], 0, shape_count(&call->in[k].shape) * sizeof **options->learned);
    op->learn(call, k, plan->gradient[call->node->outputs[0]], options->learned[v]);
    call->fresh = options->fresh[v] = false;
}

static void step_back(const struct net *net, struct plan *plan, struct op_call *call,
                      const struct backward_options *options) {
    const struct graph *g = net->graph;
    call->rule = call->node->gate ? NET_GRADIENT : options->rule;
    take_fusion(net, plan, node_index(plan, call), call);
    call->scratch = plan->arrays[node_index(plan, call)].backward;
    call->team = team_of(net, plan);
    if (blocks_conv(net, plan, node_index(plan, call)) != GRAPH_NONE) {
        plan->written[call->node->inputs[0]] = true; /* by the Conv's turn */
        return;
    }
    if (options->learned && blocks_return(net, plan, node_index(plan, call))) {
        blocks_back(net, plan, node_index(plan, call), options);
        return;
    }
    for (uint32_t k = 0; k < call->node->input_count; k++) {
        uint32_t v = call->node->inputs[k];
        if (v == GRAPH_NONE) continue;
        if (g->values[v].batched && is_wanted(net, v, options)) pass_on(net, plan, call, k);
        else run_learn(plan, call, k, options);
    }
}

void run_backward(const struct net *net, struct plan *plan, uint32_t from, const struct backward_options *options) {
    const struct graph *g = net->graph;
    memset(plan->written, 0, g->value_count * sizeof *plan->written);
    plan->written[from] = true;
    plan->gradient[g->input] = options->input;
    uint32_t stop = options->stop == GRAPH_NONE ? GRAPH_NONE : g->values[options->stop].node;
    for (uint32_t i = net->step_count; i-- > 0;) {
        struct op_call *call = &plan->calls[net->steps[i]];
        if (net->steps[i] == stop) break;
        if (plan->written[call->node->outputs[0]]) step_back(net, plan, call, options);
    }
}
