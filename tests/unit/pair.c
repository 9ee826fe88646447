/* One logit as two: the values, the gradients, the loss, the file. */
#include "nn/graph_pair.h"

#include "experiment/task.h"
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "nn/train.h"
#include "base/rng.h"
#include "scratch.h"

#include <math.h>

#define SAMPLES 8u
#define SIZE 6u

static struct graph *build(const char *layers) {
    const struct shape sample = {1, {SIZE}};
    struct graph *g;
    struct error e;
    cr_assert(arch_build(layers, &sample, &g, &e), "%s", e.text);
    return g;
}

static struct weights *fill(struct graph *g) {
    const struct init_options options = {.scheme = &init_own, .seed = 5};
    struct weights *w;
    struct error e;
    cr_assert(weights_create(g, &w, &e), "%s", e.text);
    for (uint32_t i = 0; i < g->layer_count; i++) cr_assert(weights_redraw(w, i, &options, &e), "%s", e.text);
    return w;
}

struct pair {
    struct graph *one, *two;
    struct weights *one_weights, *two_weights;
    struct net *one_net, *two_net;
    float x[SAMPLES * SIZE];
};

static struct pair open_pair(void) {
    struct pair p = {.one = build("fc:5,relu,fc:1"), .two = build("fc:5,relu,fc:1")};
    struct error e;
    cr_assert(graph_pair_logits(p.two, &e), "%s", e.text);
    p.one_weights = fill(p.one);
    p.two_weights = fill(p.two);
    cr_assert(net_create(p.one_weights, &p.one_net, &e) && net_create(p.two_weights, &p.two_net, &e), "%s", e.text);
    rng_fill_normal(99, 0, SAMPLES * SIZE, p.x);
    return p;
}

static void close_pair(struct pair *p) {
    net_destroy(p->one_net);
    net_destroy(p->two_net);
    weights_destroy(p->one_weights);
    weights_destroy(p->two_weights);
    graph_destroy(p->one);
    graph_destroy(p->two);
}

Test(pair, logits_and_gradients_have_the_sign_of_the_class) {
    struct pair p = open_pair();
    float z[SAMPLES], both[2 * SAMPLES], g1[SAMPLES * SIZE], g2[SAMPLES * SIZE];
    uint32_t zeros[SAMPLES] = {0}, classes[SAMPLES], predicted[SAMPLES];
    struct error e;
    for (uint32_t i = 0; i < SAMPLES; i++) classes[i] = i % 2;
    cr_assert(net_forward(p.one_net, SAMPLES, p.x, z, &e) && net_forward(p.two_net, SAMPLES, p.x, both, &e) &&
                  net_predict(p.two_net, SAMPLES, p.x, predicted, &e) &&
                  net_gradient(p.one_net, NET_GRADIENT, SAMPLES, p.x, zeros, g1, &e) &&
                  net_gradient(p.two_net, NET_GRADIENT, SAMPLES, p.x, classes, g2, &e),
              "%s", e.text);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        cr_expect(both[2 * i] == -z[i] && both[2 * i + 1] == z[i], "sample %u", i);
        cr_expect_eq(predicted[i], z[i] > 0, "sample %u", i);
        for (uint32_t k = 0; k < SIZE; k++)
            cr_expect(g2[i * SIZE + k] == (i % 2 ? g1[i * SIZE + k] : -g1[i * SIZE + k]), "sample %u, %u", i, k);
    }
    cr_expect_eq(p.two->classes, 2);
    cr_expect_eq(p.two->layer_count, p.one->layer_count);
    cr_expect_eq(weights_flat_count(p.two), weights_flat_count(p.one));
    close_pair(&p);
}

/* log(1 + exp(-z)) for class 1, log(1 + exp(z)) for class 0; the last bias has the mean of sigmoid(z) - y. */
Test(pair, the_loss_is_binary_cross_entropy) {
    struct pair p = open_pair();
    float z[SAMPLES], *const *grads;
    uint32_t labels[SAMPLES], correct, right = 0;
    double loss, wanted = 0, slope = 0;
    struct error e;
    cr_assert(net_forward(p.one_net, SAMPLES, p.x, z, &e), "%s", e.text);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double v = (double)z[i];
        labels[i] = i % 3 == 0;
        wanted += log1p(exp(labels[i] ? -v : v)) / SAMPLES;
        slope += (1 / (1 + exp(-v)) - labels[i]) / SAMPLES;
        right += labels[i] == (z[i] > 0);
    }
    cr_assert(net_loss(p.two_net, SAMPLES, p.x, labels, &loss, &correct, &grads, &e), "%s", e.text);
    cr_expect_float_eq(loss, wanted, 1e-6, "loss %g, not %g", loss, wanted);
    cr_expect_eq(correct, right);
    const struct layer *last = &p.two->layers[p.two->layer_count - 1];
    cr_assert_eq(last->parameter_count, 2);
    cr_expect_float_eq((double)grads[last->parameters[1]][0], slope, 1e-6);
    close_pair(&p);
}

/* What is saved has the one output it came with. */
Test(pair, a_file_has_one_output, .init = scratch_enter, .fini = scratch_leave) {
    struct pair p = open_pair();
    struct graph *again;
    struct error e;
    cr_assert(onnx_save("pair.onnx", p.two_weights, &e) && onnx_load("pair.onnx", &again, &e), "%s", e.text);
    cr_expect_eq(again->classes, 1);
    cr_expect_eq(again->node_count, p.one->node_count);
    graph_destroy(again);
    close_pair(&p);
}

/* [N], as a network that ends in a Squeeze has it. */
Test(pair, an_output_without_a_second_dimension) {
    const struct shape with_batch = {2, {1, SIZE}};
    struct graph *g;
    struct weights *w;
    struct net *net;
    struct error e;
    float x[2 * SIZE], logits[4];
    const char *in[] = {"x", "axes"}, *out[] = {"sum"};
    const int64_t axis = 1;
    const struct attribute keep = {.name = "keepdims", .kind = ATTRIBUTE_INT, .integer = 0};
    rng_fill_normal(3, 0, 2 * SIZE, x);
    cr_assert(graph_create(&g, &e), "%s", e.text);
    cr_assert(graph_add_input(g, "x", &with_batch, &e) &&
                  graph_add_ints(g, "axes", &(struct shape){1, {1}}, &axis, &e) &&
                  graph_add_node(g, "ReduceMean", "mean", in, 2, out, 1, &keep, 1, &e) && graph_finish(g, "sum", &e) &&
                  graph_pair_logits(g, &e) && weights_create(g, &w, &e) && net_create(w, &net, &e) &&
                  net_forward(net, 2, x, logits, &e),
              "%s", e.text);
    for (uint32_t i = 0; i < 2; i++) {
        double mean = 0;
        for (uint32_t k = 0; k < SIZE; k++) mean += (double)x[i * SIZE + k] / SIZE;
        cr_expect_float_eq((double)logits[2 * i + 1], mean, 1e-6);
        cr_expect_eq(logits[2 * i], -logits[2 * i + 1]);
    }
    net_destroy(net);
    weights_destroy(w);
    graph_destroy(g);
}

Test(pair, tasks) {
    static const struct {
        const char *layers;
        enum task task;
        uint32_t labels[3];
        bool ok;
        uint32_t classes;
        const char *why;
    } cases[] = {
        {"fc:1", TASK_AUTO, {0, 1, 1}, true, 2, ""},
        {"fc:1", TASK_AUTO, {0, 0, 0}, true, 2, ""},
        {"fc:1", TASK_CLASSIFICATION, {0, 0, 0}, true, 1, ""},
        {"fc:1", TASK_AUTO, {0, 1, 5}, false, 0, "d.csv: sample 2 has label 5"},
        {"fc:2", TASK_AUTO, {0, 1, 1}, true, 2, ""},
        {"fc:2", TASK_BINARY, {0, 1, 1}, false, 0, "task binary: the network has 2 outputs: one wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = build(cases[i].layers);
        const struct dataset data = {.count = 3, .labels = (uint32_t *)cases[i].labels};
        struct error e = {""};
        bool ok = task_settle(g, cases[i].task, &data, "d.csv", "m.onnx", &e);
        cr_expect_eq(ok, cases[i].ok, "case %zu: %s", i, e.text);
        if (ok) cr_expect_eq(g->classes, cases[i].classes, "case %zu", i);
        else cr_expect(strstr(e.text, cases[i].why), "case %zu: %s", i, e.text);
        graph_destroy(g);
    }
}
