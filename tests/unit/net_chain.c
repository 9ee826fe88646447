/* Chains of nodes that run as one function: in every form that exporters write, beside the operators by themselves. */
#include "base/rng.h"
#include "nn/net.h"
#include "nn/net_plan.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURES 40u
#define SAMPLES 3u
#define CLASSES 3u

/* One node a line: OP A [B] > RESULT. x is the value that goes in, y the one that comes out; numbers are constants, and
 * one in brackets is a parameter. */
struct form {
    const char *name, *nodes;
    bool chains;
};

static const struct form forms[] = {
    {"torch", "Div x 1.4142135 > a; Erf a > b; Add b 1 > c; Mul x c > d; Mul d 0.5 > y", true},
    {"half first", "Mul x 0.70710677 > a; Erf a > b; Add 1 b > c; Mul 0.5 x > d; Mul d c > y", true},
    {"half of the sum", "Mul x 0.70710677 > a; Erf a > b; Add b 1 > c; Mul c 0.5 > d; Mul x d > y", true},
    {"the other way round", "Div x 1.4142135 > a; Erf a > b; Add b 1 > c; Mul c x > d; Mul 0.5 d > y", true},
    {"SiLU", "Sigmoid x > a; Mul x a > y", true},
    {"SiLU, turned", "Sigmoid x > a; Mul a x > y", true},
    {"another number", "Div x 1.5 > a; Erf a > b; Add b 1 > c; Mul x c > d; Mul d 0.5 > y", false},
    {"no half", "Div x 1.4142135 > a; Erf a > b; Add b 1 > c; Mul x c > d; Mul d 0.25 > y", false},
    {"divided the other way", "Div 1.4142135 x > a; Erf a > b; Add b 1 > c; Mul x c > d; Mul d 0.5 > y", false},
    {"a parameter", "Div x (1.4142135) > a; Erf a > b; Add b 1 > c; Mul x c > d; Mul d 0.5 > y", false},
    {"read twice", "Div x 1.4142135 > a; Erf a > b; Add b 1 > c; Mul x c > d; Mul d 0.5 > e; Add e b > y", false},
    {"of another value", "Mul x 2 > z; Sigmoid z > a; Mul x a > y", false},
    {"a gate that is read twice", "Sigmoid x > a; Mul x a > b; Add a b > y", false},
};
#define FORMS (sizeof forms / sizeof *forms)

struct subject {
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    float *x;
};

static const char *operand(struct graph *g, const char *word, char name[24]) {
    struct error e;
    bool parameter = *word == '(';
    if (!parameter && !strchr("0123456789", *word)) return word;
    float number = strtof(word + parameter, NULL);
    static unsigned count;
    snprintf(name, 24, "number%u", count++);
    cr_assert(parameter ? graph_add_parameter(g, name, &(struct shape){1, {1}}, &number, &e)
                        : graph_add_floats(g, name, &(struct shape){0}, &number, &e),
              "%s", e.text);
    return name;
}

static void add_line(struct graph *g, char *line) {
    char names[2][24], *rest = NULL, *op = strtok_r(line, " ", &rest);
    const char *in[2], *out;
    size_t count = 0;
    struct error e;
    for (char *w; (w = strtok_r(NULL, " ", &rest)) && *w != '>'; count++) in[count] = operand(g, w, names[count]);
    out = strtok_r(NULL, " ", &rest);
    cr_assert(graph_add_node(g, op, out, in, count, &out, 1, NULL, 0, &e), "%s", e.text);
}

/* A product by a parameter, the form, another product: x depends on the input, and y is not the output. */
static void subject_init(struct subject *s, const char *nodes) {
    struct error e;
    char text[256], *rest = NULL;
    float w[FEATURES * FEATURES], v[FEATURES * CLASSES];
    rng_fill_normal(1, 0, FEATURES * FEATURES, w);
    rng_fill_normal(2, 0, FEATURES * CLASSES, v);
    for (size_t i = 0; i < FEATURES * FEATURES; i++) w[i] *= .3f;
    struct graph *g;
    cr_assert(
        graph_create(&g, &e) && graph_add_input(g, "in", &(struct shape){2, {1, FEATURES}}, &e) &&
        graph_add_parameter(g, "w", &(struct shape){2, {FEATURES, FEATURES}}, w, &e) &&
        graph_add_parameter(g, "v", &(struct shape){2, {FEATURES, CLASSES}}, v, &e) &&
        graph_add_node(g, "MatMul", "first", (const char *[]){"in", "w"}, 2, (const char *[]){"x"}, 1, NULL, 0, &e));
    snprintf(text, sizeof text, "%s", nodes);
    for (char *line = strtok_r(text, ";", &rest); line; line = strtok_r(NULL, ";", &rest)) add_line(g, line);
    cr_assert(
        graph_add_node(g, "MatMul", "last", (const char *[]){"y", "v"}, 2, (const char *[]){"out"}, 1, NULL, 0, &e) &&
            graph_finish(g, "out", &e),
        "%s", e.text);
    s->graph = g;
    s->x = malloc(SAMPLES * FEATURES * sizeof *s->x);
    rng_fill_normal(3, 0, SAMPLES * FEATURES, s->x);
    cr_assert(weights_create(g, &s->weights, &e) && net_create(s->weights, &s->net, &e), "%s", e.text);
}

static void subject_finish(struct subject *s) {
    net_destroy(s->net);
    weights_destroy(s->weights);
    graph_destroy(s->graph);
    free(s->x);
}

static const uint32_t targets[SAMPLES] = {0, 2, 1};

/* Logits, then maps. */
static void answers(struct subject *s, float out[SAMPLES * (CLASSES + FEATURES)]) {
    struct error e;
    cr_assert(net_gradient_logits(s->net, NET_GRADIENT, SAMPLES, s->x, targets, out, out + SAMPLES * CLASSES, &e), "%s",
              e.text);
}

/* The same with every node by itself. */
static void plain_answers(struct subject *s, float out[SAMPLES * (CLASSES + FEATURES)]) {
    s->net->plain = true;
    answers(s, out);
    s->net->plain = false;
}

static double distance(const float *a, const float *b, size_t n) {
    double difference = 0, size = 1e-30;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(difference / size);
}

Test(net_chain, a_chain_computes_what_its_nodes_do) {
    for (size_t i = 0; i < FORMS; i++) {
        const size_t logits = SAMPLES * CLASSES, maps = SAMPLES * FEATURES;
        float chained[SAMPLES * (CLASSES + FEATURES)], plain[SAMPLES * (CLASSES + FEATURES)], again[sizeof plain / 4];
        struct subject s;
        subject_init(&s, forms[i].nodes);
        cr_expect_eq(s.net->chain_count, forms[i].chains ? 1 : 0, "%s: %u chains", forms[i].name, s.net->chain_count);
        answers(&s, chained);
        plain_answers(&s, plain);
        answers(&s, again);
        cr_expect_lt(distance(chained, plain, logits), 1e-6, "%s: forward", forms[i].name);
        cr_expect_lt(distance(chained + logits, plain + logits, maps), 2e-6, "%s: back", forms[i].name);
        cr_expect_arr_eq(chained, again, sizeof chained, "%s", forms[i].name);
        subject_finish(&s);
    }
}

/* What a chain leaves out can still be asked for. */
Test(net_chain, nodes_within_can_be_inspected) {
    for (size_t i = 0; i < FORMS; i++) {
        float before[SAMPLES * (CLASSES + FEATURES)], after[SAMPLES * (CLASSES + FEATURES)];
        struct subject chained, plain;
        struct error e;
        subject_init(&chained, forms[i].nodes);
        subject_init(&plain, forms[i].nodes);
        answers(&chained, before);
        for (uint32_t k = 0; k < chained.graph->node_count; k++) {
            size_t n = SAMPLES * shape_count(&chained.graph->values[chained.graph->nodes[k].outputs[0]].shape);
            float value[4][SAMPLES * FEATURES];
            cr_assert(net_inspect(chained.net, k, SAMPLES, chained.x, targets, value[0], value[1], &e), "%s", e.text);
            plain.net->plain = true;
            cr_assert(net_inspect(plain.net, k, SAMPLES, plain.x, targets, value[2], value[3], &e), "%s", e.text);
            cr_expect_lt(distance(value[0], value[2], n), 1e-6, "%s: node %u", forms[i].name, k);
            cr_expect_lt(distance(value[1], value[3], n), 2e-6, "%s: node %u, gradient", forms[i].name, k);
        }
        answers(&chained, after);
        cr_expect_arr_eq(before, after, sizeof before, "%s: inspecting left a trace", forms[i].name);
        subject_finish(&chained);
        subject_finish(&plain);
    }
}

/* Training keeps every value. */
Test(net_chain, training_runs_every_node) {
    struct subject s;
    struct error e;
    double loss;
    uint32_t correct;
    float *const *grads;
    subject_init(&s, forms[0].nodes);
    cr_assert(net_loss(s.net, SAMPLES, s.x, targets, &loss, &correct, &grads, &e), "%s", e.text);
    for (uint32_t v = 0; v < s.graph->value_count; v++)
        for (size_t i = 0; grads[v] && i < shape_count(&s.graph->values[v].shape); i++)
            cr_expect(isfinite(grads[v][i]) && (i || grads[v][i] != 0));
    subject_finish(&s);
}
