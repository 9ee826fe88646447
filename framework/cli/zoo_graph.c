/* zoo_graph.c: the table of networks, and their graphs. */
#include "cli/zoo.h"

#include "cli/cli.h"

#include "base/text.h"
#include "controls/networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONV(n, k)                                                                                                     \
    { ZOO_CONV, n, k }
#define FC(n)                                                                                                          \
    { ZOO_FC, n, 0 }
#define OP(name)                                                                                                       \
    { ZOO_##name, 0, 0 }

/* The first two are those of --quick. */
const struct zoo_network zoo[] = {
    {"mlp", ZOO_PICTURES, 10, .003, 0, {FC(64), OP(RELU), FC(32), OP(RELU), FC(10)}},
    {"cnn",
     ZOO_PICTURES,
     10,
     .003,
     0,
     {CONV(8, 3), OP(RELU), OP(POOL), CONV(16, 3), OP(RELU), OP(POOL), FC(32), OP(RELU), FC(10)}},
    {"mlp-deep",
     ZOO_PICTURES,
     10,
     .001,
     0,
     {FC(64), OP(RELU), FC(64), OP(RELU), FC(64), OP(RELU), FC(64), OP(RELU), FC(64), OP(RELU), FC(10)}},
    {"mlp-tanh", ZOO_PICTURES, 10, .003, 0, {FC(64), OP(TANH), FC(32), OP(TANH), FC(10)}},
    {"mlp-gelu-layernorm",
     ZOO_PICTURES,
     10,
     .003,
     0,
     {FC(64), OP(LAYERNORM), OP(GELU), FC(32), OP(LAYERNORM), OP(GELU), FC(10)}},
    {"vgg-like",
     ZOO_PICTURES,
     10,
     .002,
     0,
     {CONV(8, 3), OP(RELU), CONV(8, 3), OP(RELU), OP(POOL), CONV(16, 3), OP(RELU), CONV(16, 3), OP(RELU), OP(POOL),
      FC(32), OP(RELU), FC(10)}},
    {"cnn-batchnorm",
     ZOO_PICTURES,
     10,
     .003,
     0,
     {CONV(8, 3), OP(BATCHNORM), OP(RELU), OP(POOL), CONV(16, 3), OP(BATCHNORM), OP(RELU), OP(POOL), FC(10)}},
    {"residual",
     ZOO_PICTURES,
     10,
     .003,
     0,
     {CONV(12, 3), OP(RELU), OP(POOL), OP(KEEP), CONV(12, 3), OP(RELU), CONV(12, 3), OP(ADD), OP(RELU), OP(POOL),
      FC(32), OP(RELU), FC(10)}},
    {"residual-batchnorm",
     ZOO_PICTURES,
     10,
     .003,
     0,
     {CONV(12, 3), OP(BATCHNORM), OP(RELU), OP(POOL), OP(KEEP), CONV(12, 3), OP(BATCHNORM), OP(RELU), CONV(12, 3),
      OP(BATCHNORM), OP(ADD), OP(RELU), OP(MEAN), FC(10)}},
    {"cnn-3-outputs", ZOO_PICTURES, 3, .003, 0, {CONV(8, 3), OP(RELU), OP(POOL), FC(32), OP(RELU), FC(3)}},
    {"cnn-5-outputs", ZOO_PICTURES, 5, .003, 0, {CONV(8, 3), OP(RELU), OP(POOL), FC(32), OP(RELU), FC(5)}},
    {"cnn-2-outputs", ZOO_PICTURES, 2, .003, 0, {CONV(8, 3), OP(RELU), OP(POOL), FC(32), OP(RELU), FC(2)}},
    {"mlp-1-output", ZOO_PICTURES, 1, .003, 0, {FC(64), OP(RELU), FC(32), OP(RELU), FC(1)}},
    {"sequence",
     ZOO_SEQUENCES,
     4,
     .003,
     0,
     {CONV(16, 7), OP(RELU), OP(POOL), CONV(16, 5), OP(RELU), OP(POOL), FC(32), OP(RELU), FC(4)}},
    {"table", ZOO_TABLES, 4, .003, 0, {FC(32), OP(RELU), FC(16), OP(RELU), FC(4)}},
    {"cnn-weight-decay",
     ZOO_PICTURES,
     10,
     .003,
     .01,
     {CONV(8, 3), OP(RELU), OP(POOL), CONV(16, 3), OP(RELU), OP(POOL), FC(32), OP(RELU), FC(10)}},
};
const size_t zoo_count = sizeof zoo / sizeof *zoo;

_Static_assert(sizeof zoo / sizeof *zoo <= ZOO_MOST, "zoo_choose has room for ZOO_MOST");

static bool say_unknown(const char *asked, struct error *e) {
    const char *names[ZOO_MOST];
    for (size_t k = 0; k < zoo_count; k++) names[k] = zoo[k].name;
    return cli_unknown("kinds", asked, names, zoo_count, "", e);
}

bool zoo_choose(const char *names, const struct zoo_network *chosen[ZOO_MOST], size_t *count, struct error *e) {
    char *list = text_copy(names ? names : ""), *rest = NULL;
    bool ok = list || error_memory(e);
    *count = 0;
    for (size_t k = 0; !names && k < zoo_count; k++) chosen[(*count)++] = &zoo[k];
    for (char *name = ok && names ? strtok_r(list, ",", &rest) : NULL; ok && name; name = strtok_r(NULL, ",", &rest)) {
        const struct zoo_network *found = NULL;
        for (size_t k = 0; k < zoo_count; k++)
            if (strcmp(zoo[k].name, name) == 0) found = &zoo[k];
        ok = found || say_unknown(name, e);
        for (size_t k = 0; ok && k < *count; k++)
            ok = chosen[k] != found || error_set(e, "--kinds: '%s' is there twice: name each once", name);
        if (ok) chosen[(*count)++] = found;
    }
    if (ok && !*count) ok = say_unknown("", e);
    free(list);
    return ok;
}

struct shape zoo_sample(enum zoo_kind kind) {
    if (kind == ZOO_PICTURES) return (struct shape){3, {1, 16, 16}};
    return kind == ZOO_SEQUENCES ? (struct shape){2, {4, 48}} : (struct shape){1, {12}};
}

struct building {
    struct network_builder b;
    struct shape at;                     /* of one sample, behind the last node */
    uint32_t convolutions, dense, nodes; /* so far */
    char names[64][32];                  /* of nodes: they outlive them */
    const char *kept;
    float *numbers; /* zeros or ones, as many as the largest parameter has */
};

#define LARGEST (512u * 64u)

static const char *name_node(struct building *g, const char *what, uint32_t number) {
    char *name = g->names[g->nodes++ % 64];
    snprintf(name, sizeof g->names[0], "%s%u", what, number);
    return name;
}

/* A parameter of one value throughout: training draws it anew. */
static void put(struct building *g, const char *node, const char *what, const struct shape *shape, float value) {
    char *name = text_format("%s.%s", node, what);
    size_t n = shape_count(shape);
    if (!name || n > LARGEST) g->b.ok = g->b.ok && error_set(g->b.error, "%s: too large a parameter", node);
    for (size_t k = 0; g->b.ok && k < n; k++) g->numbers[k] = value;
    if (g->b.ok) network_parameter(&g->b, name, shape, g->numbers);
    free(name);
}

static void add_named(struct building *g, const char *op, const char *name, const char *second, const char *third,
                      const struct attribute *attributes, size_t count) {
    char *a = text_format("%s.%s", name, second), *b = text_format("%s.%s", name, third);
    if (!a || !b) g->b.ok = g->b.ok && error_memory(g->b.error);
    if (g->b.ok) network_node(&g->b, op, name, g->b.last, a, b, attributes, count);
    free(a);
    free(b);
}

static void add_conv(struct building *g, const struct zoo_item *i) {
    const int64_t sizes[] = {i->kernel, i->kernel}, half = i->kernel / 2, pads[] = {half, half, half, half};
    uint32_t axes = g->at.rank - 1;
    const struct attribute attributes[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = sizes, .count = axes},
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pads, .count = 2 * axes}};
    const char *name = name_node(g, "conv", ++g->convolutions);
    struct shape filters = {axes + 2, {i->out, g->at.dim[0], i->kernel, i->kernel}};
    put(g, name, "weight", &filters, 0);
    put(g, name, "bias", &(struct shape){1, {i->out}}, 0);
    add_named(g, "Conv", name, "weight", "bias", attributes, 2);
    g->at.dim[0] = i->out;
}

static void add_pool(struct building *g) {
    const int64_t sizes[] = {2, 2};
    uint32_t axes = g->at.rank - 1;
    const struct attribute attributes[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = sizes, .count = axes},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = sizes, .count = axes}};
    network_node(&g->b, "MaxPool", name_node(g, "pool", g->nodes), g->b.last, NULL, NULL, attributes, 2);
    for (size_t d = 1; d < g->at.rank; d++) g->at.dim[d] /= 2;
}

static void flatten(struct building *g) {
    if (g->at.rank == 1) return;
    network_node(&g->b, "Flatten", name_node(g, "flatten", g->nodes), g->b.last, NULL, NULL, NULL, 0);
    g->at = (struct shape){1, {shape_count(&g->at)}};
}

static void add_dense(struct building *g, uint32_t out) {
    flatten(g);
    const struct attribute transposed = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    const char *name = name_node(g, "fc", ++g->dense);
    put(g, name, "weight", &(struct shape){2, {out, g->at.dim[0]}}, 0);
    put(g, name, "bias", &(struct shape){1, {out}}, 0);
    add_named(g, "Gemm", name, "weight", "bias", &transposed, 1);
    g->at.dim[0] = out;
}

static void add_batchnorm(struct building *g) {
    const struct shape channels = {1, {g->at.dim[0]}};
    const char *name = name_node(g, "norm", g->nodes), *out[] = {name};
    static const char *const parts[] = {"scale", "shift", "mean", "var"};
    char *in[5] = {NULL};
    const char *inputs[5] = {g->b.last};
    for (int k = 0; k < 4; k++) {
        put(g, name, parts[k], &channels, k % 3 == 0 ? 1 : 0);
        inputs[k + 1] = in[k] = text_format("%s.%s", name, parts[k]);
        if (!in[k]) g->b.ok = g->b.ok && error_memory(g->b.error);
    }
    g->b.ok = g->b.ok && graph_add_node(g->b.graph, "BatchNormalization", name, inputs, 5, out, 1, NULL, 0, g->b.error);
    g->b.last = name;
    for (int k = 0; k < 4; k++) free(in[k]);
}

static void add_layernorm(struct building *g) {
    const char *name = name_node(g, "norm", g->nodes);
    put(g, name, "scale", &g->at, 1);
    put(g, name, "shift", &g->at, 0);
    add_named(g, "LayerNormalization", name, "scale", "shift", NULL, 0);
}

static void add_plain(struct building *g, const char *op, const char *second) {
    network_node(&g->b, op, name_node(g, "node", g->nodes), g->b.last, second, NULL, NULL, 0);
}

static void add_item(struct building *g, const struct zoo_item *i) {
    switch (i->op) {
    case ZOO_CONV: add_conv(g, i); break;
    case ZOO_FC: add_dense(g, i->out); break;
    case ZOO_RELU: add_plain(g, "Relu", NULL); break;
    case ZOO_TANH: add_plain(g, "Tanh", NULL); break;
    case ZOO_GELU: add_plain(g, "Gelu", NULL); break;
    case ZOO_POOL: add_pool(g); break;
    case ZOO_BATCHNORM: add_batchnorm(g); break;
    case ZOO_LAYERNORM: add_layernorm(g); break;
    case ZOO_KEEP: g->kept = g->b.last; break;
    case ZOO_ADD: add_plain(g, "Add", g->kept); break;
    case ZOO_MEAN:
        add_plain(g, "GlobalAveragePool", NULL);
        for (size_t d = 1; d < g->at.rank; d++) g->at.dim[d] = 1;
        break;
    case ZOO_END: break;
    }
}

bool zoo_graph(const struct zoo_network *network, struct graph **out, struct error *e) {
    struct building g = {.at = zoo_sample(network->kind), .numbers = malloc(LARGEST * sizeof *g.numbers)};
    if (!g.numbers) return error_memory(e);
    network_begin(&g.b, &g.at, e);
    for (const struct zoo_item *i = network->items; g.b.ok && i->op != ZOO_END; i++) add_item(&g, i);
    bool ok = g.b.ok && graph_finish(g.b.graph, g.b.last, e);
    free(g.numbers);
    if (ok) *out = g.b.graph;
    else graph_destroy(g.b.graph);
    return ok || error_prefix(e, "network %s", network->name);
}
