/* Small questions about a run: roots, networks, shapes of maps, reductions. */
#include "experiment/state.h"

#include <float.h>
#include <math.h>

const struct graph *run_root_graph(const struct run *run, enum root root) {
    const struct graph *const graphs[ROOT_COUNT] = {run->graph, run->label_graph, run->linear_graph};
    return graphs[root];
}

const struct weights *run_root_weights(const struct run *run, enum root root) {
    if (root == ROOT_MODEL) return run->model;
    if (root == ROOT_LINEAR) return run->linear;
    const struct network *n = run_network(run, ROLE_TRUE, 0);
    return n ? n->weights : NULL;
}

struct network *run_network(const struct run *run, enum role role, uint32_t draw) {
    for (uint32_t i = 0; i < run->network_count; i++)
        if (run->networks[i].role == role && run->networks[i].draw == draw) return &run->networks[i];
    return NULL;
}

uint32_t run_original(const struct run *run, enum root root) {
    const struct plan *p = &run->plan;
    uint32_t i = 0;
    while (i + 1 < p->attribution_count) {
        const struct attribution *a = &p->attributions[i];
        if (a->root == root && !a->layers && a->role == ROLE_TRUE && a->inputs == INPUT_PLAIN && !a->repeat) break;
        i++;
    }
    return i;
}

struct net_options run_net_options(const struct run *run) {
    return (struct net_options){.conv = run->battery->conv};
}

bool run_net(const struct run *run, const struct weights *weights, struct net **out, struct error *e) {
    const struct net_options options = run_net_options(run);
    return net_create_with(weights, &options, out, e);
}

const float *run_linear_row(const struct run *run, uint32_t target) {
    const struct layer *l = &run->linear_graph->layers[0];
    return run->linear->data[l->parameters[0]] + (size_t)target * shape_count(&run->linear_graph->sample);
}

struct map_shape run_map_shape(const struct shape *sample, enum reduction reduction) {
    if (sample->rank != 3) return (struct map_shape){1, 1, (uint32_t)shape_count(sample)};
    struct map_shape s = {(uint32_t)sample->dim[0], (uint32_t)sample->dim[1], (uint32_t)sample->dim[2]};
    if (reduction != REDUCE_NONE) s.channels = 1;
    return s;
}

/* Features have no channels to reduce over; their absolute value is what the reductions by absolute value leave. */
static size_t channels_of(const struct shape *sample) {
    return sample->rank == 3 ? sample->dim[0] : 1;
}

void run_reduce(const struct shape *sample, enum reduction reduction, const float *map, float *out) {
    size_t channels = channels_of(sample), pixels = shape_count(sample) / channels;
    if (reduction == REDUCE_NONE) {
        for (size_t i = 0; i < channels * pixels; i++) out[i] = map[i];
        return;
    }
    for (size_t p = 0; p < pixels; p++) {
        double sum = 0, absolute = 0, largest = 0;
        for (size_t c = 0; c < channels; c++) {
            double v = map[c * pixels + p], a = fabs(v);
            sum += v;
            absolute += a;
            if (a > largest) largest = a;
        }
        double value = reduction == REDUCE_SUM        ? sum
                       : reduction == REDUCE_MEAN_ABS ? absolute / (double)channels
                                                      : largest;
        out[p] = (float)fmax(-FLT_MAX, fmin(FLT_MAX, value)); /* a sum of finite values stays finite */
    }
}

void run_nonzero(const struct shape *sample, enum reduction reduction, const float *x, uint8_t *out) {
    size_t channels = channels_of(sample), pixels = shape_count(sample) / channels;
    if (reduction == REDUCE_NONE) {
        for (size_t i = 0; i < channels * pixels; i++) out[i] = x[i] != 0;
        return;
    }
    for (size_t p = 0; p < pixels; p++) {
        out[p] = 0;
        for (size_t c = 0; c < channels; c++)
            if (x[c * pixels + p] != 0) out[p] = 1;
    }
}

const struct explainer_entry *run_yardstick(const struct run *run, enum reduction reduction) {
    for (uint32_t i = 0; i < run->explainer_count; i++)
        if (run->explainers[i].yardstick && run->explainers[i].reduction == reduction) return &run->explainers[i];
    return NULL;
}
