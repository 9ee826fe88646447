/* units_node.c: how units pass a node of one batched input. */
#include "nn/op.h"
#include "nn/units_flow.h"

#include <string.h>

const struct shape *units_shape(const struct units *u, const struct node *node, uint32_t input) {
    return &u->graph->values[node->inputs[input]].shape;
}

struct flow units_input(const struct units *u, const struct node *node, uint32_t input) {
    if (input >= node->input_count || node->inputs[input] == GRAPH_NONE) return (struct flow){0};
    return u->flows[node->inputs[input]];
}

void units_output(struct units *u, const struct node *node, struct flow f) {
    u->flows[node->outputs[0]] = f;
}

int64_t units_integer(const struct node *node, const char *name, int64_t fallback) {
    const struct attribute *a = node_attribute(node, name);
    return a && a->kind == ATTRIBUTE_INT ? a->integer : fallback;
}

/* Nothing is known of what the node does with them. */
static void fix_inputs(struct units *u, const struct node *node) {
    for (uint32_t k = 0; k < node->input_count; k++) units_fix(u, units_input(u, node, k));
}

/* ---- layers: they read units of one kind along one axis of their weight, and write others along another ---- */

/* What is read, along axis `in` of input `weight`; another axis of the value than `wanted` is not followed. */
static void read_units(struct units *u, const struct node *node, uint32_t weight, uint32_t wanted, uint32_t axis) {
    struct flow in = units_input(u, node, 0);
    if (in.count && in.axis == wanted)
        units_follow(u, node, weight, &(struct follower){.axis = axis, .in = in, .by_in = -1});
    else units_fix(u, in);
}

/* New units along axis `rows` of the weight, which the value has along `axis`. */
static struct flow write_units(struct units *u, const struct node *node, uint32_t weight, uint32_t rows,
                               uint32_t axis) {
    struct flow out = units_new(u, axis, units_shape(u, node, weight)->dim[rows]);
    units_follow(u, node, weight, &(struct follower){.axis = rows, .out = out, .by_out = 1});
    units_output(u, node, out);
    return out;
}

/* A shift of `out`, along its own last axis (of a Conv: its only one). */
static void shift(struct units *u, const struct node *node, uint32_t input, struct flow out) {
    if (input >= node->input_count || node->inputs[input] == GRAPH_NONE) return;
    uint32_t rank = units_shape(u, node, input)->rank;
    if (rank) units_follow(u, node, input, &(struct follower){.axis = rank - 1, .out = out, .by_out = 1});
    else units_fix(u, out);
}

/* One filter for each channel. */
static void depthwise(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    units_follow(u, node, 1, &(struct follower){.axis = 0, .out = f});
    shift(u, node, 2, f);
    units_output(u, node, f);
}

static void conv(struct units *u, const struct node *node) {
    const struct shape *w = units_shape(u, node, 1);
    bool transposed = strcmp(node->op->name, "ConvTranspose") == 0;
    size_t group = (size_t)units_integer(node, "group", 1);
    struct flow in = units_input(u, node, 0);
    if (group == 1) {
        read_units(u, node, 1, 1, transposed ? 0 : 1);
        shift(u, node, 2, write_units(u, node, 1, transposed ? 1 : 0, 1));
    } else if (!transposed && w->dim[0] == group && w->dim[1] == 1 && in.count && in.axis == 1) {
        depthwise(u, node);
    } else {
        units_fix(u, in);
    }
}

static void gemm(struct units *u, const struct node *node) {
    bool transposed = units_integer(node, "transB", 0) != 0;
    if (units_integer(node, "transA", 0) || u->graph->values[node->inputs[1]].batched) {
        fix_inputs(u, node);
        return;
    }
    read_units(u, node, 1, 1, transposed ? 1 : 0);
    shift(u, node, 2, write_units(u, node, 1, transposed ? 0 : 1, 1));
}

static void matmul(struct units *u, const struct node *node) {
    const struct shape *x = units_shape(u, node, 0), *w = units_shape(u, node, 1);
    if (u->graph->values[node->inputs[1]].batched || w->rank != 2 || x->rank < 2) {
        fix_inputs(u, node);
        return;
    }
    read_units(u, node, 1, x->rank - 1, 0);
    write_units(u, node, 1, 1, x->rank - 1);
}

/* Recurrent layers read units; their own stay as they are. */
static void recurrent(struct units *u, const struct node *node) {
    read_units(u, node, 1, 2, 2);
}

/* ---- normalisations ---- */

static bool along(struct flow f, uint32_t axis) {
    return f.count && f.axis == axis;
}

/* Scale and shift of what is normalised: factors of its own from there on. */
static struct flow rescale(struct units *u, const struct node *node, struct flow in, int by_in) {
    struct flow out = units_new_factors(u, in);
    units_follow(u, node, 1, &(struct follower){.out = out, .in = in, .by_out = 1, .by_in = by_in});
    units_follow(u, node, 2, &(struct follower){.out = out, .by_out = 1});
    units_output(u, node, out);
    return out;
}

/* (s x - s mean) scale/s is the same number, whatever epsilon is: the variance is not touched. */
static void batch_norm(struct units *u, const struct node *node) {
    struct flow in = units_input(u, node, 0);
    if (!along(in, 1)) {
        units_fix(u, in);
        return;
    }
    rescale(u, node, in, -1);
    units_follow(u, node, 3, &(struct follower){.out = in, .by_out = 1});
    units_follow(u, node, 4, &(struct follower){.out = in});
}

static void instance_norm(struct units *u, const struct node *node) {
    struct flow in = units_input(u, node, 0);
    units_fix_factors(u, in); /* epsilon is added to the variance */
    if (along(in, 1)) rescale(u, node, in, 0);
    else units_fix(u, in);
}

static void layer_norm(struct units *u, const struct node *node) {
    struct flow in = units_input(u, node, 0);
    uint32_t last = units_shape(u, node, 0)->rank - 1;
    int64_t axis = units_integer(node, "axis", -1);
    units_fix_factors(u, in);
    if (along(in, last) && (axis == -1 || axis == (int64_t)last)) rescale(u, node, in, 0);
    else units_fix(u, in);
}

/* ---- nodes that keep units where they are ---- */

static void pass(struct units *u, const struct node *node) {
    units_output(u, node, units_input(u, node, 0));
}

static void pass_order(struct units *u, const struct node *node) {
    units_fix_factors(u, units_input(u, node, 0));
    pass(u, node);
}

/* Windows lie along the axes behind the channels. */
static void pool(struct units *u, const struct node *node) {
    if (along(units_input(u, node, 0), 1)) pass(u, node);
    else units_fix(u, units_input(u, node, 0));
}

static void prelu(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    const struct shape *slope = units_shape(u, node, 1);
    uint32_t rank = units_shape(u, node, 0)->rank;
    if (shape_count(slope) > 1) {
        uint32_t behind = rank - f.axis; /* dimensions from the units' on */
        if (f.count && slope->rank >= behind && slope->rank <= rank)
            units_follow(u, node, 1, &(struct follower){.axis = slope->rank - behind, .out = f});
        else units_fix(u, f);
    }
    units_output(u, node, f);
}

/* ---- the table ---- */

static const struct unit_rule {
    const char *op;
    void (*pass)(struct units *, const struct node *);
} rules[] = {
    {"Conv", conv},
    {"ConvTranspose", conv},
    {"Gemm", gemm},
    {"MatMul", matmul},
    {"LSTM", recurrent},
    {"GRU", recurrent},
    {"RNN", recurrent},
    {"BatchNormalization", batch_norm},
    {"InstanceNormalization", instance_norm},
    {"LayerNormalization", layer_norm},
    {"Relu", pass},
    {"LeakyRelu", pass},
    {"PRelu", prelu},
    {"Identity", pass},
    {"Dropout", pass},
    {"Neg", pass},
    {"Abs", pass},
    {"Sigmoid", pass_order},
    {"HardSigmoid", pass_order},
    {"HardSwish", pass_order},
    {"Tanh", pass_order},
    {"Gelu", pass_order},
    {"Erf", pass_order},
    {"Elu", pass_order},
    {"Celu", pass_order},
    {"Selu", pass_order},
    {"Mish", pass_order},
    {"Softplus", pass_order},
    {"Softsign", pass_order},
    {"ThresholdedRelu", pass_order},
    {"Clip", pass_order},
    {"Exp", pass_order},
    {"Log", pass_order},
    {"Sqrt", pass_order},
    {"Reciprocal", pass_order},
    {"Softmax", pass_order},
    {"MaxPool", pool},
    {"AveragePool", pool},
    {"GlobalMaxPool", pool},
    {"GlobalAveragePool", pool},
    {"ReduceMean", units_node_reduce},
    {"ReduceSum", units_node_reduce},
    {"ReduceMax", units_node_reduce},
    {"ReduceMin", units_node_reduce},
    {"ReduceL2", units_node_reduce},
    {"Flatten", units_node_reshape},
    {"Reshape", units_node_reshape},
    {"Squeeze", units_node_reshape},
    {"Unsqueeze", units_node_reshape},
    {"Transpose", units_node_transpose},
    {"Slice", units_node_slice},
    {"Pad", units_node_pad},
    {"Gather", units_node_gather},
    {"Resize", units_node_resize},
    {"Upsample", units_node_resize},
    {"Concat", units_node_concat},
};

void units_node(struct units *u, const struct node *node) {
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
        if (strcmp(rules[k].op, node->op->name) == 0) {
            rules[k].pass(u, node);
            return;
        }
    if (units_is_pair(node->op->name)) units_node_pair(u, node);
    else fix_inputs(u, node);
}
