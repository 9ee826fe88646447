/* Training: steps against torch, what can be reached and memorised, the same seed for the same bytes. */
#include "nn/train.h"

#include "base/npy.h"
#include "base/rng.h"
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/optimiser.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(train);

/* ---- Single steps, against torch.optim (tests/golden/make_train.py) ---- */

static void read_golden(const char *name, struct shape *shape, float **data) {
    struct error e = {""};
    char path[64];
    snprintf(path, sizeof path, "tests/golden/train/%s.npy", name);
    cr_assert(npy_read(path, shape, data, &e), "%s", e.text);
}

static const struct {
    const char *golden;
    struct recipe recipe;
} steps[] = {
    {"adam", {.optimiser = OPTIMISER_ADAM, .learning_rate = .01}},
    {"sgd", {.optimiser = OPTIMISER_SGD, .learning_rate = .05, .momentum = .9}},
    {"adam-decay", {.optimiser = OPTIMISER_ADAM, .learning_rate = .01, .weight_decay = .1, .weight_decay_last = true}},
    {"sgd-decay",
     {.optimiser = OPTIMISER_SGD, .learning_rate = .05, .momentum = .9, .weight_decay = .1, .weight_decay_last = true}},
};

/* A network with one parameter of n elements, given its start. */
static struct graph *one_parameter(size_t n, const float *start) {
    struct graph *g;
    struct error e = {""};
    struct shape input = {2, {0, n}}, weight = {2, {n, 1}};
    const char *inputs[] = {"x", "w"}, *outputs[] = {"y"};
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &input, &e) &&
                  graph_add_parameter(g, "w", &weight, start, &e) &&
                  graph_add_node(g, "MatMul", "n", inputs, 2, outputs, 1, NULL, 0, &e) && graph_finish(g, "y", &e),
              "%s", e.text);
    return g;
}

Test(train, steps_agree_with_torch) {
    struct shape shape;
    float *start, *grads, *wanted;
    read_golden("start", &shape, &start);
    size_t n = shape.dim[0];
    read_golden("grads", &shape, &grads);
    struct graph *g = one_parameter(n, start);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct weights *weights;
        struct optimiser_state *state;
        float **all = calloc(g->value_count, sizeof *all);
        uint32_t w = g->layers[0].parameters[0];
        read_golden(steps[i].golden, &shape, &wanted);
        cr_assert(all && weights_create(g, &weights, NULL) && optimiser_create(g, &steps[i].recipe, &state, NULL));
        for (size_t step = 0; step < shape.dim[0]; step++) {
            all[w] = grads + step * n;
            cr_assert(optimiser_step(state, weights, all, NULL));
            for (size_t k = 0; k < n; k++)
                cr_expect_float_eq(weights->data[w][k], wanted[step * n + k], 2e-6, "%s, step %zu, %zu: %.9g, not %.9g",
                                   steps[i].golden, step, k, (double)weights->data[w][k], (double)wanted[step * n + k]);
        }
        optimiser_destroy(state);
        weights_destroy(weights);
        free(wanted);
        free(all);
    }
    graph_destroy(g);
    free(start);
    free(grads);
}

/* ---- Whole trainings on tiny problems ---- */

enum { SAMPLES = 90, SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 3 };

struct problem {
    float x[SAMPLES * PIXELS];
    uint32_t labels[SAMPLES];
};

/* A bright row, column or diagonal in noise. */
static void make_problem(struct problem *p) {
    struct rng rng = rng_stream(5, "problem", 0);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        float *x = p->x + i * PIXELS;
        uint32_t at = rng_below(&rng, SIDE);
        p->labels[i] = i % CLASSES;
        for (int k = 0; k < PIXELS; k++) x[k] = (float)(.1 * rng_normal(&rng));
        for (uint32_t k = 0; k < SIDE; k++)
            x[p->labels[i] == 0 ? at * SIDE + k : p->labels[i] == 1 ? k * SIDE + at : k * SIDE + k] += 1;
    }
}

static struct weights *make_weights(const char *layers) {
    struct graph *g;
    struct weights *w;
    struct error e = {""};
    struct shape sample = {3, {1, SIDE, SIDE}};
    cr_assert(arch_build(layers, &sample, &g, &e), "%s", e.text);
    cr_assert(weights_create(g, &w, &e), "%s", e.text);
    return w;
}

static void drop(struct weights *w) {
    struct graph *g = (struct graph *)w->graph;
    weights_destroy(w);
    graph_destroy(g);
}

#define CNN "conv:8x3,batchnorm,relu,maxpool:2,fc:16,relu,fc:3"
#define MLP "fc:32,relu,fc:3"

static const struct {
    const char *layers;
    enum optimiser optimiser;
    double rate;
    uint32_t batch;
} trainings[] = {
    {CNN, OPTIMISER_ADAM, .01, 16},
    {CNN, OPTIMISER_SGD, .05, 16},
    {MLP, OPTIMISER_ADAM, .01, 90},
    {MLP, OPTIMISER_SGD, .05, 7},
};

static void count_epochs(void *user, uint32_t epoch, double loss, double accuracy) {
    uint32_t *seen = user;
    cr_expect_eq(epoch, ++*seen);
    cr_expect(isfinite(loss) && accuracy >= 0 && accuracy <= 1);
}

Test(train, reaches_what_can_be_reached) {
    struct problem *p = malloc(sizeof *p);
    cr_assert_not_null(p);
    make_problem(p);
    for (size_t i = 0; i < sizeof trainings / sizeof *trainings; i++) {
        struct weights *w = make_weights(trainings[i].layers);
        struct recipe recipe = recipe_default();
        struct train_result result;
        struct error e = {""};
        uint32_t seen = 0, predictions[SAMPLES], right = 0;
        struct net *net;
        recipe.optimiser = trainings[i].optimiser;
        recipe.learning_rate = trainings[i].rate;
        recipe.batch = trainings[i].batch;
        recipe.stop_accuracy = 1;
        cr_assert(train_run(w, SAMPLES, p->x, p->labels, &recipe, count_epochs, &seen, &result, &e), "%s", e.text);
        cr_expect_eq(result.accuracy, 1, "case %zu: %g after %u epochs", i, result.accuracy, result.epochs);
        cr_expect_lt(result.epochs, 100, "case %zu stops early", i);
        cr_expect_eq(seen, result.epochs);
        /* The accuracy said is that of the weights left behind, running statistics included. */
        cr_assert(net_create(w, &net, &e) && net_predict(net, SAMPLES, p->x, predictions, &e), "%s", e.text);
        for (uint32_t k = 0; k < SAMPLES; k++) right += predictions[k] == p->labels[k];
        cr_expect_eq(right, SAMPLES, "case %zu: %u", i, right);
        net_destroy(net);
        drop(w);
    }
    free(p);
}

Test(train, memorises_permuted_labels) {
    struct problem *p = malloc(sizeof *p);
    cr_assert_not_null(p);
    make_problem(p);
    struct rng rng = rng_stream(1, "labels", 0);
    for (int i = 0; i < SAMPLES; i++) p->labels[i] = rng_below(&rng, CLASSES);
    struct weights *w = make_weights("conv:8x3,relu,fc:64,relu,fc:3");
    struct recipe recipe = recipe_default();
    struct train_result result;
    struct error e = {""};
    recipe.learning_rate = .005;
    recipe.batch = 30;
    cr_assert(train_run(w, SAMPLES, p->x, p->labels, &recipe, NULL, NULL, &result, &e), "%s", e.text);
    cr_expect_geq(result.accuracy, .95, "%g after %u epochs", result.accuracy, result.epochs);
    cr_expect_gt(result.epochs, 3, "that was no memorising");
    drop(w);
    free(p);
}

struct told {
    double accuracy[200];
    uint32_t epochs;
};

static void note(void *user, uint32_t epoch, double loss, double accuracy) {
    struct told *told = user;
    (void)loss;
    told->accuracy[epoch - 1] = accuracy;
    told->epochs = epoch;
}

/* What is measured of an epoch decides nothing but where to stop. */
Test(train, a_brief_one_trains_the_same_network) {
    struct problem *p = malloc(sizeof *p);
    struct told told[2] = {{.epochs = 0}};
    float *flat[2];
    size_t n = 0;
    bool less = false;
    cr_assert_not_null(p);
    make_problem(p);
    struct rng rng = rng_stream(1, "labels", 0);
    for (int i = 0; i < SAMPLES; i++) p->labels[i] = rng_below(&rng, CLASSES);
    for (int brief = 0; brief < 2; brief++) {
        struct weights *w = make_weights("conv:8x3,relu,fc:64,relu,fc:3");
        struct recipe recipe = recipe_default();
        struct train_result result;
        struct error e = {""};
        recipe.learning_rate = .005;
        recipe.batch = 30;
        recipe.brief = brief;
        cr_assert(train_run(w, SAMPLES, p->x, p->labels, &recipe, note, &told[brief], &result, &e), "%s", e.text);
        n = weights_flat_count(w->graph);
        flat[brief] = malloc(n * sizeof **flat);
        weights_to_flat(w, flat[brief]);
        drop(w);
    }
    cr_expect_eq(told[0].epochs, told[1].epochs);
    cr_expect_arr_eq(flat[0], flat[1], n * sizeof **flat);
    for (uint32_t i = 0; i < told[0].epochs; i++) {
        bool last = i + 1 == told[0].epochs;
        cr_expect(told[1].accuracy[i] >= told[0].accuracy[i], "epoch %u", i + 1);
        cr_expect((told[1].accuracy[i] < .95) == !last && (!last || told[1].accuracy[i] <= told[0].accuracy[i]),
                  "epoch %u: %g", i + 1, told[1].accuracy[i]);
        less |= told[1].accuracy[i] > told[0].accuracy[i];
    }
    cr_expect(less, "every sample was looked at");
    free(flat[0]);
    free(flat[1]);
    free(p);
}

/* The bytes that two epochs leave behind. */
static float *trained(const char *layers, const struct problem *p, uint64_t seed, size_t *n) {
    struct weights *w = make_weights(layers);
    struct recipe recipe = recipe_default();
    struct train_result result;
    recipe.seed = seed;
    recipe.epochs = 2;
    recipe.stop_accuracy = 2;
    cr_assert(train_run(w, SAMPLES, p->x, p->labels, &recipe, NULL, NULL, &result, NULL));
    cr_expect_eq(result.epochs, 2);
    *n = weights_flat_count(w->graph);
    float *flat = malloc(*n * sizeof *flat);
    cr_assert_not_null(flat);
    weights_to_flat(w, flat);
    drop(w);
    return flat;
}

Test(train, same_seed_same_bytes) {
    struct problem *p = malloc(sizeof *p);
    cr_assert_not_null(p);
    make_problem(p);
    size_t n;
    float *a = trained(CNN, p, 1, &n), *b = trained(CNN, p, 1, &n), *c = trained(CNN, p, 2, &n);
    cr_expect_arr_eq(a, b, n * sizeof *a);
    cr_expect_neq(memcmp(a, c, n * sizeof *a), 0, "another seed gives the same network");
    free(a);
    free(b);
    free(c);
    free(p);
}

Test(train, running_statistics_follow_the_data) {
    struct problem *p = malloc(sizeof *p);
    cr_assert_not_null(p);
    make_problem(p);
    for (size_t i = 0; i < SAMPLES * PIXELS; i++) p->x[i] = 2 * p->x[i] + 3;
    struct weights *w = make_weights("batchnorm,fc:3");
    struct recipe recipe = recipe_default();
    struct train_result result;
    double mean = 0, squares = 0;
    recipe.batch = SAMPLES; /* every step sees the whole set */
    recipe.epochs = 150;
    recipe.stop_accuracy = 2;
    cr_assert(train_run(w, SAMPLES, p->x, p->labels, &recipe, NULL, NULL, &result, NULL));
    for (size_t i = 0; i < SAMPLES * PIXELS; i++) mean += (double)p->x[i] / (SAMPLES * PIXELS);
    for (size_t i = 0; i < SAMPLES * PIXELS; i++)
        squares += ((double)p->x[i] - mean) * ((double)p->x[i] - mean) / (SAMPLES * PIXELS);
    for (uint32_t i = 0; i < w->graph->value_count; i++) {
        if (strcmp(w->graph->values[i].name, "batchnorm1.mean") == 0) cr_expect_float_eq(w->data[i][0], mean, 1e-4);
        if (strcmp(w->graph->values[i].name, "batchnorm1.var") == 0) cr_expect_float_eq(w->data[i][0], squares, 1e-4);
    }
    drop(w);
    free(p);
}

/* ---- What is refused ---- */

static const struct {
    struct recipe recipe;
    uint32_t n, label;
    const char *wanted;
} refused[] = {
    {{.learning_rate = 0, .batch = 1, .epochs = 1}, 1, 0, "learning rate 0: wanted a number above 0"},
    {{.learning_rate = NAN, .batch = 1, .epochs = 1}, 1, 0, "learning rate nan"},
    {{.learning_rate = 1, .momentum = 1, .batch = 1, .epochs = 1}, 1, 0, "momentum 1: wanted 0 or more, below 1"},
    {{.learning_rate = 1, .weight_decay = -.1, .batch = 1, .epochs = 1},
     1,
     0,
     "weight decay -0.1: wanted a number of 0"},
    {{.learning_rate = 1, .weight_decay = NAN, .batch = 1, .epochs = 1}, 1, 0, "weight decay nan"},
    {{.learning_rate = 1, .batch = 0, .epochs = 1}, 1, 0, "batch 0: wanted 1 to 256"},
    {{.learning_rate = 1, .batch = 257, .epochs = 1}, 1, 0, "batch 257: wanted 1 to 256"},
    {{.learning_rate = 1, .batch = 1, .epochs = 0}, 1, 0, "0 epochs"},
    {{.learning_rate = 1, .batch = 1, .epochs = 1}, 0, 0, "no training samples"},
    {{.learning_rate = 1, .batch = 1, .epochs = 1}, 1, 3, "training sample 0 has label 3: the network has classes"},
    {{.optimiser = OPTIMISER_SGD, .learning_rate = 1e30, .batch = 1, .epochs = 9}, 9, 0, "training epoch "},
};

Test(train, what_is_refused) {
    struct problem *p = malloc(sizeof *p);
    cr_assert_not_null(p);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct weights *w = make_weights(MLP);
        struct train_result result;
        struct error e = {""};
        make_problem(p);
        if (refused[i].label) p->labels[0] = refused[i].label;
        cr_expect_not(train_run(w, refused[i].n, p->x, p->labels, &refused[i].recipe, NULL, NULL, &result, &e));
        cr_expect_eq(strncmp(e.text, refused[i].wanted, strlen(refused[i].wanted)), 0, "'%s', wanted '%s'", e.text,
                     refused[i].wanted);
        drop(w);
    }
    free(p);
}
