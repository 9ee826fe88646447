/* Weight decay: one step against its closed form, what decays and what does not, and that none changes nothing. */
#include "nn/train.h"

#include "nn/arch.h"
#include "nn/optimiser.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(train_decay);

enum { SIDE = 6, PIXELS = SIDE * SIDE, SAMPLES = 8, CLASSES = 3 };

#define RATE .05
#define DECAY .3
#define LINEAR "fc:3"
#define CNN "conv:4x3,batchnorm,relu,flatten,fc:5,relu,fc:3"

static void make_samples(float *x, uint32_t *labels) {
    for (uint32_t i = 0; i < SAMPLES; i++) labels[i] = i % CLASSES;
    for (uint32_t k = 0; k < SAMPLES * PIXELS; k++) x[k] = (float)sin(.7 * k + .1);
}

static struct weights *make_weights(const char *layers) {
    struct graph *g;
    struct weights *w;
    struct error e = {""};
    struct shape sample = {3, {1, SIDE, SIDE}};
    cr_assert(arch_build(layers, &sample, &g, &e) && weights_create(g, &w, &e), "%s", e.text);
    return w;
}

static void drop(struct weights *w) {
    struct graph *g = (struct graph *)w->graph;
    weights_destroy(w);
    graph_destroy(g);
}

/* The weights that training begins with. */
static struct weights *started(const char *layers, uint64_t seed) {
    struct weights *w = make_weights(layers);
    const struct init_options options = {.scheme = &init_own, .seed = seed};
    for (uint32_t i = 0; i < w->graph->layer_count; i++) cr_assert(weights_redraw(w, i, &options, NULL));
    return w;
}

/* After `epochs` steps, each on all samples. */
static struct weights *stepped(const char *layers, enum optimiser optimiser, uint32_t epochs, double decay, bool last) {
    static float x[SAMPLES * PIXELS];
    static uint32_t labels[SAMPLES];
    struct weights *w = make_weights(layers);
    struct recipe recipe = recipe_default();
    struct train_result result;
    struct error e = {""};
    make_samples(x, labels);
    recipe.optimiser = optimiser;
    recipe.learning_rate = RATE;
    recipe.batch = SAMPLES;
    recipe.epochs = epochs;
    recipe.stop_accuracy = 2;
    recipe.weight_decay = decay;
    recipe.weight_decay_last = last;
    cr_assert(train_run(w, SAMPLES, x, labels, &recipe, NULL, NULL, &result, &e), "%s", e.text);
    return w;
}

static uint32_t value_named(const struct graph *g, const char *name) {
    for (uint32_t i = 0; i < g->value_count; i++)
        if (strcmp(g->values[i].name, name) == 0) return i;
    cr_assert_fail("no value %s", name);
    return 0;
}

/* The linear network's softmax of one sample; W is [PIXELS][CLASSES] or its transpose. */
static void softmax_of(const float *w, bool by_class, const float *x, double *p) {
    double all = 0;
    for (int c = 0; c < CLASSES; c++) {
        p[c] = 0; /* biases begin at 0 */
        for (int k = 0; k < PIXELS; k++) p[c] += (double)w[by_class ? c * PIXELS + k : k * CLASSES + c] * (double)x[k];
    }
    for (int c = 0; c < CLASSES; c++) all += exp(p[c]);
    for (int c = 0; c < CLASSES; c++) p[c] = exp(p[c]) / all;
}

/* W - rate (mean (p - y) x' + decay W); b - rate mean (p - y). */
Test(train_decay, one_step_of_a_linear_model_has_a_closed_form) {
    struct weights *before = started(LINEAR, recipe_default().seed);
    struct weights *after = stepped(LINEAR, OPTIMISER_SGD, 1, DECAY, true);
    uint32_t weight = before->graph->layers[0].parameters[0], bias = before->graph->layers[0].parameters[1];
    bool by_class = before->graph->values[weight].shape.dim[0] == CLASSES;
    double gradient[CLASSES][PIXELS] = {{0}}, of_bias[CLASSES] = {0};
    float x[SAMPLES * PIXELS];
    uint32_t labels[SAMPLES];

    make_samples(x, labels);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double p[CLASSES];
        softmax_of(before->data[weight], by_class, x + i * PIXELS, p);
        for (uint32_t c = 0; c < CLASSES; c++) {
            double off = (p[c] - (labels[i] == c)) / SAMPLES;
            of_bias[c] += off;
            for (int k = 0; k < PIXELS; k++) gradient[c][k] += off * (double)x[i * PIXELS + (uint32_t)k];
        }
    }
    for (int c = 0; c < CLASSES; c++) {
        cr_expect_float_eq(after->data[bias][c], -RATE * of_bias[c], 1e-6, "a bias does not decay");
        for (int k = 0; k < PIXELS; k++) {
            int at = by_class ? c * PIXELS + k : k * CLASSES + c;
            double w = (double)before->data[weight][at];
            cr_expect_float_eq(after->data[weight][at], w - RATE * (gradient[c][k] + DECAY * w), 1e-6);
        }
    }
    drop(before);
    drop(after);
}

/* ---- What decays: after one step of gradient descent the difference is -rate decay w, or nothing ---- */

static const struct {
    const char *name;
    bool decays, last;
} parameters[] = {
    {"conv1.weight", true, false},      {"conv1.bias", false, false}, {"batchnorm1.scale", false, false},
    {"batchnorm1.shift", false, false}, {"fc1.weight", true, false},  {"fc1.bias", false, false},
    {"fc2.weight", true, true},         {"fc2.bias", false, false},
};

static void expect_decayed(const struct weights *start, const struct weights *plain, const struct weights *w,
                           bool with_last) {
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        uint32_t value = value_named(w->graph, parameters[i].name);
        bool decays = parameters[i].decays && (with_last || !parameters[i].last);
        size_t n = shape_count(&w->graph->values[value].shape);
        for (size_t k = 0; k < n; k++) {
            double moved = decays ? -RATE * DECAY * (double)start->data[value][k] : 0;
            double found = (double)w->data[value][k] - (double)plain->data[value][k];
            cr_expect_float_eq(found, moved, decays ? 1e-6 : 0, "%s %zu: %g, not %g", parameters[i].name, k, found,
                               moved);
        }
    }
}

Test(train_decay, only_weights_decay_and_the_last_layers_on_request) {
    struct weights *start = started(CNN, recipe_default().seed);
    struct weights *plain = stepped(CNN, OPTIMISER_SGD, 1, 0, true);
    for (int last = 0; last < 2; last++) {
        struct weights *w = stepped(CNN, OPTIMISER_SGD, 1, DECAY, last);
        expect_decayed(start, plain, w, last);
        drop(w);
    }
    drop(start);
    drop(plain);
}

/* A network of one layer has no weights but its last layer's. */
Test(train_decay, of_one_layer_without_the_last_nothing_decays) {
    struct weights *plain = stepped(LINEAR, OPTIMISER_ADAM, 3, 0, true);
    struct weights *w = stepped(LINEAR, OPTIMISER_ADAM, 3, DECAY, false);
    uint32_t weight = plain->graph->layers[0].parameters[0];
    cr_expect_arr_eq(plain->data[weight], w->data[weight], PIXELS * CLASSES * sizeof(float));
    drop(plain);
    drop(w);
}

Test(train_decay, weights_end_smaller_and_the_same_each_time) {
    static const enum optimiser optimisers[] = {OPTIMISER_ADAM, OPTIMISER_SGD};
    for (size_t i = 0; i < 2; i++) {
        struct weights *plain = stepped(CNN, optimisers[i], 30, 0, true);
        struct weights *w = stepped(CNN, optimisers[i], 30, DECAY, true);
        struct weights *again = stepped(CNN, optimisers[i], 30, DECAY, true);
        uint32_t value = value_named(w->graph, "fc1.weight");
        size_t n = shape_count(&w->graph->values[value].shape);
        double large = 0, small = 0;
        for (size_t k = 0; k < n; k++) {
            large += (double)plain->data[value][k] * (double)plain->data[value][k];
            small += (double)w->data[value][k] * (double)w->data[value][k];
        }
        cr_expect_lt(small, .7 * large, "optimiser %zu: %g, without decay %g", i, small, large);
        cr_expect_arr_eq(w->data[value], again->data[value], n * sizeof(float));
        drop(plain);
        drop(w);
        drop(again);
    }
}
