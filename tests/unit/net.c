/* Forward and backward passes against central differences and against networks computed by hand. */
#include "nn/net.h"
#include "nn/arch.h"
#include "nn/op.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SAMPLES 30

struct subject {
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    size_t sample, classes;
    float *x; /* MOST_SAMPLES */
    uint32_t targets[MOST_SAMPLES];
};

static void fill_normal(float *data, size_t n, uint64_t seed, double scale) {
    struct rng rng = rng_stream(seed, "net test", n);
    for (size_t i = 0; i < n; i++) data[i] = (float)(scale * rng_normal(&rng));
}

/* Takes the graph. Every parameter is drawn anew, variances positive. */
static void subject_init(struct subject *s, struct graph *g) {
    struct error e;
    s->graph = g;
    cr_assert(weights_create(g, &s->weights, &e), "%s", e.text);
    for (uint32_t v = 0; v < g->value_count; v++) {
        if (g->values[v].kind != VALUE_PARAMETER) continue;
        size_t n = shape_count(&g->values[v].shape);
        float *data = weights_edit(s->weights, v);
        fill_normal(data, n, v, .4);
        for (size_t i = 0; i < n && strstr(g->values[v].name, "var"); i++) data[i] = .5f + data[i] * data[i];
    }
    cr_assert(net_create(s->weights, &s->net, &e), "%s", e.text);
    s->sample = shape_count(&g->sample);
    s->classes = g->classes;
    s->x = malloc(MOST_SAMPLES * s->sample * sizeof *s->x);
    fill_normal(s->x, MOST_SAMPLES * s->sample, 77, 1);
    for (uint32_t i = 0; i < MOST_SAMPLES; i++) s->targets[i] = i * 7 % g->classes;
}

static void subject_finish(struct subject *s) {
    net_destroy(s->net);
    weights_destroy(s->weights);
    graph_destroy(s->graph);
    free(s->x);
}

static struct graph *from_list(const char *list, struct shape sample) {
    struct graph *g;
    struct error e;
    cr_assert(arch_build(list, &sample, &g, &e), "%s: %s", list, e.text);
    return g;
}

static void parameter(struct graph *g, const char *name, struct shape shape) {
    struct error e;
    float *zeros = calloc(shape_count(&shape), sizeof *zeros);
    cr_assert(graph_add_parameter(g, name, &shape, zeros, &e), "%s", e.text);
    free(zeros);
}

static void node(struct graph *g, const char *op, const char *const inputs[], size_t count, const char *output,
                 struct attribute attribute) {
    struct error e;
    cr_assert(graph_add_node(g, op, output, inputs, count, &output, 1, &attribute, attribute.name != NULL, &e), "%s",
              e.text);
}
#define IN(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* Branches, a residual sum, a gate, a concatenation, a shared reshape: what a plain list of layers has not. */
static struct graph *branched(void) {
    const struct attribute none = {0}, axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1},
                           pads = {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){1, 1, 1, 1}, .count = 4},
                           kernel = {
                               .name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){2, 2}, .count = 2};
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &(struct shape){4, {1, 2, 6, 6}}, &e), "%s", e.text);
    parameter(g, "first", (struct shape){4, {3, 2, 3, 3}});
    parameter(g, "second", (struct shape){4, {3, 3, 3, 3}});
    parameter(g, "gate", (struct shape){4, {3, 3, 1, 1}});
    parameter(g, "fc", (struct shape){2, {153, 4}});
    parameter(g, "late", (struct shape){4, {4, 3, 1, 1}});
    node(g, "Conv", IN("x", "first"), "a", pads);
    node(g, "Relu", IN("a"), "r", none);
    node(g, "Conv", IN("r", "second"), "b", pads);
    node(g, "Add", IN("b", "r"), "sum", none);
    node(g, "GlobalAveragePool", IN("sum"), "pooled", none);
    node(g, "Conv", IN("pooled", "gate"), "g", none);
    node(g, "Mul", IN("sum", "g"), "gated", none);
    node(g, "MaxPool", IN("gated"), "m", kernel);
    node(g, "Flatten", IN("m"), "mf", none);
    node(g, "Flatten", IN("x"), "xf", none);
    node(g, "Flatten", IN("pooled"), "pf", none);
    node(g, "Concat", IN("mf", "xf", "pf", "pf"), "c", axis);
    node(g, "MatMul", IN("c", "fc"), "part", none);
    node(g, "Conv", IN("pooled", "late"), "l", none);
    node(g, "Flatten", IN("l"), "lf", none);
    node(g, "Add", IN("part", "lf"), "y", none);
    node(g, "Softmax", IN("y"), "p", none);
    cr_assert(graph_finish(g, "p", &e), "%s", e.text);
    return g;
}

static struct graph *make(size_t kind) {
    const struct shape image = {3, {2, 8, 8}}, features = {1, {9}};
    switch (kind) {
    case 0:
        return from_list("conv:5x3+1,relu,maxpool:2,conv:6x2,batchnorm,relu,avgpool:2/1,flatten,fc:7,relu,fc:5", image);
    case 1: return from_list("fc:17,relu,fc:19,relu,fc:3", features);
    case 2: return from_list("fc:300,fc:3", features);         /* linear throughout */
    case 3: return from_list("relu,fc:8,relu,fc:3", features); /* nothing linear first */
    case 4: return from_list("conv:4x3,batchnorm,conv:4x3,relu,globalavgpool,flatten,fc:3", image);
    default: return branched();
    }
}
#define KINDS 6u

/* ---- A sample's result depends neither on its neighbours nor on how a batch is split ---- */

Test(net, results_do_not_depend_on_the_split) {
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct subject s;
        struct error e;
        subject_init(&s, make(kind));
        float *logits = malloc(MOST_SAMPLES * s.classes * sizeof *logits), *one = malloc(s.classes * sizeof *one);
        float *maps = malloc(MOST_SAMPLES * s.sample * sizeof *maps), *map = malloc(s.sample * sizeof *map);
        const uint32_t n = 27;
        cr_assert(net_forward(s.net, n, s.x, logits, &e) &&
                      net_gradient(s.net, NET_GUIDED, n, s.x, s.targets, maps, &e),
                  "%s", e.text);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert(net_forward(s.net, 1, s.x + i * s.sample, one, &e) &&
                          net_gradient(s.net, NET_GUIDED, 1, s.x + i * s.sample, s.targets + i, map, &e),
                      "%s", e.text);
            cr_expect(memcmp(one, logits + i * s.classes, s.classes * sizeof *one) == 0, "kind %zu sample %u", kind, i);
            cr_expect(memcmp(map, maps + i * s.sample, s.sample * sizeof *map) == 0, "kind %zu sample %u", kind, i);
        }
        free(logits);
        free(one);
        free(maps);
        free(map);
        subject_finish(&s);
    }
}

/* ---- Gradients ---- */

static double target_logit(struct subject *s, uint32_t sample) {
    struct error e;
    float logits[64];
    cr_assert(net_forward(s->net, 1, s->x + sample * s->sample, logits, &e), "%s", e.text);
    return (double)logits[s->targets[sample]];
}

/* Whether `gradient` is the slope of `objective` at *at: between both neighbours or, since a kink of a rectifier may
 * lie on one side, towards one of them. */
static bool is_slope(struct subject *s, double (*objective)(struct subject *, uint32_t), uint32_t n, float *at,
                     double gradient, double tolerance) {
    const float value = *at, step = 0x1p-9f;
    double middle = objective(s, n);
    *at = value + step;
    double up = objective(s, n), right = (double)(*at - value);
    *at = value - step;
    double down = objective(s, n), left = (double)(value - *at);
    *at = value;
    return fabs((up - down) / (left + right) - gradient) < tolerance ||
           fabs((up - middle) / right - gradient) < tolerance || fabs((middle - down) / left - gradient) < tolerance;
}

Test(net, gradient_agrees_with_central_differences) {
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct subject s;
        struct error e;
        size_t wrong = 0;
        double scale = 0;
        subject_init(&s, make(kind));
        float *map = malloc(s.sample * sizeof *map);
        for (uint32_t k = 0; k < 3; k++) {
            float *x = s.x + k * s.sample;
            cr_assert(net_gradient(s.net, NET_GRADIENT, 1, x, s.targets + k, map, &e), "%s", e.text);
            for (size_t i = 0; i < s.sample; i++) scale = fmax(scale, fabs((double)map[i]));
            for (size_t i = 0; i < s.sample; i++)
                wrong += !is_slope(&s, target_logit, k, &x[i], (double)map[i], 5e-3 * scale);
        }
        cr_expect_gt(scale, 0);
        cr_expect_eq(wrong, 0, "kind %zu: %zu elements", kind, wrong);
        free(map);
        subject_finish(&s);
    }
}

Test(net, gradient_sum_is_the_weighted_sum_of_gradients) {
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct subject s;
        struct error e;
        subject_init(&s, make(kind));
        const uint32_t n = 23;
        float weights[MOST_SAMPLES], *maps = malloc(n * s.sample * sizeof *maps), *sum = malloc(s.sample * sizeof *sum);
        fill_normal(weights, n, 5, 1);
        cr_assert(net_gradient(s.net, NET_GRADIENT, n, s.x, s.targets, maps, &e) &&
                      net_gradient_sum(s.net, n, s.x, s.targets, weights, sum, &e),
                  "%s", e.text);
        for (size_t k = 0; k < s.sample; k++) {
            double wanted = 0, size = 1e-6;
            for (uint32_t i = 0; i < n; i++) {
                double part = (double)weights[i] * (double)maps[i * s.sample + k];
                wanted += part;
                size += fabs(part);
            }
            cr_expect(fabs((double)sum[k] - wanted) < 1e-4 * size, "kind %zu element %zu: %g instead of %g", kind, k,
                      (double)sum[k], wanted);
        }
        free(maps);
        free(sum);
        subject_finish(&s);
    }
}

/* Beside the sum over the same points, made by hand; twice, as a line may be asked again, and with a batch in between.
 */
Test(net, a_line_is_the_sum_at_its_points) {
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct subject s;
        struct error e;
        subject_init(&s, make(kind));
        const uint32_t n = 23;
        const float *from = s.x, *to = s.x + s.sample;
        float weights[MOST_SAMPLES], positions[MOST_SAMPLES], *points = malloc(n * s.sample * sizeof *points);
        float *wanted = malloc(s.sample * sizeof *wanted), *sum[2];
        uint32_t targets[MOST_SAMPLES];
        sum[0] = malloc(s.sample * sizeof *sum[0]);
        sum[1] = malloc(s.sample * sizeof *sum[1]);
        cr_assert(points && wanted && sum[0] && sum[1]);
        fill_normal(weights, n, 5, 1);
        for (uint32_t i = 0; i < n; i++) {
            positions[i] = (float)i / (float)(n - 1);
            targets[i] = 2;
            for (size_t k = 0; k < s.sample; k++) points[i * s.sample + k] = from[k] + positions[i] * (to[k] - from[k]);
        }
        cr_assert(net_gradient_sum(s.net, n, points, targets, weights, wanted, &e) &&
                      net_line_begin(s.net, from, to, &e) &&
                      net_line_sum(s.net, n, positions, weights, 2, sum[0], &e) &&
                      net_gradient_sum(s.net, n, points, targets, weights, points, &e) &&
                      net_line_sum(s.net, n, positions, weights, 2, sum[1], &e),
                  "%s", e.text);
        cr_expect(memcmp(sum[0], sum[1], s.sample * sizeof *wanted) == 0, "kind %zu", kind);
        cr_expect(memcmp(wanted, points, s.sample * sizeof *wanted) == 0, "kind %zu: a batch after a line", kind);
        for (size_t k = 0; k < s.sample; k++)
            cr_expect_float_eq(sum[0][k], wanted[k], 1e-4 * (1 + fabs((double)wanted[k])), "kind %zu element %zu", kind,
                               k);
        cr_expect_not(net_line_sum(s.net, n, positions, weights, (uint32_t)s.classes, sum[0], &e));
        free(points);
        free(wanted);
        free(sum[0]);
        free(sum[1]);
        subject_finish(&s);
    }
}

/* f(x) = V relu(U x) with U = [1 0; 0 1; 1 1; -1 -1; 2 -3], V = [1 -2 3 4 -5; ...] at x = (1, 2):
 * U x = (1, 2, 3, -3, -4), so units 1, 2, 3 are on.
 * gradient: U' (V0 . on) = (1 + 3, -2 + 3); guided: negative -2 and -5 stopped: (1 + 3, 3);
 * deconvnet: on or off does not matter, V0 > 0: units 1, 3, 4: (1 + 3 - 4, 3 - 4). */
Test(net, rules_on_a_net_by_hand) {
    static const float u[10] = {1, 0, 0, 1, 1, 1, -1, -1, 2, -3}, v[10] = {1, -2, 3, 4, -5, 1, 1, 1, 1, 1};
    static const float wanted[3][2] = {{4, 1}, {4, 3}, {0, -1}};
    struct graph *g = from_list("fc:5,relu,fc:2", (struct shape){1, {2}});
    struct subject s;
    struct error e;
    subject_init(&s, g);
    for (uint32_t i = 0; i < g->value_count; i++) {
        if (g->values[i].kind != VALUE_PARAMETER) continue;
        float *data = weights_edit(s.weights, i);
        memset(data, 0, shape_count(&g->values[i].shape) * sizeof *data);
        bool transposed = g->values[i].shape.dim[0] == 5; /* arch may store either way */
        if (strcmp(g->values[i].name, "fc1.weight") == 0)
            for (size_t k = 0; k < 10; k++) data[transposed ? k : k % 2 * 5 + k / 2] = u[k];
        if (strcmp(g->values[i].name, "fc2.weight") == 0)
            for (size_t k = 0; k < 10; k++) data[transposed ? k % 5 * 2 + k / 5 : k] = v[k];
    }
    const float x[2] = {1, 2};
    float logits[2], map[2];
    cr_assert(net_forward(s.net, 1, x, logits, &e), "%s", e.text);
    cr_expect_eq(logits[0], 1 - 4 + 9);
    cr_expect_eq(logits[1], 6);
    for (unsigned rule = 0; rule < 3; rule++) {
        cr_assert(net_gradient(s.net, (enum net_rule)rule, 1, x, (uint32_t[]){0}, map, &e), "%s", e.text);
        cr_expect(map[0] == wanted[rule][0] && map[1] == wanted[rule][1], "rule %u: %g %g", rule, (double)map[0],
                  (double)map[1]);
    }
    float hidden[5], back[5];
    cr_assert(net_inspect(s.net, g->values[g->nodes[g->node_count - 1].inputs[0]].node, 1, x, (uint32_t[]){0}, hidden,
                          back, &e),
              "%s", e.text);
    static const float activations[5] = {1, 2, 3, 0, 0};
    for (size_t i = 0; i < 5; i++)
        cr_expect(hidden[i] == activations[i] && back[i] == v[i], "unit %zu: %g %g", i, (double)hidden[i],
                  (double)back[i]);
    subject_finish(&s);
}

/* Every node's activation and gradient, in a batch and alone; the logits' own are known. */
Test(net, inspects_every_node) {
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct subject s;
        struct error e;
        subject_init(&s, make(kind));
        const uint32_t n = 13;
        for (uint32_t k = 0; k < s.graph->node_count; k++) {
            uint32_t value = s.graph->nodes[k].outputs[0];
            size_t size = shape_count(&s.graph->values[value].shape);
            float *batch = malloc(n * size * sizeof *batch), *back = malloc(n * size * sizeof *back);
            float *one = malloc(size * sizeof *one), *one_back = malloc(size * sizeof *one_back);
            bool ok = net_inspect(s.net, k, n, s.x, s.targets, batch, back, &e);
            cr_expect_eq(ok, strcmp(s.graph->nodes[k].op->name, "Softmax") != 0, "%s", s.graph->nodes[k].name);
            for (uint32_t i = 0; ok && i < n; i++) {
                cr_assert(net_inspect(s.net, k, 1, s.x + i * s.sample, NULL, one, NULL, &e), "%s", e.text);
                cr_assert(net_inspect(s.net, k, 1, s.x + i * s.sample, s.targets + i, NULL, one_back, &e), "%s",
                          e.text);
                cr_expect(memcmp(one, batch + i * size, size * sizeof *one) == 0);
                cr_expect(memcmp(one_back, back + i * size, size * sizeof *one) == 0);
                for (size_t c = 0; value == s.graph->output && c < size; c++)
                    cr_expect_eq(one_back[c], c == s.targets[i] ? 1 : 0);
            }
            free(batch);
            free(back);
            free(one);
            free(one_back);
        }
        cr_expect_not(net_inspect(s.net, s.graph->node_count, 1, s.x, s.targets, NULL, NULL, &e));
        subject_finish(&s);
    }
}

Test(net, predicts_the_largest_logit_and_the_lower_of_equals) {
    struct subject s;
    struct error e;
    uint32_t predictions[MOST_SAMPLES];
    float logits[MOST_SAMPLES * 3];
    subject_init(&s, make(1));
    cr_assert(net_predict(s.net, MOST_SAMPLES, s.x, predictions, &e) &&
                  net_forward(s.net, MOST_SAMPLES, s.x, logits, &e),
              "%s", e.text);
    for (size_t i = 0; i < MOST_SAMPLES; i++)
        for (size_t c = 0; c < 3; c++) cr_expect_leq(logits[i * 3 + c], logits[i * 3 + predictions[i]]);
    for (uint32_t v = 0; v < s.graph->value_count; v++)
        if (s.graph->values[v].kind == VALUE_PARAMETER)
            memset(weights_edit(s.weights, v), 0, shape_count(&s.graph->values[v].shape) * sizeof(float));
    cr_assert(net_predict(s.net, 1, s.x, predictions, &e));
    cr_expect_eq(predictions[0], 0);
    subject_finish(&s);
}

Test(net, passes_on_what_is_not_finite) {
    struct subject s;
    struct error e;
    subject_init(&s, make(0));
    float logits[5], *map = malloc(s.sample * sizeof *map);
    for (size_t i = 0; i < s.sample; i++) s.x[i] = NAN;
    cr_assert(net_forward(s.net, 1, s.x, logits, &e) && net_gradient(s.net, NET_GRADIENT, 1, s.x, s.targets, map, &e),
              "%s", e.text);
    for (size_t i = 0; i < 5; i++) cr_expect(isnan(logits[i]));
    free(map);
    subject_finish(&s);
}

Test(net, refuses_targets_and_batches_out_of_range) {
    struct subject s;
    struct error e;
    double loss;
    uint32_t correct, wrong[1] = {3};
    float *const *grads, map[9];
    subject_init(&s, make(1));
    cr_expect_not(net_gradient(s.net, NET_GRADIENT, 1, s.x, wrong, map, &e));
    cr_expect(strstr(e.text, "target 3") && strstr(e.text, "3 outputs"), "%s", e.text);
    cr_expect_not(net_gradient_sum(s.net, 1, s.x, wrong, (float[]){1}, map, &e));
    cr_expect_not(net_inspect(s.net, 0, 1, s.x, wrong, NULL, map, &e));
    cr_expect_not(net_loss(s.net, 1, s.x, wrong, &loss, &correct, &grads, &e));
    cr_expect(strstr(e.text, "label 3"), "%s", e.text);
    cr_expect_not(net_loss(s.net, 0, s.x, s.targets, &loss, &correct, &grads, &e));
    cr_expect_not(net_loss(s.net, NET_TRAIN_BATCH + 1, s.x, s.targets, &loss, &correct, &grads, &e));
    subject_finish(&s);
}

/* ---- Training ---- */

static double loss_and_gradients(struct subject *s, uint32_t n, float *const **grads) {
    struct error e;
    double loss;
    uint32_t correct;
    cr_assert(net_loss(s->net, n, s->x, s->targets, &loss, &correct, grads, &e), "%s", e.text);
    return loss;
}

static double loss_of(struct subject *s, uint32_t n) {
    float *const *unused;
    return loss_and_gradients(s, n, &unused);
}

static void check_parameter(struct subject *s, size_t kind, uint32_t v, uint32_t n, const float *gradient) {
    size_t wrong = 0, size = shape_count(&s->graph->values[v].shape), stride = size / 40 + 1;
    float *data = weights_edit(s->weights, v);
    double scale = .05;
    for (size_t i = 0; i < size; i++) scale = fmax(scale, fabs((double)gradient[i]));
    for (size_t i = 0; i < size; i += stride)
        wrong += !is_slope(s, loss_of, n, &data[i], (double)gradient[i], 1e-2 * scale);
    cr_expect_eq(wrong, 0, "kind %zu, %s: %zu elements", kind, s->graph->values[v].name, wrong);
}

/* Running statistics are no function of the loss: theirs is zero. */
Test(net, loss_gradients_agree_with_central_differences) {
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct subject s;
        float *const *grads;
        const uint32_t n = 13;
        subject_init(&s, make(kind));
        for (uint32_t v = 0; v < s.graph->value_count; v++) {
            loss_and_gradients(&s, n, &grads);
            bool is_parameter = s.graph->values[v].kind == VALUE_PARAMETER;
            cr_assert_eq(grads[v] != NULL, is_parameter);
            if (!is_parameter) continue;
            size_t bytes = shape_count(&s.graph->values[v].shape) * sizeof(float);
            float *gradient = malloc(bytes);
            memcpy(gradient, grads[v], bytes);
            check_parameter(&s, kind, v, n, gradient);
            free(gradient);
        }
        subject_finish(&s);
    }
}

Test(net, loss_is_the_mean_cross_entropy) {
    struct subject s;
    struct error e;
    float logits[13 * 3], *const *grads;
    double wanted = 0, loss;
    uint32_t hits = 0, correct, predictions[13];
    subject_init(&s, make(1));
    cr_assert(net_forward(s.net, 13, s.x, logits, &e) && net_predict(s.net, 13, s.x, predictions, &e));
    for (size_t i = 0; i < 13; i++) {
        double sum = 0;
        for (size_t c = 0; c < 3; c++) sum += exp((double)logits[i * 3 + c]);
        wanted += (log(sum) - (double)logits[i * 3 + s.targets[i]]) / 13;
        hits += predictions[i] == s.targets[i];
    }
    cr_assert(net_loss(s.net, 13, s.x, s.targets, &loss, &correct, &grads, &e), "%s", e.text);
    cr_expect_float_eq(loss, wanted, 1e-5);
    cr_expect_eq(correct, hits);
    cr_expect_eq(loss_of(&s, 13), loss, "the same call gives the same bits");
    subject_finish(&s);
}

Test(net, offers_the_statistics_of_the_batch) {
    struct graph *g = from_list("batchnorm,conv:2x1,flatten,fc:2", (struct shape){3, {2, 2, 1}});
    struct subject s;
    const float x[] = {1, 3, 0, 4, /* */ 5, 7, 8, 0}; /* channel 0: 1 3 5 7, channel 1: 0 4 8 0 */
    subject_init(&s, g);
    memcpy(s.x, x, sizeof x);
    for (uint32_t v = 0; v < g->value_count; v++) cr_expect_null(net_batch_statistic(s.net, v));
    loss_of(&s, 2);
    for (uint32_t v = 0; v < g->value_count; v++) {
        const float *found = net_batch_statistic(s.net, v);
        bool mean = strcmp(g->values[v].name, "batchnorm1.mean") == 0;
        bool variance = strcmp(g->values[v].name, "batchnorm1.var") == 0;
        cr_expect_eq(found != NULL, mean || variance, "%s", g->values[v].name);
        if (found) cr_expect(mean ? found[0] == 4 && found[1] == 3 : found[0] == 5 && found[1] == 11);
    }
    subject_finish(&s);
}
