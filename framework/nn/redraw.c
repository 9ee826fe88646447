/* redraw.c: drawing the parameters of a layer anew. */
#include "nn/op.h"
#include "nn/ops/einsum.h"
#include "nn/weights.h"

#include "base/rng.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What a parameter is, by where it enters which operator. */
static const struct role_row {
    const char *op;
    uint32_t input;
    enum parameter_role role;
} roles[] = {
    {"Conv", 1, PARAMETER_FILTER},
    {"Conv", 2, PARAMETER_BIAS},
    {"ConvTranspose", 1, PARAMETER_FILTER},
    {"ConvTranspose", 2, PARAMETER_BIAS},
    {"Gemm", 0, PARAMETER_MATRIX},
    {"Gemm", 1, PARAMETER_MATRIX},
    {"Gemm", 2, PARAMETER_BIAS},
    {"MatMul", 0, PARAMETER_MATRIX},
    {"MatMul", 1, PARAMETER_MATRIX},
    {"Einsum", 0, PARAMETER_MATRIX},
    {"Einsum", 1, PARAMETER_MATRIX},
    {"Add", 0, PARAMETER_BIAS},
    {"Add", 1, PARAMETER_BIAS},
    {"Mul", 0, PARAMETER_SCALE},
    {"Mul", 1, PARAMETER_SCALE},
    {"BatchNormalization", 1, PARAMETER_SCALE},
    {"BatchNormalization", 2, PARAMETER_BIAS},
    {"BatchNormalization", 3, PARAMETER_MEAN},
    {"BatchNormalization", 4, PARAMETER_VARIANCE},
    {"PRelu", 1, PARAMETER_SLOPE},
    {"LayerNormalization", 1, PARAMETER_SCALE},
    {"LayerNormalization", 2, PARAMETER_BIAS},
    {"InstanceNormalization", 1, PARAMETER_SCALE},
    {"InstanceNormalization", 2, PARAMETER_BIAS},
    {"GroupNormalization", 1, PARAMETER_SCALE},
    {"GroupNormalization", 2, PARAMETER_BIAS},
    {"LSTM", 1, PARAMETER_MATRIX},
    {"LSTM", 2, PARAMETER_MATRIX},
    {"LSTM", 3, PARAMETER_BIAS},
    {"GRU", 1, PARAMETER_MATRIX},
    {"GRU", 2, PARAMETER_MATRIX},
    {"GRU", 3, PARAMETER_BIAS},
    {"RNN", 1, PARAMETER_MATRIX},
    {"RNN", 2, PARAMETER_MATRIX},
    {"RNN", 3, PARAMETER_BIAS},
    {"Expand", 0, PARAMETER_TOKEN},
    {"Concat", 0, PARAMETER_TOKEN},
    {"Concat", 1, PARAMETER_TOKEN},
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

bool weights_multiplies(const struct graph *graph, uint32_t layer, uint32_t value) {
    const struct node *user;
    const struct role_row *row = parameter_role(graph, &graph->layers[layer], value, &user);
    return row && (row->role == PARAMETER_FILTER || row->role == PARAMETER_MATRIX);
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

static bool is_recurrent(const char *op) {
    return strcmp(op, "LSTM") == 0 || strcmp(op, "GRU") == 0 || strcmp(op, "RNN") == 0;
}

/* Inputs that one output of the node sums over. */
static size_t fan_in(const struct node *node, const struct role_row *row, const struct shape *shape) {
    if (strcmp(row->op, "Einsum") == 0) return einsum_fan_in(node, row->input, shape);
    if (shape->rank < 2) return shape_count(shape);
    if (strcmp(row->op, "ConvTranspose") == 0) return fan_in_transposed(node, shape);
    if (row->role == PARAMETER_FILTER) /* out x in/groups x kh x kw */
        return shape_count_from(shape, 1);
    if (is_recurrent(row->op)) return shape->dim[shape->rank - 1]; /* directions x gates x inputs */
    /* A matrix on the right, K x N, is contracted over its rows; on the left, M x K, over its columns. */
    bool rows = row->input == 1;
    if (strcmp(row->op, "Gemm") == 0) rows ^= is_transposed(node, row->input == 1 ? "transB" : "transA");
    return shape->dim[shape->rank - (rows ? 2 : 1)];
}

static void draw_parameter(struct rng *rng, const struct init_options *options, const struct parameter_draw *what,
                           float *data, size_t n) {
    options->scheme->draw(rng, what, data, n);
    if (options->negate && what->role != PARAMETER_SCALE && what->role != PARAMETER_SLOPE)
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
    bool statistic = row->role == PARAMETER_MEAN || row->role == PARAMETER_VARIANCE;
    if (statistic && options->keep_running_stats) return true;
    float *data = weights_edit(weights, value);
    if (!data) return error_memory(e);
    if (statistic) {
        for (size_t i = 0; i < n; i++) data[i] = row->role == PARAMETER_VARIANCE;
        return true;
    }
    char *purpose = text_format("parameter %s", parameter->name);
    if (!purpose) return error_memory(e);
    struct rng rng = rng_stream(options->seed, purpose, options->draw);
    free(purpose);
    const struct parameter_draw what = {row->role, fan_in(user, row, &parameter->shape), options->sigma};
    draw_parameter(&rng, options, &what, data, n);
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
