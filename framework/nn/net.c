/* net.c: what a caller may ask of a network, in groups of samples. */
#include "nn/net.h"
#include "nn/net_blocks.h"
#include "nn/net_plan.h"
#include "nn/node_roles.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is run, found once ---- */

/* The nodes between input and output, and how many of them read each value. */
static void find_steps(struct net *net) {
    const struct graph *g = net->graph;
    net->readers[g->output] = 1;
    for (uint32_t i = g->node_count; i-- > 0;) {
        const struct node *node = &g->nodes[i];
        if (!net->readers[node->outputs[0]]) continue;
        net->steps[net->step_count++] = i;
        for (uint32_t k = 0; k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE) net->readers[node->inputs[k]]++;
    }
    for (uint32_t i = 0; i < net->step_count / 2; i++) {
        uint32_t other = net->step_count - 1 - i, swap = net->steps[i];
        net->steps[i] = net->steps[other];
        net->steps[other] = swap;
    }
}

static void find_properties(struct net *net) {
    const struct graph *g = net->graph;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = &g->nodes[net->steps[i]];
        uint32_t out = node->outputs[0], in = node->inputs[0];
        net->has_statistics |= (node->op->flags & OP_STATISTICS) != 0;
        net->shared[out] = (node->op->flags & OP_RESHAPES) && in != g->input && net->readers[in] == 1;
        for (uint32_t k = 0; k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE)
                net->learns[out] |= g->values[node->inputs[k]].kind == VALUE_PARAMETER || net->learns[node->inputs[k]];
    }
}

/* The last value of the linear chain that begins at the input. */
static void find_cut(struct net *net) {
    const struct graph *g = net->graph;
    net->cut = g->input;
    for (uint32_t i = 0; i < net->step_count && net->readers[net->cut] == 1; i++) {
        const struct node *node = &g->nodes[net->steps[i]];
        bool reads = false;
        for (uint32_t k = 0; k < node->input_count; k++) reads |= node->inputs[k] == net->cut;
        if (!reads) continue;
        if (!(node->op->flags & OP_LINEAR) || graph_batched_inputs(g, node) != 1) break;
        net->cut = node->outputs[0];
    }
}

bool net_create(const struct weights *weights, struct net **out, struct error *e) {
    return net_create_with(weights, &(struct net_options){.conv = CONV_AUTO}, out, e);
}

bool net_create_with(const struct weights *weights, const struct net_options *options, struct net **out,
                     struct error *e) {
    const struct graph *g = weights->graph;
    if (g->input == GRAPH_NONE) return error_set(e, "the network has no input");
    struct net *net = calloc(1, sizeof *net);
    if (!net) return error_memory(e);
    openblas_set_num_threads(1);
    net->weights = weights;
    net->graph = g;
    net->brief_mates = options->brief_mates;
    net->memory = (options->memory ? options->memory : NET_MEMORY) / sizeof(float);
    net->most = NET_GROUP;
    net->steps = calloc((size_t)g->node_count + 1, sizeof *net->steps);
    net->readers = calloc(g->value_count, sizeof *net->readers);
    net->shared = calloc(g->value_count, sizeof *net->shared);
    net->learns = calloc(g->value_count, sizeof *net->learns);
    bool ok = (net->steps && net->readers && net->shared && net->learns) || error_memory(e);
    if (ok) {
        find_steps(net);
        find_properties(net);
        find_cut(net);
        ok = (blocks_create(net) || error_memory(e)) && fuse_create(net, options->conv, e) && chain_create(net, e) &&
             plan_create(net, PLAN_FORWARD, group_size(net), &net->group, e);
    }
    if (!ok) {
        net_destroy(net);
        return false;
    }
    *out = net;
    return true;
}

void net_destroy(struct net *net) {
    if (!net) return;
    plan_destroy(net->group);
    plan_destroy(net->training);
    plan_destroy(net->kept[0]);
    plan_destroy(net->kept[1]);
    node_roles_destroy(net->roles);
    fuse_destroy(net);
    chain_destroy(net);
    free(net->steps);
    free(net->readers);
    free(net->shared);
    free(net->learns);
    blocks_destroy(net);
    free(net->learned);
    free(net->learned_memory);
    free(net->learned_fresh);
    free(net->total);
    free(net->inputs);
    free(net->ends);
    free(net->points);
    mates_destroy(net);
    stems_destroy(net->stems);
    regions_destroy(net->regions);
    patches_destroy(net->patches);
    free(net);
}

const struct graph *net_graph(const struct net *net) {
    return net->graph;
}

const struct weights *net_weights(const struct net *net) {
    return net->weights;
}

void net_changed(struct net *net, uint32_t layer) {
    fuse_forget_layer(net, &net->graph->layers[layer]);
    regions_forget(net->regions);
    stems_note(net->stems, layer, true);
}

void net_restored(struct net *net, uint32_t layer) {
    net_changed(net, layer);
    stems_note(net->stems, layer, false);
}

void net_share(struct net *net, struct thread_team *team) {
    net->team = team;
}

/* ---- Requests ---- */

bool net_take_group(struct net *net, uint32_t n, uint32_t first, struct error *e) {
    uint32_t most = net->group->capacity;
    return plan_resize(net, net->group, n - first < most ? n - first : most, e);
}

bool net_check_targets(const struct net *net, uint32_t n, const uint32_t *targets, struct error *e) {
    for (uint32_t i = 0; i < n; i++)
        if (targets[i] >= net->graph->classes)
            return error_set(e, "target %u of sample %u: the network has %u outputs", targets[i], i,
                             net->graph->classes);
    return true;
}

bool net_prepare(struct net *net, enum plan_kind kind, struct error *e) {
    const struct plan *old = net->group;
    if (old->kind < kind || old->plain != net->plain || old->workers < thread_team_size(net->team)) {
        struct plan *plan;
        bool wider = old->kind < kind; /* else what the net keeps for as many samples stays large enough */
        uint32_t most = wider ? group_size(net) : old->capacity;
        if (!plan_create(net, wider ? kind : old->kind, most, &plan, e)) return false;
        plan_destroy(net->group);
        net->group = plan;
    }
    return fuse_prepare(net, e);
}

/* What the plan has of a value; of the logits, what they are raised to. */
static void copy_value(const struct net *net, uint32_t value, float *out) {
    const struct plan *plan = net->group;
    const float *raised = value == net->graph->output ? net->weights->raised : NULL;
    size_t size = shape_count(&net->graph->values[value].shape), count = plan->batch * size;
    memcpy(out, plan->data[value], count * sizeof *out);
    for (size_t k = 0; raised && k < count; k++) out[k] += raised[k % size];
}

static void copy_logits(const struct net *net, float *logits) {
    copy_value(net, net->graph->output, logits);
}

bool net_forward(struct net *net, uint32_t n, const float *x, float *logits, struct error *e) {
    size_t sample = shape_count(&net->graph->sample), classes = net->graph->classes;
    if (!net_prepare(net, PLAN_FORWARD, e)) return false;
    for (uint32_t i = 0; i < n; i += net->group->batch) {
        if (!net_take_group(net, n, i, e)) return false;
        const uint32_t from = regions_forward(net, x + i * sample);
        run_forward(net, net->group, x + i * sample, from, GRAPH_NONE);
        copy_logits(net, logits + i * classes);
    }
    return true;
}

bool net_gradient(struct net *net, enum net_rule rule, uint32_t n, const float *x, const uint32_t *targets, float *out,
                  struct error *e) {
    return net_gradient_logits(net, rule, n, x, targets, NULL, out, e);
}

bool net_gradient_logits(struct net *net, enum net_rule rule, uint32_t n, const float *x, const uint32_t *targets,
                         float *logits, float *out, struct error *e) {
    size_t sample = shape_count(&net->graph->sample), classes = net->graph->classes;
    if (!net_check_targets(net, n, targets, e) || !net_prepare(net, PLAN_GRADIENT, e)) return false;
    for (uint32_t i = 0; i < n; i += net->group->batch) {
        if (!net_take_group(net, n, i, e)) return false;
        stem_forward(net, x + i * sample, GRAPH_NONE, GRAPH_NONE);
        if (logits) copy_logits(net, logits + i * classes);
        seed_targets(net, net->group, targets + i, NULL);
        run_backward(net, net->group, net->graph->output,
                     &(struct backward_options){.rule = rule, .stop = GRAPH_NONE, .input = out + i * sample});
    }
    return true;
}

bool net_vjp(struct net *net, uint32_t n, const float *x, const float *cotangent, float *out, struct error *e) {
    size_t sample = shape_count(&net->graph->sample), classes = net->graph->classes;
    if (!net_prepare(net, PLAN_GRADIENT, e)) return false;
    for (uint32_t i = 0; i < n; i += net->group->batch) {
        if (!net_take_group(net, n, i, e)) return false;
        struct plan *plan = net->group;
        stem_forward(net, x + i * sample, GRAPH_NONE, GRAPH_NONE);
        memcpy(plan->gradient[net->graph->output], cotangent + i * classes, plan->batch * classes * sizeof *cotangent);
        run_backward(net, plan, net->graph->output,
                     &(struct backward_options){.stop = GRAPH_NONE, .input = out + i * sample});
    }
    return true;
}

static bool is_step(const struct net *net, uint32_t node) {
    return node < net->graph->node_count && net->readers[net->graph->nodes[node].outputs[0]] > 0;
}

static bool inspect(struct net *net, uint32_t node, uint32_t n, const float *x, const uint32_t *targets,
                    float *activation, float *gradient, struct error *e) {
    const struct graph *g = net->graph;
    uint32_t value = g->nodes[node].outputs[0];
    size_t sample = shape_count(&g->sample), size = shape_count(&g->values[value].shape);
    if (gradient && (!net_check_targets(net, n, targets, e) || !net_prepare(net, PLAN_GRADIENT, e))) return false;
    if (!gradient && !net_prepare(net, PLAN_FORWARD, e)) return false;
    struct plan *plan = net->group;
    bool ok = true;
    plan->split = node;
    for (uint32_t i = 0; i < n; i += net->group->batch) {
        ok = net_take_group(net, n, i, e);
        if (!ok) break;
        stem_forward(net, x + i * sample, node, node);
        if (activation) copy_value(net, value, activation + i * size);
        if (!gradient) continue;
        run_forward(net, plan, x + i * sample, node + 1, GRAPH_NONE);
        seed_targets(net, plan, targets + i, NULL);
        run_backward(net, plan, g->output, &(struct backward_options){.stop = value});
        memcpy(gradient + i * size, plan->gradient[value], plan->batch * size * sizeof *gradient);
    }
    plan->split = GRAPH_NONE;
    return ok;
}

/* The value of a node within a chain needs a plan of its own. */
bool net_inspect(struct net *net, uint32_t node, uint32_t n, const float *x, const uint32_t *targets, float *activation,
                 float *gradient, struct error *e) {
    if (!is_step(net, node))
        return error_set(e, "node %u does not lie between the network's input and its logits", node);
    const bool plain = net->plain;
    net->plain = plain || chain_hides(net, node);
    bool ok = inspect(net, node, n, x, targets, activation, gradient, e);
    net->plain = plain;
    return ok;
}

uint32_t net_class(const float *logits, uint32_t classes) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < classes; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

/* The predicted class of sample k of the group. */
static uint32_t class_of(const struct net *net, uint32_t k) {
    uint32_t classes = net->graph->classes, best = 0;
    const float *logits = net->group->data[net->graph->output] + (size_t)k * classes, *raised = net->weights->raised;
    if (!raised) return net_class(logits, classes);
    for (uint32_t i = 1; i < classes; i++)
        if (logits[i] + raised[i] > logits[best] + raised[best]) best = i;
    return best;
}

bool net_predict(struct net *net, uint32_t n, const float *x, uint32_t *predictions, struct error *e) {
    size_t sample = shape_count(&net->graph->sample);
    if (!net_prepare(net, PLAN_FORWARD, e)) return false;
    for (uint32_t i = 0; i < n; i += net->group->batch) {
        if (!net_take_group(net, n, i, e)) return false;
        run_forward(net, net->group, x + i * sample, 0, GRAPH_NONE);
        for (uint32_t k = 0; k < net->group->batch; k++) predictions[i + k] = class_of(net, k);
    }
    return true;
}
