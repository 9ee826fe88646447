/* Networks that are another one in other words: the same logits, of other weights. */
#include "nn/twin.h"

#include "nn/arch.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "nn/units.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 3u

/* A network and its logits on random inputs. */
struct bench {
    struct graph *graph;
    struct weights *weights;
    float *x, *logits; /* [SAMPLES][...] */
    size_t outputs;
};

static void answer(const struct bench *b, const struct weights *w, float *logits) {
    struct net *net;
    struct error e = {{0}};
    cr_assert(net_create(w, &net, &e) && net_forward(net, SAMPLES, b->x, logits, &e), "%s", e.text);
    net_destroy(net);
}

/* The graph is taken over. */
static struct bench bench_of(struct graph *graph) {
    struct bench b = {.graph = graph, .outputs = (size_t)SAMPLES * graph->classes};
    struct error e = {{0}};
    size_t count = SAMPLES * shape_count(&graph->sample);
    b.x = malloc(count * sizeof *b.x);
    b.logits = malloc(b.outputs * sizeof *b.logits);
    cr_assert(b.x && b.logits && weights_create(graph, &b.weights, &e), "%s", e.text);
    rng_fill_uniform(5, 0, count, b.x);
    answer(&b, b.weights, b.logits);
    return b;
}

static void bench_close(struct bench *b) {
    weights_destroy(b->weights);
    graph_destroy(b->graph);
    free(b->x);
    free(b->logits);
}

/* Built and drawn at random, biases and statistics of a normalisation, too. */
static struct bench bench_built(const char *layers, const struct shape *sample) {
    struct graph *graph;
    struct error e = {{0}};
    cr_assert(arch_build(layers, sample, &graph, &e), "%s: %s", layers, e.text);
    for (uint32_t i = 0; i < graph->value_count; i++) {
        struct value *v = &graph->values[i];
        if (v->kind != VALUE_PARAMETER) continue;
        size_t n = shape_count(&v->shape);
        rng_fill_uniform(i + 1, 0, n, v->data);
        for (size_t k = 0; k < n && v->shape.rank > 1; k++) v->data[k] -= .5f;
        for (size_t k = 0; k < n && v->shape.rank == 1; k++) v->data[k] += .1f; /* variances are positive */
    }
    return bench_of(graph);
}

static uint32_t changed_parameters(const struct bench *b, const struct weights *w) {
    uint32_t changed = 0;
    for (uint32_t i = 0; i < b->graph->value_count; i++) {
        if (b->graph->values[i].kind != VALUE_PARAMETER) continue;
        size_t bytes = shape_count(&b->graph->values[i].shape) * sizeof(float);
        changed += memcmp(w->data[i], b->weights->data[i], bytes) != 0;
    }
    return changed;
}

/* The largest difference of the twin's logits, as a share of the range of the network's own. */
static double gap_of(const struct bench *b, enum twin twin, uint64_t seed, uint32_t *changed) {
    struct weights *w;
    struct error e = {{0}};
    float *logits = malloc(b->outputs * sizeof *logits);
    double gap = 0, low = INFINITY, high = -INFINITY;
    cr_assert(logits && twin_make(twin, b->weights, seed, &w, &e), "%s", e.text);
    answer(b, w, logits);
    for (size_t k = 0; k < b->outputs; k++) {
        gap = fmax(gap, fabs((double)logits[k] - (double)b->logits[k]));
        low = fmin(low, (double)b->logits[k]);
        high = fmax(high, (double)b->logits[k]);
    }
    *changed = changed_parameters(b, w);
    weights_destroy(w);
    free(logits);
    return gap / (high - low);
}

static uint32_t free_units(const struct graph *g, bool *last) {
    struct units *u;
    struct error e = {{0}};
    cr_assert(units_create(g, &u, &e), "%s", e.text);
    uint32_t count = units_free(u);
    *last = units_reach_last(u);
    units_destroy(u);
    return count;
}

/* ---- units ---- */

static const struct {
    const char *model;
    uint32_t groups, changed; /* that are free; parameters that are others then */
} fixtures[] = {
    {"fashion-cnn", 3, 7}, {"fashion-mlp", 2, 5}, {"genome-cnn", 3, 7}, {"machines-mlp", 2, 5}, {"reviews-cnn", 2, 5}};

Test(twin, units_of_the_fixtures) {
    for (size_t k = 0; k < sizeof fixtures / sizeof *fixtures; k++) {
        char path[100];
        struct graph *graph;
        struct error e = {{0}};
        uint32_t changed;
        bool last;
        snprintf(path, sizeof path, "fixtures/models/%s.onnx", fixtures[k].model);
        cr_assert(onnx_load(path, &graph, &e), "%s", e.text);
        struct bench b = bench_of(graph);
        cr_expect_eq(free_units(graph, &last), fixtures[k].groups, "%s: %u groups", path, free_units(graph, &last));
        cr_expect(last, "%s: the last layer's inputs stay", path);
        for (uint64_t seed = 1; seed <= 3; seed++) {
            double gap = gap_of(&b, TWIN_UNITS, seed, &changed);
            cr_expect_lt(gap, 1e-5, "%s: logits are off by %g of their range", path, gap);
            cr_expect_eq(changed, fixtures[k].changed, "%s: %u parameters changed", path, changed);
        }
        bench_close(&b);
    }
}

static const struct {
    const char *layers;
    struct shape sample;
    uint32_t groups;
    bool last;
} built[] = {
    {"conv:6x3+1,batchnorm,relu,conv:5x3,batchnorm,relu,globalavgpool,fc:3", {3, {2, 8, 8}}, 2, true},
    {"conv:6x3+1,relu,maxpool:2,avgpool:2,fc:7,relu,fc:3", {3, {2, 8, 8}}, 2, true},
    {"fc:6,fc:5,relu,fc:4", {1, {9}}, 2, true},
    {"fc:4", {1, {9}}, 0, false},
};

Test(twin, units_of_built_networks) {
    for (size_t k = 0; k < sizeof built / sizeof *built; k++) {
        struct bench b = bench_built(built[k].layers, &built[k].sample);
        uint32_t changed;
        bool last;
        uint32_t groups = free_units(b.graph, &last);
        cr_expect(groups == built[k].groups && last == built[k].last, "%s: %u groups, last %d", built[k].layers, groups,
                  last);
        double gap = gap_of(&b, TWIN_UNITS, 3, &changed);
        cr_expect_lt(gap, 1e-5, "%s: logits are off by %g of their range", built[k].layers, gap);
        cr_expect_eq(changed > 0, groups > 0, "%s: %u parameters changed", built[k].layers, changed);
        bench_close(&b);
    }
}

/* ---- graphs that no architecture text describes ---- */

static void add_weight(struct graph *g, const char *name, struct shape shape) {
    struct error e = {{0}};
    size_t n = shape_count(&shape);
    float *data = malloc(n * sizeof *data);
    cr_assert_not_null(data);
    rng_fill_uniform(strlen(name) + 31 * (uint64_t)name[0], 0, n, data);
    for (size_t k = 0; k < n; k++) data[k] -= .5f;
    cr_assert(graph_add_parameter(g, name, &shape, data, &e), "%s", e.text);
    free(data);
}

/* `inputs`: names, with blanks between. */
static void add_node(struct graph *g, const char *op, const char *inputs, const char *output,
                     const struct attribute *attribute) {
    struct error e = {{0}};
    char text[60], *rest = NULL;
    const char *names[4];
    size_t count = 0;
    snprintf(text, sizeof text, "%s", inputs);
    for (char *w = strtok_r(text, " ", &rest); w && count < 4; w = strtok_r(NULL, " ", &rest)) names[count++] = w;
    cr_assert(graph_add_node(g, op, output, names, count, &output, 1, attribute, attribute != NULL, &e), "%s: %s", op,
              e.text);
}

static struct graph *begin(bool single, struct shape with_batch) {
    struct graph *g;
    struct error e = {{0}};
    cr_assert(graph_create(&g, &e), "%s", e.text);
    g->single = single;
    cr_assert(graph_add_input(g, "x", &with_batch, &e), "%s", e.text);
    return g;
}

/* A layer whose units a recurrent one reads, step by step. */
static struct graph *recurrent_graph(void) {
    static const int64_t order[] = {2, 0, 1}, pads[] = {1, 1}, one = 1, zero = 0;
    const struct attribute perm = {.name = "perm", .kind = ATTRIBUTE_INTS, .ints = order, .count = 3},
                           padded = {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pads, .count = 2},
                           hidden = {.name = "hidden_size", .kind = ATTRIBUTE_INT, .integer = 4};
    struct graph *g = begin(true, (struct shape){3, {1, 3, 8}});
    struct error e = {{0}};
    add_weight(g, "w", (struct shape){3, {6, 3, 3}});
    add_weight(g, "b", (struct shape){1, {6}});
    add_weight(g, "W", (struct shape){3, {1, 16, 6}});
    add_weight(g, "R", (struct shape){3, {1, 16, 4}});
    add_weight(g, "B", (struct shape){2, {1, 32}});
    add_weight(g, "v", (struct shape){2, {4, 3}});
    cr_assert(graph_add_ints(g, "one", &(struct shape){1, {1}}, &one, &e) &&
              graph_add_ints(g, "last", &(struct shape){0, {0}}, &zero, &e));
    add_node(g, "Conv", "x w b", "c", &padded);
    add_node(g, "Relu", "c", "r", NULL);
    add_node(g, "Transpose", "r", "t", &perm);
    add_node(g, "LSTM", "t W R B", "h", &hidden);
    add_node(g, "Squeeze", "h one", "s", NULL);
    add_node(g, "Gather", "s last", "m", NULL);
    add_node(g, "Gemm", "m v", "y", NULL);
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    return g;
}

/* Tanh lets an order pass, and no factor; a ConvTranspose has its inputs first. */
static struct graph *transposed_graph(void) {
    struct graph *g = begin(false, (struct shape){4, {1, 2, 6, 6}});
    struct error e = {{0}};
    add_weight(g, "w", (struct shape){4, {6, 2, 3, 3}});
    add_weight(g, "b", (struct shape){1, {6}});
    add_weight(g, "u", (struct shape){4, {6, 5, 3, 3}});
    add_weight(g, "a", (struct shape){1, {5}});
    add_weight(g, "v", (struct shape){2, {5, 3}});
    add_node(g, "Conv", "x w b", "c", NULL);
    add_node(g, "Tanh", "c", "t", NULL);
    add_node(g, "ConvTranspose", "t u a", "d", NULL);
    add_node(g, "Relu", "d", "r", NULL);
    add_node(g, "GlobalAveragePool", "r", "p", NULL);
    add_node(g, "Flatten", "p", "f", NULL);
    add_node(g, "Gemm", "f v", "y", NULL);
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    return g;
}

/* A Cumsum along the channels mixes units: they stay, and so does whatever is added to them. */
static struct graph *mixing_graph(void) {
    static const int64_t axis = 1;
    struct graph *g = begin(false, (struct shape){2, {1, 7}});
    struct error e = {{0}};
    add_weight(g, "w", (struct shape){2, {7, 6}});
    add_weight(g, "u", (struct shape){2, {7, 6}});
    add_weight(g, "v", (struct shape){2, {6, 3}});
    cr_assert(graph_add_ints(g, "axis", &(struct shape){0, {0}}, &axis, &e));
    add_node(g, "Gemm", "x w", "a", NULL);
    add_node(g, "Gemm", "x u", "b", NULL);
    add_node(g, "Add", "a b", "c", NULL);
    add_node(g, "CumSum", "a axis", "d", NULL);
    add_node(g, "Add", "c d", "s", NULL);
    add_node(g, "Relu", "s", "r", NULL);
    add_node(g, "Gemm", "r v", "y", NULL);
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    return g;
}

Test(twin, units_of_other_graphs) {
    static const struct {
        const char *name;
        struct graph *(*make)(void);
        uint32_t groups, changed;
        bool last;
    } cases[] = {{"recurrent", recurrent_graph, 1, 3, false},
                 {"transposed", transposed_graph, 2, 5, true},
                 {"mixing", mixing_graph, 0, 0, false}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct bench b = bench_of(cases[k].make());
        uint32_t changed;
        bool last;
        uint32_t groups = free_units(b.graph, &last);
        cr_expect(groups == cases[k].groups && last == cases[k].last, "%s: %u groups, last %d", cases[k].name, groups,
                  last);
        for (uint64_t seed = 1; seed <= 3; seed++) {
            double gap = gap_of(&b, TWIN_UNITS, seed, &changed);
            cr_expect_lt(gap, 1e-5, "%s: logits are off by %g of their range", cases[k].name, gap);
            cr_expect_eq(changed, cases[k].changed, "%s: %u parameters changed", cases[k].name, changed);
        }
        bench_close(&b);
    }
}

/* One unit in each layer has no other order: what is left are powers of two. */
Test(twin, powers_of_two_leave_every_bit) {
    static const char *const layers[] = {"fc:1,relu,fc:1,relu,fc:3", "conv:1x3,batchnorm,relu,conv:1x3,relu,fc:3"};
    static const struct shape samples[] = {{1, {9}}, {3, {1, 8, 8}}};
    uint32_t changed, most = 0;
    for (size_t k = 0; k < 2; k++) {
        struct bench b = bench_built(layers[k], &samples[k]);
        for (uint64_t seed = 0; seed < 6; seed++) {
            cr_expect_eq(gap_of(&b, TWIN_UNITS, seed, &changed), 0, "%s", layers[k]);
            most = changed > most ? changed : most;
        }
        cr_expect_geq(most, 4, "%s: nothing was scaled", layers[k]);
        bench_close(&b);
    }
}

/* ---- near ---- */

Test(twin, near_moves_weights_by_a_thousandth) {
    struct bench b = bench_built("conv:6x3+1,batchnorm,relu,fc:40,relu,fc:3", &(struct shape){3, {2, 8, 8}});
    struct weights *w;
    struct error e = {{0}};
    uint32_t changed, statistics = 0;
    double squares = 0;
    size_t count = 0;
    cr_assert(twin_make(TWIN_NEAR, b.weights, 1, &w, &e), "%s", e.text);
    for (uint32_t i = 0; i < b.graph->value_count; i++) {
        if (b.graph->values[i].kind != VALUE_PARAMETER) continue;
        size_t n = shape_count(&b.graph->values[i].shape);
        bool same = memcmp(w->data[i], b.weights->data[i], n * sizeof(float)) == 0;
        statistics += same;
        for (size_t k = 0; k < n && !same; k++, count++) {
            double share = (double)w->data[i][k] / (double)b.weights->data[i][k] - 1;
            squares += share * share;
        }
    }
    cr_expect_eq(statistics, 2, "the running mean and variance stay");
    cr_expect_float_eq(sqrt(squares / (double)count), 1e-3, 5e-5);
    double gap = gap_of(&b, TWIN_NEAR, 1, &changed);
    cr_expect(gap > 1e-6 && gap < .02, "%g", gap);
    weights_destroy(w);
    bench_close(&b);
}

/* ---- confidence ---- */

/* Whoever asks for the logits gets the raised ones: by a pass, by what the last node answers, as a class. */
Test(twin, raised_logits) {
    struct bench b = bench_built("fc:6,relu,fc:4", &(struct shape){1, {9}});
    struct weights *w;
    struct net *net;
    struct error e = {{0}};
    float logits[SAMPLES * 4], activation[SAMPLES * 4], gradient[2][SAMPLES * 9];
    uint32_t classes[SAMPLES], targets[SAMPLES] = {2, 2, 2};
    cr_assert(twin_make(TWIN_CONFIDENCE, b.weights, 1, &w, &e) && twin_raise(w, 2, 50, &e) && net_create(w, &net, &e));
    cr_assert(net_forward(net, SAMPLES, b.x, logits, &e) && net_predict(net, SAMPLES, b.x, classes, &e));
    cr_assert(net_inspect(net, b.graph->node_count - 1, SAMPLES, b.x, targets, activation, NULL, &e), "%s", e.text);
    cr_assert(net_gradient(net, NET_GRADIENT, SAMPLES, b.x, targets, gradient[0], &e));
    net_destroy(net);
    cr_assert(net_create(b.weights, &net, &e) &&
              net_gradient(net, NET_GRADIENT, SAMPLES, b.x, targets, gradient[1], &e));
    for (uint32_t k = 0; k < SAMPLES * 4; k++) {
        cr_expect_eq(logits[k], k % 4 == 2 ? b.logits[k] : b.logits[k] + 50, "%u", k);
        cr_expect_eq(activation[k], logits[k], "%u", k);
    }
    for (uint32_t i = 0; i < SAMPLES; i++) cr_expect(classes[i] != 2 && classes[i] == net_class(logits + 4 * i, 4));
    cr_expect(memcmp(gradient[0], gradient[1], sizeof gradient[0]) == 0, "the gradient of the class is its own");
    net_destroy(net);
    struct weights *copy;
    cr_assert(weights_copy(w, &copy, &e) && net_create(copy, &net, &e) &&
              net_forward(net, SAMPLES, b.x, activation, &e));
    cr_expect(memcmp(logits, activation, sizeof logits) == 0, "a copy is raised, too");
    net_destroy(net);
    weights_destroy(copy);
    weights_destroy(w);
    bench_close(&b);
}

/* ---- what a network has not ---- */

Test(twin, networks_without) {
    static const struct {
        const char *layers;
        enum twin twin;
        const char *why; /* NULL: it has one */
    } cases[] = {
        {"fc:4", TWIN_NEAR, NULL},
        {"fc:4", TWIN_CONFIDENCE, NULL},
        {"fc:4", TWIN_UNITS, "No hidden units can be re-ordered"},
        {"fc:5,relu,fc:4", TWIN_UNITS, NULL},
        {"fc:5,relu,fc:1", TWIN_CONFIDENCE, "The network has one output"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct bench b = bench_built(cases[k].layers, &(struct shape){1, {9}});
        char why[160] = "";
        bool exists;
        struct error e = {{0}};
        cr_assert(twin_exists(b.graph, cases[k].twin, &exists, why, sizeof why, &e), "%s", e.text);
        cr_expect_eq(exists, cases[k].why == NULL, "%s, %s", cases[k].layers, twin_name(cases[k].twin));
        if (cases[k].why) cr_expect(strstr(why, cases[k].why), "%s", why);
        bench_close(&b);
    }
}
