/* onnx_inputs.c: what older operator sets give as attributes and newer ones as inputs: inputs in memory. */
#include "nn/graph.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_roles.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct moved {
    const char *op, *attribute;
    uint32_t input;
} moved[] = {
    {"Slice", "starts", 1},      {"Slice", "ends", 2},
    {"Slice", "axes", 3},        {"Pad", "pads", 1},
    {"Pad", "paddings", 1},      {"Pad", "value", 2},
    {"Clip", "min", 1},          {"Clip", "max", 2},
    {"Squeeze", "axes", 1},      {"Unsqueeze", "axes", 1},
    {"ReduceSum", "axes", 1},    {"ReduceMean", "axes", 1},
    {"ReduceMax", "axes", 1},    {"ReduceMin", "axes", 1},
    {"ReduceProd", "axes", 1},   {"ReduceL1", "axes", 1},
    {"ReduceL2", "axes", 1},     {"ReduceSumSquare", "axes", 1},
    {"ReduceLogSum", "axes", 1}, {"ReduceLogSumExp", "axes", 1},
    {"Split", "split", 1},       {"ConstantOfShape", "value", 1},
    {"Upsample", "scales", 1},
};

static const struct moved *find(const char *op, const char *attribute) {
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++)
        if (strcmp(moved[i].op, op) == 0 && strcmp(moved[i].attribute, attribute) == 0) return &moved[i];
    return NULL;
}

bool onnx_attribute_is_input(const Onnx__NodeProto *node, const char *attribute) {
    return find(onnx_text(node->op_type), attribute) != NULL;
}

static bool add_value(struct graph *graph, const char *name, const Onnx__AttributeProto *a, struct error *e) {
    const struct shape one = {0}, ints = {1, {a->n_ints}}, floats = {1, {a->n_floats}};
    struct onnx_array array = {.floats = NULL};
    switch (a->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS: return graph_add_ints(graph, name, &ints, a->ints, e);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: return graph_add_floats(graph, name, &floats, a->floats, e);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: return graph_add_floats(graph, name, &one, &a->f, e);
    default: break;
    }
    if (!a->t) return error_set(e, "attribute '%s' is of a type that is not supported", onnx_text(a->name));
    bool ok =
        onnx_array_read(a->t, &array, e) && (array.ints ? graph_add_ints(graph, name, &array.shape, array.ints, e)
                                                        : graph_add_floats(graph, name, &array.shape, array.floats, e));
    onnx_array_finish(&array);
    return ok;
}

bool onnx_add_inputs(struct graph *graph, const Onnx__NodeProto *node, const char **names, char **owned, size_t *count,
                     struct error *e) {
    for (size_t i = 0; i < node->n_attribute; i++) {
        const Onnx__AttributeProto *a = node->attribute[i];
        const struct moved *row = find(onnx_text(node->op_type), onnx_text(a->name));
        if (!row) continue;
        if (row->input < *count && names[row->input][0])
            return error_set(e, "'%s' is both an attribute and an input", row->attribute);
        owned[row->input] = text_format("%s.%s", node->n_output ? onnx_text(node->output[0]) : "", row->attribute);
        if (!owned[row->input]) return error_memory(e);
        if (!add_value(graph, owned[row->input], a, e)) return false;
        for (; *count <= row->input; ++*count) names[*count] = "";
        names[row->input] = owned[row->input];
    }
    return true;
}

/* ---- Nodes that become several, or another ---- */

bool onnx_is_compound(const char *op) {
    static const char *const names[] = {"Split", "Min", "Max", "Sum", "Upsample"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(op, names[i]) == 0) return true;
    return false;
}

/* Before set 10: a Resize that takes the element at or before a place, or interpolates from there. */
static bool add_upsample(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    const Onnx__AttributeProto *mode = onnx_find_attribute(node, "mode");
    bool linear = mode && mode->s.len == strlen("linear") && memcmp(mode->s.data, "linear", mode->s.len) == 0;
    bool nearest = !mode || (mode->s.len == strlen("nearest") && memcmp(mode->s.data, "nearest", mode->s.len) == 0);
    const struct attribute rows[] = {
        {.name = "mode", .kind = ATTRIBUTE_TEXT, .text = linear ? "linear" : "nearest"},
        {.name = "coordinate_transformation_mode", .kind = ATTRIBUTE_TEXT, .text = "asymmetric"},
        {.name = "nearest_mode", .kind = ATTRIBUTE_TEXT, .text = "floor"},
    };
    if (node->n_input == 0 || node->n_output != 1) return error_set(e, "wanted an input and one output");
    if (!linear && !nearest) return error_set(e, "attribute 'mode': wanted nearest or linear");
    const char *result = onnx_text(node->output[0]);
    char *scales = node->n_input > 1 ? text_copy(onnx_text(node->input[1])) : text_format("%s.scales", result);
    const char *inputs[] = {onnx_text(node->input[0]), "", scales};
    bool ok = scales || error_memory(e);
    ok = ok && graph_add_node(graph, "Resize", onnx_text(node->name), inputs, 3, &result, 1, rows,
                              sizeof rows / sizeof *rows, e);
    free(scales);
    return ok;
}

/* The first operands, combined already under the name `*left`, and operand `i`; the last result is the node's. */
static bool add_link(struct graph *graph, const Onnx__NodeProto *node, size_t i, char **left, struct error *e) {
    const char *op = onnx_text(node->op_type), *result = onnx_text(node->output[0]);
    bool last = i + 1 == node->n_input;
    char *name = last ? text_copy(result) : text_format("%s.%zu", result, i);
    if (!name) return error_memory(e);
    const char *inputs[] = {*left, onnx_text(node->input[i])};
    bool ok = graph_add_node(graph, strcmp(op, "Sum") == 0 ? "Add" : op, last ? onnx_text(node->name) : name, inputs, 2,
                             (const char *[]){name}, 1, NULL, 0, e);
    free(*left);
    *left = name;
    return ok;
}

static bool add_chain(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    char text[200];
    if (node->n_input == 0 || node->n_output != 1)
        return error_set(e, "%s: wanted inputs and one output", onnx_node_text(node, text, sizeof text));
    const char *first = onnx_text(node->input[0]), *result = onnx_text(node->output[0]);
    if (node->n_input == 1)
        return graph_add_node(graph, "Identity", onnx_text(node->name), &first, 1, &result, 1, NULL, 0, e);
    char *left = text_copy(first);
    bool ok = left || error_memory(e);
    for (size_t i = 1; ok && i < node->n_input; i++) ok = add_link(graph, node, i, &left, e);
    free(left);
    return ok;
}

/* One part of a Split: elements [first, end) of the axis. */
static bool add_part(struct graph *graph, const Onnx__NodeProto *node, size_t i, const int64_t bounds[3],
                     struct error *e) {
    static const char *const what[] = {"start", "end", "axis"};
    const char *result = onnx_text(node->output[i]), *inputs[] = {onnx_text(node->input[0]), NULL, NULL, NULL};
    char *names[3] = {NULL};
    bool ok = true;
    for (size_t k = 0; ok && k < 3; k++) {
        names[k] = text_format("%s.%s", result, what[k]);
        inputs[k + 1] = names[k];
        ok = names[k] ? graph_add_ints(graph, names[k], &(struct shape){1, {1}}, &bounds[k], e) : error_memory(e);
    }
    ok = ok && graph_add_node(graph, "Slice", result, inputs, 4, &result, 1, NULL, 0, e);
    for (size_t k = 0; k < 3; k++) free(names[k]);
    return ok;
}

static bool add_parts(struct graph *graph, const Onnx__NodeProto *node, const int64_t *sizes, size_t count,
                      struct error *e) {
    const Onnx__AttributeProto *axis = onnx_find_attribute(node, "axis");
    int64_t bounds[3] = {0, 0, axis ? axis->i : 0};
    if (count != node->n_output) return error_set(e, "%zu sizes for %zu outputs", count, node->n_output);
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] < 1 || __builtin_add_overflow(bounds[0], sizes[i], &bounds[1]))
            return error_set(e, "a part of size %lld: wanted positive ones", (long long)sizes[i]);
        if (*onnx_text(node->output[i]) && !add_part(graph, node, i, bounds, e)) return false;
        bounds[0] = bounds[1];
    }
    return true;
}

/* A value of its own for a node's result: "result.what"; the caller frees the name. */
static char *add_number(struct graph *graph, const char *result, const char *what, int64_t number, struct error *e) {
    char *name = text_format("%s.%s", result, what);
    if (name && graph_add_ints(graph, name, &(struct shape){1, {1}}, &number, e)) return name;
    if (!name) error_memory(e);
    free(name);
    return NULL;
}

/* The same for a sum, product or quotient with a number. */
static char *add_result(struct graph *graph, const char *op, const char *result, const char *what, const char *left,
                        int64_t right, struct error *e) {
    char *number_of = text_format("%s.by", what), *name = text_format("%s.%s", result, what);
    char *number = number_of ? add_number(graph, result, number_of, right, e) : NULL;
    const char *inputs[] = {left, number}, *output = name;
    bool ok = number && name && graph_add_node(graph, op, name, inputs, 2, &output, 1, NULL, 0, e);
    if (!number_of || !name) error_memory(e);
    free(number_of);
    free(number);
    if (ok) return name;
    free(name);
    return NULL;
}

/* Part i of the parts of size `size`, a value. */
static bool add_equal_part(struct graph *graph, const Onnx__NodeProto *node, size_t i, const char *size, int64_t axis,
                           struct error *e) {
    const char *result = onnx_text(node->output[i]);
    char *start = add_result(graph, "Mul", result, "start", size, (int64_t)i, e);
    char *end = start ? add_result(graph, "Mul", result, "end", size, (int64_t)i + 1, e) : NULL;
    char *along = end ? add_number(graph, result, "axis", axis, e) : NULL;
    const char *inputs[] = {onnx_text(node->input[0]), start, end, along};
    bool ok = along && graph_add_node(graph, "Slice", result, inputs, 4, &result, 1, NULL, 0, e);
    free(start);
    free(end);
    free(along);
    return ok;
}

/* Parts of equal size, the last as small as it must be. The size is known with the shape of the input: it is computed
 * from that, like everything that depends on shapes alone, at load. */
static bool add_equal_parts(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    const Onnx__AttributeProto *given = onnx_find_attribute(node, "axis");
    int64_t axis = given ? given->i : 0, parts = (int64_t)node->n_output;
    if (parts == 0 || !*onnx_text(node->output[0])) return error_set(e, "it has no output: wanted one for every part");
    if (axis < -SHAPE_MAX_RANK || axis >= SHAPE_MAX_RANK)
        return error_set(e, "attribute 'axis' is %lld: wanted %d to %d", (long long)axis, -SHAPE_MAX_RANK,
                         SHAPE_MAX_RANK - 1);
    const struct attribute range[] = {{.name = "start", .kind = ATTRIBUTE_INT, .integer = axis},
                                      {.name = "end", .kind = ATTRIBUTE_INT, .integer = axis + 1}};
    const char *input = onnx_text(node->input[0]), *result = onnx_text(node->output[0]);
    char *whole = text_format("%s.whole", result);
    const char *output = whole;
    bool ok = whole || error_memory(e);
    ok = ok && graph_add_node(graph, "Shape", whole, &input, 1, &output, 1, range, axis == -1 ? 1 : 2, e);
    char *rounded = ok ? add_result(graph, "Add", result, "rounded", whole, parts - 1, e) : NULL;
    char *size = rounded ? add_result(graph, "Div", result, "size", rounded, parts, e) : NULL;
    ok = size != NULL;
    for (size_t i = 0; ok && i < node->n_output; i++)
        ok = !*onnx_text(node->output[i]) || add_equal_part(graph, node, i, size, axis, e);
    free(whole);
    free(rounded);
    free(size);
    return ok;
}

static bool add_split(struct graph *graph, const struct roles *roles, const Onnx__NodeProto *node, struct error *e) {
    const Onnx__AttributeProto *old = onnx_find_attribute(node, "split");
    const Onnx__TensorProto *tensor = node->n_input > 1 ? roles_tensor(roles, onnx_text(node->input[1])) : NULL;
    struct onnx_array sizes = {.floats = NULL};
    if (node->n_input == 0) return error_set(e, "it has no input: wanted one");
    if (old) return add_parts(graph, node, old->ints, old->n_ints, e);
    if (node->n_input < 2 || !*onnx_text(node->input[1])) return add_equal_parts(graph, node, e);
    if (!tensor) return error_set(e, "its sizes are not constant: wanted an initialiser");
    bool ok = onnx_array_read(tensor, &sizes, e) &&
              (sizes.ints ? add_parts(graph, node, sizes.ints, shape_count(&sizes.shape), e)
                          : error_set(e, "its sizes are not integers"));
    onnx_array_finish(&sizes);
    return ok;
}

bool onnx_add_compound(struct graph *graph, const struct roles *roles, const Onnx__NodeProto *node, struct error *e) {
    const char *op = onnx_text(node->op_type);
    char text[200];
    bool split = strcmp(op, "Split") == 0;
    if (!split && strcmp(op, "Upsample") != 0) return add_chain(graph, node, e);
    return (split ? add_split(graph, roles, node, e) : add_upsample(graph, node, e)) ||
           error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
}
