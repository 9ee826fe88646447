/* optimiser.c: the steps of Adam and of gradient descent with momentum, parameter by parameter, and weight decay. */
#include "nn/optimiser.h"

#include "nn/ops/fast_math.h"

#include <math.h>
#include <stdlib.h>

/* Kingma & Ba 2015, algorithm 1, with the settings they recommend. */
#define BETA1 .9
#define BETA2 .999
#define EPSILON 1e-8

struct optimiser_state {
    const struct graph *graph;
    enum optimiser kind;
    double rate, momentum;
    uint64_t step;
    float **first;  /* [value_count]: Adam's first moment, SGD's velocity */
    float **second; /* [value_count]: Adam's second moment */
    double decay;
    bool *decays;   /* [value_count]: parameters that decay; NULL: none */
    float *decayed; /* the gradient of one of them with its decay */
};

static bool allocate(const struct graph *graph, float ***out) {
    float **arrays = calloc(graph->value_count, sizeof *arrays);
    if (!arrays) return false;
    *out = arrays;
    for (uint32_t i = 0; i < graph->value_count; i++) {
        size_t n = shape_count(&graph->values[i].shape);
        if (graph->values[i].kind == VALUE_PARAMETER && !(arrays[i] = calloc(n ? n : 1, sizeof **arrays))) return false;
    }
    return true;
}

static void release(const struct graph *graph, float **arrays) {
    for (uint32_t i = 0; arrays && i < graph->value_count; i++) free(arrays[i]);
    free(arrays);
}

/* The parameters of the layer that decay, and the elements of the largest so far. False: the layer has none. */
static bool mark_layer(const struct graph *graph, uint32_t layer, bool *decays, size_t *largest) {
    const struct layer *l = &graph->layers[layer];
    bool found = false;
    for (uint32_t i = 0; i < l->parameter_count; i++) {
        uint32_t value = l->parameters[i];
        size_t n = shape_count(&graph->values[value].shape);
        if (!weights_multiplies(graph, layer, value)) continue;
        if (decays) decays[value] = true;
        if (n > *largest) *largest = n;
        found = true;
    }
    return found;
}

/* Without decay nothing is added, not even 0: the steps are those of the gradient to the bit. */
static bool prepare_decay(struct optimiser_state *state, const struct recipe *recipe) {
    const struct graph *graph = state->graph;
    uint32_t layers = graph->layer_count;
    size_t largest = 1;
    state->decay = recipe->weight_decay;
    if (!(state->decay > 0)) return true;
    if (!recipe->weight_decay_last) {
        while (layers > 0 && !mark_layer(graph, layers - 1, NULL, &largest)) layers--;
        if (layers > 0) layers--;
    }
    state->decays = calloc(graph->value_count, sizeof *state->decays);
    for (uint32_t i = 0; state->decays && i < layers; i++) mark_layer(graph, i, state->decays, &largest);
    state->decayed = malloc(largest * sizeof *state->decayed);
    return state->decays && state->decayed;
}

bool optimiser_create(const struct graph *graph, const struct recipe *recipe, struct optimiser_state **out,
                      struct error *e) {
    struct optimiser_state *state = calloc(1, sizeof *state);
    if (!state) return error_memory(e);
    state->graph = graph;
    state->kind = recipe->optimiser;
    state->rate = recipe->learning_rate;
    state->momentum = recipe->momentum;
    if (!prepare_decay(state, recipe) || !allocate(graph, &state->first) ||
        (state->kind == OPTIMISER_ADAM && !allocate(graph, &state->second))) {
        optimiser_destroy(state);
        return error_memory(e);
    }
    *out = state;
    return true;
}

void optimiser_destroy(struct optimiser_state *state) {
    if (!state) return;
    release(state->graph, state->first);
    release(state->graph, state->second);
    free(state->decays);
    free(state->decayed);
    free(state);
}

FAST_CLONES static void adam(const struct optimiser_state *state, size_t n, const float *restrict g, float *restrict m,
                             float *restrict v, float *restrict w) {
    double t = (double)state->step;
    float rate = (float)(state->rate / (1 - pow(BETA1, t)));
    float spread = (float)(1 / sqrt(1 - pow(BETA2, t)));
    for (size_t i = 0; i < n; i++) {
        m[i] = (float)BETA1 * m[i] + (float)(1 - BETA1) * g[i];
        v[i] = (float)BETA2 * v[i] + (float)(1 - BETA2) * g[i] * g[i];
        w[i] -= rate * m[i] / (sqrtf(v[i]) * spread + (float)EPSILON);
    }
}

/* Momentum as in Sutskever et al. 2013 (ICML, equations 1 and 2), with the rate outside the velocity. */
FAST_CLONES static void sgd(const struct optimiser_state *state, size_t n, const float *restrict g,
                            float *restrict velocity, float *restrict w) {
    float rate = (float)state->rate, momentum = (float)state->momentum;
    for (size_t i = 0; i < n; i++) {
        velocity[i] = momentum * velocity[i] + g[i];
        w[i] -= rate * velocity[i];
    }
}

static const float *add_decay(struct optimiser_state *state, size_t n, const float *g, const float *w) {
    float decay = (float)state->decay;
    for (size_t i = 0; i < n; i++) state->decayed[i] = g[i] + decay * w[i];
    return state->decayed;
}

bool optimiser_step(struct optimiser_state *state, struct weights *weights, float *const *grads, struct error *e) {
    state->step++;
    for (uint32_t i = 0; i < state->graph->value_count; i++) {
        if (!grads[i]) continue;
        size_t n = shape_count(&state->graph->values[i].shape);
        float *w = weights_edit(weights, i);
        if (!w) return error_memory(e);
        const float *g = state->decays && state->decays[i] ? add_decay(state, n, grads[i], w) : grads[i];
        if (state->kind == OPTIMISER_ADAM) adam(state, n, g, state->first[i], state->second[i], w);
        else sgd(state, n, g, state->first[i], w);
    }
    return true;
}
