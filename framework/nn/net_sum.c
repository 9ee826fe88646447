/* net_sum.c: weighted sums of gradients. Below the first non-linearity the backward pass is linear and the same for
 * every sample: gradients are summed at the cut, and the sum passes it once. On a line the forward pass below it is
 * that of the two ends. */
#include "nn/net.h"
#include "nn/net_plan.h"

#include <stdlib.h>
#include <string.h>

static size_t cut_size(const struct net *net) {
    return shape_count(&net->graph->values[net->cut].shape);
}

static bool cut_is_input(const struct net *net) {
    return net->cut == net->graph->input;
}

bool sum_prepare(struct net *net, struct error *e) {
    if (!net_prepare(net, PLAN_GRADIENT, e)) return false;
    if (!net->total) net->total = malloc(cut_size(net) * sizeof *net->total);
    if (!cut_is_input(net)) return net->total || error_memory(e);
    size_t inputs = net->group->capacity * shape_count(&net->graph->sample);
    if (!net->inputs) net->inputs = malloc(inputs * sizeof *net->inputs);
    if (!net->points) net->points = malloc(inputs * sizeof *net->points);
    return (net->total && net->inputs && net->points) || error_memory(e);
}

/* The gradients of one group, whose forward pass is done, at the cut. */
static void add_group(struct net *net, const uint32_t *targets, const float *weights) {
    struct plan *plan = net->group;
    size_t size = cut_size(net);
    seed_targets(net, plan, targets, weights);
    run_backward(net, plan, net->graph->output, &(struct backward_options){.stop = net->cut, .input = net->inputs});
    for (uint32_t k = 0; k < plan->batch; k++)
        for (size_t j = 0; j < size; j++) net->total[j] += plan->gradient[net->cut][k * size + j];
}

/* From the cut to the input, at any point x. */
static bool finish_sum(struct net *net, const float *x, float *out, struct error *e) {
    if (cut_is_input(net)) {
        memcpy(out, net->total, cut_size(net) * sizeof *out);
        return true;
    }
    struct plan *plan = net->group;
    if (!plan_resize(net, plan, 1, e)) return false;
    run_bind(net, plan, x);
    memcpy(plan->gradient[net->cut], net->total, cut_size(net) * sizeof *net->total);
    run_backward(net, plan, net->cut, &(struct backward_options){.stop = GRAPH_NONE, .input = out});
    return true;
}

bool net_gradient_sum(struct net *net, uint32_t n, const float *x, const uint32_t *targets, const float *weights,
                      float *out, struct error *e) {
    size_t sample = shape_count(&net->graph->sample);
    if (!net_check_targets(net, n, targets, e) || !sum_prepare(net, e)) return false;
    memset(net->total, 0, cut_size(net) * sizeof *net->total);
    for (uint32_t i = 0; i < n; i += net->group->batch) {
        if (!net_take_group(net, n, i, e)) return false;
        run_forward(net, net->group, x + i * sample, 0, GRAPH_NONE);
        add_group(net, targets + i, weights + i);
    }
    return finish_sum(net, x, out, e);
}

/* ---- On a line ---- */

/* The node whose output is the cut: it is run by itself, as the rectifier behind it waits for points of the line. */
static uint32_t cut_node(const struct net *net) {
    return net->graph->values[net->cut].node;
}

/* The value of the cut at one end. */
static bool find_end(struct net *net, const float *x, float *end, struct error *e) {
    struct plan *plan = net->group;
    if (cut_is_input(net)) {
        memcpy(end, x, cut_size(net) * sizeof *end);
        return true;
    }
    plan->split = cut_node(net);
    bool ok = plan_resize(net, plan, 1, e);
    if (ok) {
        run_forward(net, plan, x, 0, plan->split);
        memcpy(end, plan->data[net->cut], cut_size(net) * sizeof *end);
    }
    plan->split = GRAPH_NONE;
    return ok;
}

bool net_line_begin(struct net *net, const float *from, const float *to, struct error *e) {
    if (!sum_prepare(net, e)) return false;
    size_t size = cut_size(net);
    if (!net->ends && !(net->ends = malloc(2 * size * sizeof *net->ends))) return error_memory(e);
    return find_end(net, from, net->ends, e) && find_end(net, to, net->ends + size, e);
}

static void fill_points(const struct net *net, const float *positions, float *points) {
    size_t size = cut_size(net);
    const float *from = net->ends, *to = net->ends + size;
    for (uint32_t i = 0; i < net->group->batch; i++, points += size)
        for (size_t k = 0; k < size; k++) points[k] = from[k] + positions[i] * (to[k] - from[k]);
}

static void run_points(struct net *net, const float *positions) {
    struct plan *plan = net->group;
    if (cut_is_input(net)) {
        fill_points(net, positions, net->points);
        run_forward(net, plan, net->points, 0, GRAPH_NONE);
        return;
    }
    fill_points(net, positions, plan->data[net->cut]);
    run_forward(net, plan, net->ends, cut_node(net) + 1, GRAPH_NONE);
}

bool net_line_sum(struct net *net, uint32_t n, const float *positions, const float *weights, uint32_t target,
                  float *out, struct error *e) {
    uint32_t targets[NET_GROUP];
    for (uint32_t i = 0; i < NET_GROUP; i++) targets[i] = target;
    if (!net_check_targets(net, 1, targets, e) || !sum_prepare(net, e)) return false;
    bool ok = true;
    memset(net->total, 0, cut_size(net) * sizeof *net->total);
    if (!cut_is_input(net)) net->group->split = cut_node(net);
    for (uint32_t i = 0; ok && i < n; i += net->group->batch) {
        ok = net_take_group(net, n, i, e);
        if (!ok) break;
        run_points(net, positions + i);
        add_group(net, targets, weights + i);
    }
    net->group->split = GRAPH_NONE;
    return ok && finish_sum(net, net->ends, out, e);
}
