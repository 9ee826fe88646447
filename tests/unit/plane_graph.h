/* plane_graph.h: random graphs of operators on planes, of many sizes and kinds of windows. */
#ifndef ASSAY_TESTS_PLANE_GRAPH_H
#define ASSAY_TESTS_PLANE_GRAPH_H

#include "base/rng.h"
#include "nn/graph.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define NAME 16
#define NODES 9u

struct maker {
    struct graph *g;
    struct rng rng;
    size_t channels, height[NODES + 1], width[NODES + 1], depth[NODES + 1]; /* of each value */
    char names[NODES + 1][NAME];
};

static inline uint32_t below(struct maker *m, uint32_t n) {
    return (uint32_t)rng_below(&m->rng, n);
}

static inline void add(struct maker *m, const char *op, const char *out, const char *const *in, size_t count,
                       const struct attribute *a, size_t attributes) {
    struct error e;
    cr_assert(graph_add_node(m->g, op, out, in, count, &out, 1, a, attributes, &e), "%s: %s", op, e.text);
}

static inline void parameter(struct maker *m, const char *name, struct shape s, double sd, float base) {
    struct error e;
    float data[4096];
    size_t n = shape_count(&s);
    cr_assert_leq(n, sizeof data / sizeof *data);
    for (size_t i = 0; i < n; i++) data[i] = base + (float)(sd * rng_normal(&m->rng));
    cr_assert(graph_add_parameter(m->g, name, &s, data, &e), "%s", e.text);
}

static inline void add_conv(struct maker *m, uint32_t i, uint32_t from) {
    static const struct {
        int64_t kernel, stride, dilation, pad[4];
    } kinds[] = {{3, 1, 1, {1, 1, 1, 1}}, {3, 1, 1, {0, 2, 1, 0}}, {3, 2, 1, {1, 1, 1, 1}},
                 {5, 1, 1, {2, 2, 2, 2}}, {1, 1, 1, {0, 0, 0, 0}}, {3, 1, 2, {2, 2, 2, 2}},
                 {7, 2, 1, {3, 3, 3, 3}}, {1, 2, 1, {0, 0, 0, 0}}, {3, 3, 1, {0, 1, 0, 2}}};
    uint32_t kind = below(m, sizeof kinds / sizeof *kinds), type = below(m, 4);
    int64_t k = kinds[kind].kernel, s = kinds[kind].stride, d = kinds[kind].dilation;
    const int64_t *pad = kinds[kind].pad;
    size_t in = m->depth[from], out = type == 0 ? in : 1 + below(m, 20), groups = type == 0 ? in : 1;
    char weight[2 * NAME], bias[2 * NAME], conv[2 * NAME];
    int64_t kernel[2] = {k, k}, stride[2] = {s, s}, dilation[2] = {d, d};
    const struct attribute a[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = kernel, .count = 2},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = stride, .count = 2},
        {.name = "dilations", .kind = ATTRIBUTE_INTS, .ints = dilation, .count = 2},
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pad, .count = 4},
        {.name = "group", .kind = ATTRIBUTE_INT, .integer = (int64_t)groups},
    };
    if (k * k * (int64_t)(in / groups * out) > 4000) k = kernel[0] = kernel[1] = 1, pad = kinds[4].pad;
    size_t reach = (size_t)((k - 1) * d + 1);
    size_t high = m->height[from] + (size_t)(pad[0] + pad[2]), wide = m->width[from] + (size_t)(pad[1] + pad[3]);
    struct attribute all[5];
    memcpy(all, a, sizeof a);
    all[3].ints = pad;
    if (high < reach || wide < reach) {
        add_conv(m, i, from);
        return;
    }
    snprintf(weight, sizeof weight, "%s.weight", m->names[i]);
    snprintf(bias, sizeof bias, "%s.bias", m->names[i]);
    snprintf(conv, sizeof conv, "%s.conv", m->names[i]);
    parameter(m, weight, (struct shape){4, {out, in / groups, (size_t)k, (size_t)k}}, .3, 0);
    parameter(m, bias, (struct shape){1, {out}}, .1, 0);
    bool norm = below(m, 2);
    add(m, "Conv", norm ? conv : m->names[i], (const char *[]){m->names[from], weight, bias}, 3, all, 5);
    if (norm) {
        char p[4][2 * NAME];
        static const float base[] = {.7f, 0, 0, 3};
        for (int q = 0; q < 4; q++) {
            snprintf(p[q], sizeof p[q], "%s.n%d", m->names[i], q);
            parameter(m, p[q], (struct shape){1, {out}}, .1, base[q]);
        }
        add(m, "BatchNormalization", m->names[i], (const char *[]){conv, p[0], p[1], p[2], p[3]}, 5, NULL, 0);
    }
    m->depth[i] = out;
    m->height[i] = (high - reach) / (size_t)s + 1;
    m->width[i] = (wide - reach) / (size_t)s + 1;
}

static inline void add_pool(struct maker *m, uint32_t i, uint32_t from) {
    bool average = below(m, 2), padded = !average && below(m, 2), two = below(m, 2);
    int64_t kernel[2] = {two ? 2 : 3, two ? 2 : 3}, stride[2] = {2, 2}, pads[4] = {padded, padded, padded, padded};
    const struct attribute a[] = {{.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = kernel, .count = 2},
                                  {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = stride, .count = 2},
                                  {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pads, .count = 4}};
    if (below(m, 3) == 0) stride[0] = stride[1] = 1;
    size_t high = m->height[from] + 2 * padded, wide = m->width[from] + 2 * padded;
    if (high < 3 || wide < 3) {
        add_conv(m, i, from);
        return;
    }
    add(m, average ? "AveragePool" : "MaxPool", m->names[i], (const char *[]){m->names[from]}, 1, a, 3);
    m->depth[i] = m->depth[from];
    m->height[i] = (high - (size_t)kernel[0]) / (size_t)stride[0] + 1;
    m->width[i] = (wide - (size_t)kernel[1]) / (size_t)stride[1] + 1;
}

/* Of one value, or of two of the same shape. */
static inline void add_local(struct maker *m, uint32_t i, uint32_t from) {
    static const char *const ones[] = {"Relu", "Sigmoid", "LeakyRelu", "Tanh"}, *const twos[] = {"Add", "Mul", "Max"};
    const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    uint32_t other = below(m, i);
    bool same = m->height[other] == m->height[from] && m->width[other] == m->width[from];
    char scale[2 * NAME];
    const char *both[] = {m->names[from], m->names[other]};
    m->depth[i] = m->depth[from];
    m->height[i] = m->height[from];
    m->width[i] = m->width[from];
    if (same && m->depth[other] == m->depth[from] && below(m, 3)) {
        add(m, twos[below(m, 3)], m->names[i], both, 2, NULL, 0);
    } else if (same && below(m, 2)) {
        add(m, "Concat", m->names[i], both, 2, &axis, 1);
        m->depth[i] += m->depth[other];
    } else if (below(m, 4) == 0) {
        snprintf(scale, sizeof scale, "%s.scale", m->names[i]);
        parameter(m, scale, (struct shape){3, {m->depth[from], 1, 1}}, .3, 1);
        add(m, below(m, 2) ? "Mul" : "PRelu", m->names[i], (const char *[]){m->names[from], scale}, 2, NULL, 0);
    } else {
        add(m, ones[below(m, 4)], m->names[i], both, 1, NULL, 0);
    }
}

static inline struct graph *plane_graph(uint64_t seed) {
    struct maker m = {.rng = rng_stream(seed, "regions", 0)};
    const struct attribute turned = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    struct error e;
    m.depth[0] = 1 + below(&m, 3);
    m.height[0] = 12 + below(&m, 30);
    m.width[0] = 12 + below(&m, 30);
    for (uint32_t i = 0; i <= NODES; i++) snprintf(m.names[i], NAME, "v%u", i);
    const struct shape sample = {4, {1, m.depth[0], m.height[0], m.width[0]}};
    cr_assert(graph_create(&m.g, &e) && graph_add_input(m.g, m.names[0], &sample, &e), "%s", e.text);
    for (uint32_t i = 1; i <= NODES; i++) {
        uint32_t from = below(&m, 4) ? i - 1 : below(&m, i), what = below(&m, 8);
        if (what < 3 || i == 1) add_conv(&m, i, from);
        else if (what == 3) add_pool(&m, i, from);
        else add_local(&m, i, from);
    }
    add(&m, "GlobalAveragePool", "mean", (const char *[]){m.names[NODES]}, 1, NULL, 0);
    add(&m, "Flatten", "flat", (const char *[]){"mean"}, 1, NULL, 0);
    parameter(&m, "fc.weight", (struct shape){2, {5, m.depth[NODES]}}, 1, 0);
    add(&m, "Gemm", "y", (const char *[]){"flat", "fc.weight"}, 2, &turned, 1);
    cr_assert(graph_finish(m.g, "y", &e), "graph %u: %s", (unsigned)seed, e.text);
    return m.g;
}

#endif
