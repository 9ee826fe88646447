/* state.c: what is looked up in a run. */
#include "experiment/state.h"

#include "experiment/task.h"

#include <math.h>

#define TEST_SAMPLES 2000u /* of the explained data, for the test accuracy of trained networks */

const struct graph *run_root_graph(const struct run *run, enum root root) {
    const struct graph *const graphs[ROOT_COUNT] = {run->graph, run->label_graph, run->linear_graph};
    return graphs[root];
}

const struct weights *run_root_weights(const struct run *run, enum root root) {
    if (root == ROOT_MODEL) return run->model;
    if (root == ROOT_LINEAR) return run->linear;
    const struct network *n = run_network(run, NETWORK_TRUE, 0);
    return n ? n->weights : NULL;
}

struct network *run_network(const struct run *run, enum network_kind kind, uint32_t draw) {
    for (uint32_t i = 0; i < run->network_count; i++)
        if (run->networks[i].kind == kind && run->networks[i].draw == draw) return &run->networks[i];
    return NULL;
}

uint32_t run_original(const struct run *run, enum root root) {
    uint32_t i = 0;
    plan_find(&run->plan, root, attribution_is_original, &i);
    return i;
}

const struct memory_limits memory_limits_default = {
    .group = NET_MEMORY,
    .prepared = (size_t)64 << 20,
    .memos = (size_t)256 << 20, /* some four hundred gradients at 224 x 224 */
    .gradients = (size_t)64 << 20,
    .passes = (size_t)64 << 20, /* 16 photographs on ResNet-18, before each of its 6 groups */
};

const struct memory_limits *run_limits(const struct run *run) {
    return run->limits.group ? &run->limits : &memory_limits_default;
}

struct net_options run_net_options(const struct run *run) {
    return (struct net_options){
        .conv = run->battery->conv, .memory = run_limits(run)->group, .brief_mates = run->memory > 0};
}

bool run_net(const struct run *run, const struct weights *weights, struct net **out, struct error *e) {
    const struct net_options options = run_net_options(run);
    return net_create_with(weights, &options, out, e);
}

const struct explainer_entry *run_yardstick(const struct run *run, const struct explainer_entry *row) {
    const struct experiment_view v = {.explainers = run->explainers, .explainer_count = run->explainer_count};
    return view_yardstick(&v, row);
}

static const float *linear_weights(const struct run *run) {
    if (!run->linear) return NULL;
    const struct layer *l = &run->linear_graph->layers[0];
    return run->linear->data[l->parameters[0]];
}

uint32_t run_test_samples(const struct run *run) {
    return run->data->count < TEST_SAMPLES ? run->data->count : TEST_SAMPLES;
}

static double chance_of(const struct run *run, const struct experiment_view *v) {
    const struct dataset *d = run->data;
    if (v->task == TASK_REGRESSION) return 0;
    if (v->task != TASK_MULTI_LABEL) return 1. / v->classes[ROOT_LABELS];
    return d->targets ? label_base_rate(d->targets, run_test_samples(run), d->target_count) : (double)NAN;
}

struct experiment_view run_view(const struct run *run) {
    struct experiment_view v = {
        .plan = &run->plan,
        .controls = run->controls,
        .control_count = run->control_count,
        .explainers = run->explainers,
        .explainer_count = run->explainer_count,
        .inputs = run->inputs,
        .networks = run->networks,
        .network_count = run->network_count,
        .rule = &run->battery->rule,
        .sample = &run->data->sample,
        .linear = linear_weights(run),
        .figure_inputs = run->battery->figure_inputs,
        .figure_input_count = run->battery->figure_input_count,
        .seed = run->battery->seed,
        .prepared = run_limits(run)->prepared,
        .more_measures = run->more_measures,
        .task = TASK_CLASSIFICATION,
        .saturating = run->graph ? graph_saturating(run->graph) : NULL,
    };
    for (int root = 0; root < ROOT_COUNT; root++) {
        const struct graph *g = run_root_graph(run, (enum root)root);
        v.classes[root] = g ? g->classes : 0;
    }
    if (run->graph) v.task = task_settled(run->battery->task, run->graph);
    v.chance = chance_of(run, &v);
    return v;
}
