/* random_graph.h: graphs of a few nodes that read each other at random, for whatever must hold in any graph. */
#ifndef ASSAY_TESTS_RANDOM_GRAPH_H
#define ASSAY_TESTS_RANDOM_GRAPH_H

#include "base/rng.h"
#include "nn/graph.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define CHANNELS 3u
#define SIDE 6u
#define SAMPLE (CHANNELS * SIDE * SIDE)
#define NODES 14u
#define NAME 16

static inline void add(struct graph *g, const char *op, const char *out, const char *a, const char *b,
                       const struct attribute *attributes, size_t count) {
    struct error e;
    cr_assert(graph_add_node(g, op, out, (const char *[]){a, b}, b ? 2 : 1, &out, 1, attributes, count, &e), "%s",
              e.text);
}

static inline void parameter(struct graph *g, const char *name, const struct shape *shape, struct rng *rng, double sd) {
    struct error e;
    float data[2 * CHANNELS * CHANNELS * 9 + SAMPLE];
    for (size_t i = 0; i < shape_count(shape); i++) data[i] = (float)(sd * rng_normal(rng));
    cr_assert(graph_add_parameter(g, name, shape, data, &e), "%s", e.text);
}

static inline void add_conv(struct graph *g, const char *out, const char *in, size_t from, struct rng *rng) {
    const struct attribute pads = {
        .name = "pads", .kind = ATTRIBUTE_INTS, .ints = (const int64_t[]){1, 1, 1, 1}, .count = 4};
    char weight[2 * NAME];
    snprintf(weight, sizeof weight, "%s.weight", out);
    parameter(g, weight, &(struct shape){4, {CHANNELS, from, 3, 3}}, rng, .2);
    add(g, "Conv", out, in, weight, &pads, 1);
}

/* Node `i` from one or two of the values before it. */
static inline void add_random(struct graph *g, struct rng *rng, char names[][NAME], uint32_t i) {
    static const char *const ops[] = {"Relu", "Relu",    "Add",     "Add", "Conv",
                                      "Conv", "MaxPool", "Sigmoid", "Mul", "Concat"};
    const struct attribute pool[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = (const int64_t[]){3, 3}, .count = 2},
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (const int64_t[]){1, 1, 1, 1}, .count = 4}};
    const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    const char *op = ops[rng_below(rng, sizeof ops / sizeof *ops)], *out = names[i];
    const char *a = names[i - 1], *b = names[rng_below(rng, i)];
    if (rng_below(rng, 4) == 0) a = names[rng_below(rng, i)];
    if (strcmp(op, "Conv") == 0) {
        add_conv(g, out, a, CHANNELS, rng);
    } else if (strcmp(op, "MaxPool") == 0) {
        add(g, op, out, a, NULL, pool, 2);
    } else if (strcmp(op, "Concat") == 0) {
        char both[2 * NAME];
        snprintf(both, sizeof both, "%s.both", out);
        add(g, op, both, a, b, &axis, 1);
        add_conv(g, out, both, 2 * CHANNELS, rng);
    } else {
        add(g, op, out, a, strcmp(op, "Add") == 0 || strcmp(op, "Mul") == 0 ? b : NULL, NULL, 0);
    }
}

static inline struct graph *random_graph(uint64_t seed) {
    struct rng rng = rng_stream(seed, "graph", 0);
    struct graph *g;
    struct error e;
    char names[NODES + 1][NAME];
    const struct shape sample = {4, {1, CHANNELS, SIDE, SIDE}};
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &sample, &e), "%s", e.text);
    parameter(g, "moved", &sample, &rng, .1);
    for (uint32_t i = 0; i <= NODES; i++) snprintf(names[i], NAME, "v%u", i);
    add(g, "Add", names[0], "x", "moved", NULL, 0);
    for (uint32_t i = 1; i <= NODES; i++) add_random(g, &rng, names, i);
    add(g, "Add", "last", names[NODES], names[NODES - 2], NULL, 0);
    add(g, "GlobalAveragePool", "mean", "last", NULL, NULL, 0);
    add(g, "Flatten", "y", "mean", NULL, NULL, 0);
    cr_assert(graph_finish(g, "y", &e), "graph %u: %s", (unsigned)seed, e.text);
    return g;
}

#endif
