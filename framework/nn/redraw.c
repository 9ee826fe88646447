/* redraw.c: drawing the parameters of a layer anew. */
#include "nn/op.h"
#include "nn/ops/einsum.h"
#include "nn/weights.h"

#include "base/rng.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum role { ROLE_FILTER, ROLE_MATRIX, ROLE_BIAS, ROLE_SCALE, ROLE_MEAN, ROLE_VARIANCE, ROLE_SLOPE, ROLE_TOKEN };

/* What a parameter is, by where it enters which operator. */
static const struct role_row {
    const char *op;
    uint32_t input;
    enum role role;
} roles[] = {
    {"Conv", 1, ROLE_FILTER},
    {"Conv", 2, ROLE_BIAS},
    {"ConvTranspose", 1, ROLE_FILTER},
    {"ConvTranspose", 2, ROLE_BIAS},
    {"Gemm", 0, ROLE_MATRIX},
    {"Gemm", 1, ROLE_MATRIX},
    {"Gemm", 2, ROLE_BIAS},
    {"MatMul", 0, ROLE_MATRIX},
    {"MatMul", 1, ROLE_MATRIX},
    {"Einsum", 0, ROLE_MATRIX},
    {"Einsum", 1, ROLE_MATRIX},
    {"Add", 0, ROLE_BIAS},
    {"Add", 1, ROLE_BIAS},
    {"Mul", 0, ROLE_SCALE},
    {"Mul", 1, ROLE_SCALE},
    {"BatchNormalization", 1, ROLE_SCALE},
    {"BatchNormalization", 2, ROLE_BIAS},
    {"BatchNormalization", 3, ROLE_MEAN},
    {"BatchNormalization", 4, ROLE_VARIANCE},
    {"PRelu", 1, ROLE_SLOPE},
    {"LayerNormalization", 1, ROLE_SCALE},
    {"LayerNormalization", 2, ROLE_BIAS},
    {"InstanceNormalization", 1, ROLE_SCALE},
    {"InstanceNormalization", 2, ROLE_BIAS},
    {"GroupNormalization", 1, ROLE_SCALE},
    {"GroupNormalization", 2, ROLE_BIAS},
    {"Expand", 0, ROLE_TOKEN},
    {"Concat", 0, ROLE_TOKEN},
    {"Concat", 1, ROLE_TOKEN},
};

static const struct role_row *role_find(const struct node *node, uint32_t input) {
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (roles[i].input == input && strcmp(roles[i].op, node->op->name) == 0) return &roles[i];
    return NULL;
}

/* Where `value` enters the network: the first place at or behind the layer's own node that gives it a role. */
static const struct role_row *parameter_role(const struct graph *graph, const struct layer *layer, uint32_t value,
                                             const struct node **user) {
    for (uint32_t n = layer->node; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++) {
            const struct role_row *row = node->inputs[i] == value ? role_find(node, i) : NULL;
            if (row) {
                *user = node;
                return row;
            }
        }
    }
    return NULL;
}

static bool is_transposed(const struct node *node, const char *attribute) {
    const struct attribute *a = node_attribute(node, attribute);
    return a && a->integer != 0;
}

/* A ConvTranspose, in x out/groups x kernel: every input falls on kernel / stride outputs in each direction. */
static size_t fan_in_transposed(const struct node *node, const struct shape *shape) {
    const struct attribute *group = node_attribute(node, "group"), *strides = node_attribute(node, "strides");
    size_t fan = shape_count(shape) / shape->dim[1] / (group ? (size_t)group->integer : 1);
    for (size_t i = 0; strides && i < strides->count; i++) fan /= (size_t)strides->ints[i];
    return fan;
}

/* Inputs that one output of the node sums over. */
static size_t fan_in(const struct node *node, const struct role_row *row, const struct shape *shape) {
    if (strcmp(row->op, "Einsum") == 0) return einsum_fan_in(node, row->input, shape);
    if (shape->rank < 2) return shape_count(shape);
    if (strcmp(row->op, "ConvTranspose") == 0) return fan_in_transposed(node, shape);
    if (row->role == ROLE_FILTER) /* out x in/groups x kh x kw */
        return shape_count_from(shape, 1);
    /* A matrix on the right, K x N, is contracted over its rows; on the left, M x K, over its columns. */
    bool rows = row->input == 1;
    if (strcmp(row->op, "Gemm") == 0) rows ^= is_transposed(node, row->input == 1 ? "transB" : "transA");
    return shape->dim[shape->rank - (rows ? 2 : 1)];
}

static void fill(float *data, size_t n, float value) {
    for (size_t i = 0; i < n; i++) data[i] = value;
}

static void draw_uniform(struct rng *rng, float *data, size_t n, double bound) {
    for (size_t i = 0; i < n; i++) data[i] = (float)(bound * (2 * rng_uniform(rng) - 1));
}

static void draw_matched(struct rng *rng, float *data, size_t n) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) mean += (double)data[i];
    mean /= (double)(n ? n : 1);
    for (size_t i = 0; i < n; i++) squares += ((double)data[i] - mean) * ((double)data[i] - mean);
    rng_normals(rng, n, mean, sqrt(squares / (double)(n ? n : 1)), data);
}

static void shuffle(struct rng *rng, float *data, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t j = rng_below(rng, (uint32_t)i);
        float swap = data[i - 1];
        data[i - 1] = data[j];
        data[j] = swap;
    }
}

static void draw_own(struct rng *rng, enum role role, size_t fan, float *data, size_t n) {
    switch (role) {
    case ROLE_FILTER: rng_normals(rng, n, 0, sqrt(2.0 / (double)(fan ? fan : 1)), data); break;
    case ROLE_MATRIX: draw_uniform(rng, data, n, 1 / sqrt((double)(fan ? fan : 1))); break;
    case ROLE_SCALE: fill(data, n, 1); break;
    case ROLE_TOKEN: rng_normals(rng, n, 0, .02, data); break; /* as DeiT does: arXiv:2012.12877 */
    case ROLE_SLOPE: fill(data, n, .25f); break;               /* He et al. 2015, arXiv:1502.01852, section 2.1 */
    default: fill(data, n, 0);
    }
}

static void draw_parameter(struct rng *rng, const struct init_options *options, enum role role, size_t fan, float *data,
                           size_t n) {
    switch (options->scheme) {
    case INIT_OWN: draw_own(rng, role, fan, data, n); break;
    case INIT_NORMAL: rng_normals(rng, n, 0, options->sigma, data); break;
    case INIT_PERMUTE: shuffle(rng, data, n); break;
    case INIT_MATCHED: draw_matched(rng, data, n); break;
    }
    if (options->negate && role != ROLE_SCALE && role != ROLE_SLOPE)
        for (size_t i = 0; i < n; i++) data[i] = 0 - data[i]; /* and 0 stays +0 */
}

static bool redraw(struct weights *weights, const struct layer *layer, uint32_t value,
                   const struct init_options *options, struct error *e) {
    const struct value *parameter = graph_value(weights->graph, value);
    const struct node *user = NULL;
    const struct role_row *row = parameter_role(weights->graph, layer, value, &user);
    if (!row) return error_set(e, "layer %s: no rule to draw its parameter %s anew", layer->name, parameter->name);
    size_t n = shape_count(&parameter->shape);
    if (n > UINT32_MAX)
        return error_set(e, "parameter %s: %zu elements: at most %u can be drawn", parameter->name, n, UINT32_MAX);
    bool statistic = row->role == ROLE_MEAN || row->role == ROLE_VARIANCE;
    if (statistic && options->keep_running_stats) return true;
    float *data = weights_edit(weights, value);
    if (!data) return error_memory(e);
    if (statistic) {
        fill(data, n, row->role == ROLE_VARIANCE);
        return true;
    }
    char *purpose = text_format("parameter %s", parameter->name);
    if (!purpose) return error_memory(e);
    struct rng rng = rng_stream(options->seed, purpose, options->draw);
    free(purpose);
    draw_parameter(&rng, options, row->role, fan_in(user, row, &parameter->shape), data, n);
    return true;
}

bool weights_redraw(struct weights *weights, uint32_t layer, const struct init_options *options, struct error *e) {
    const struct graph *graph = weights->graph;
    if (layer >= graph->layer_count)
        return error_set(e, "layer %u: the network has %u layers", layer, graph->layer_count);
    const struct layer *l = &graph->layers[layer];
    for (uint32_t i = 0; i < l->parameter_count; i++)
        if (!redraw(weights, l, l->parameters[i], options, e)) return false;
    return true;
}
