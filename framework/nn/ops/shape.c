/* shape.c: operators that compute nothing: Flatten, Reshape, Squeeze, Unsqueeze, Identity, Dropout, Constant. */
#include "nn/op.h"

#include <inttypes.h>
#include <string.h>

static void copy_forward(const struct op_call *call) {
    memcpy(call->out.data, call->in[0].data, shape_count(&call->out.shape) * sizeof *call->out.data);
}

static void copy_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    memcpy(dx, dy, shape_count(&call->out.shape) * sizeof *dx);
}

/* ---- Flatten ---- */

static bool flatten_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *axis = op_config(node, sizeof *axis, e);
    return axis && op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK, 1, axis, e);
}

static bool flatten_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape;
    uint32_t axis;
    if (!op_axis(*(const int64_t *)call->node->config, x->rank, true, &axis, e)) return false;
    size_t inner = shape_count_from(x, axis);
    *out = (struct shape){2, {shape_count(x) / inner, inner}};
    return true;
}

/* ---- Reshape ---- */

static bool reshape_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t allow_zero;
    if (!op_integer(node, "allowzero", INT64_MIN, INT64_MAX, 0, &allow_zero, e)) return false;
    return node->input_count > 1 || node_attribute(node, "shape") || error_set(e, "the new shape is missing");
}

/* The wanted dimensions: input 1 or, before opset 5, an attribute. */
static bool reshape_target(const struct op_call *call, const int64_t **target, size_t *count, struct error *e) {
    const struct attribute *old = node_attribute(call->node, "shape");
    if (op_present(call, 1)) {
        *target = call->in[1].ints;
        *count = shape_count(&call->in[1].shape);
    } else {
        *target = old && old->kind == ATTRIBUTE_INTS ? old->ints : NULL;
        *count = *target ? old->count : 0;
    }
    if (!*target)
        return error_set(e, "its target shape is not an integer constant: shapes computed at run time are not "
                            "supported");
    return *count <= SHAPE_MAX_RANK || error_set(e, "a target of %zu dimensions: at most %d", *count, SHAPE_MAX_RANK);
}

static bool reshape_dimensions(const struct shape *x, const int64_t *target, size_t count, struct shape *out,
                               struct error *e) {
    size_t open = SIZE_MAX, total = shape_count(x), known = 1;
    out->rank = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        bool taken = target[i] == 0 && i < x->rank;
        if (target[i] == -1 && open == SIZE_MAX) open = i;
        else if (target[i] < 1 && !taken)
            return error_set(e,
                             "dimension %" PRId64 " in its target: wanted positive ones, 0 where the input has one, "
                             "or one -1",
                             target[i]);
        out->dim[i] = target[i] == -1 ? 1 : taken ? x->dim[i] : (size_t)target[i];
        if (out->dim[i] > total / known) known = SIZE_MAX; /* more than there are: never fits */
        else known *= out->dim[i];
    }
    if (open != SIZE_MAX && known && total % known == 0) {
        out->dim[open] = total / known;
        known = total;
    }
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    return known == total || error_set(e, "input of shape %s does not fit the target shape %s",
                                       shape_text(x, a, sizeof a), shape_text(out, b, sizeof b));
}

static bool reshape_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct attribute *allow_zero = node_attribute(call->node, "allowzero");
    const int64_t *target;
    size_t count;
    if (!reshape_target(call, &target, &count, e)) return false;
    for (size_t i = 0; i < count && allow_zero && allow_zero->integer; i++)
        if (target[i] == 0) return error_set(e, "a 0 in its target with 'allowzero': empty tensors are not supported");
    return reshape_dimensions(&call->in[0].shape, target, count, out, e);
}

/* ---- Squeeze and Unsqueeze: data, axes ---- */

/* Bits: the axes that input 1 names, of `rank`. */
static bool axes_named(const struct op_call *call, uint32_t rank, unsigned *out, struct error *e) {
    const int64_t *list = call->in[1].ints;
    size_t count = list ? shape_count(&call->in[1].shape) : 0;
    *out = 0;
    if (!list) return error_set(e, "its axes are not constant integers");
    for (size_t i = 0; i < count; i++) {
        uint32_t axis;
        if (!op_axis(list[i], rank, false, &axis, e)) return false;
        if (*out >> axis & 1) return error_set(e, "axis %u is named twice", axis);
        *out |= 1u << axis;
    }
    return true;
}

static bool squeeze_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape;
    unsigned gone = 0;
    if (op_present(call, 1) && !axes_named(call, x->rank, &gone, e)) return false;
    for (uint32_t i = 0; i < x->rank && !op_present(call, 1); i++)
        if (x->dim[i] == 1 && !(i == 0 && op_batch_first(call))) gone |= 1u << i;
    out->rank = 0;
    for (uint32_t i = 0; i < x->rank; i++) {
        if ((gone >> i & 1) && x->dim[i] != 1) return error_set(e, "dimension %u is %zu: wanted 1", i, x->dim[i]);
        if (!(gone >> i & 1)) out->dim[out->rank++] = x->dim[i];
    }
    return true;
}

static bool unsqueeze_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape;
    size_t more = shape_count(&call->in[1].shape);
    unsigned added;
    if (more > SHAPE_MAX_RANK - x->rank) return error_set(e, "its output has more than %d dimensions", SHAPE_MAX_RANK);
    out->rank = x->rank + (uint32_t)more;
    if (!axes_named(call, out->rank, &added, e)) return false;
    for (uint32_t i = 0, k = 0; i < out->rank; i++) out->dim[i] = added >> i & 1 ? 1 : x->dim[k++];
    return true;
}

/* ---- Dropout ---- */

static bool dropout_infer(const struct op_call *call, struct shape *out, struct error *e) {
    if (op_present(call, 2) && call->in[2].ints && shape_count(&call->in[2].shape) && call->in[2].ints[0])
        return error_set(e, "its training mode is set: export the model for inference");
    *out = call->in[0].shape;
    return true;
}

/* ---- Constant ---- */

static bool constant_define(struct graph *g, const char *output, const struct attribute *attributes, size_t count,
                            struct error *e) {
    const struct shape scalar = {0};
    for (size_t i = 0; i < count; i++) {
        const struct attribute *a = &attributes[i];
        struct shape list = {1, {a->count}};
        if (strcmp(a->name, "value_float") == 0 && a->kind == ATTRIBUTE_FLOAT)
            return graph_add_floats(g, output, &scalar, &a->number, e);
        if (strcmp(a->name, "value_floats") == 0 && a->kind == ATTRIBUTE_FLOATS)
            return graph_add_floats(g, output, &list, a->floats, e);
        if (strcmp(a->name, "value_int") == 0 && a->kind == ATTRIBUTE_INT)
            return graph_add_ints(g, output, &scalar, &a->integer, e);
        if (strcmp(a->name, "value_ints") == 0 && a->kind == ATTRIBUTE_INTS)
            return graph_add_ints(g, output, &list, a->ints, e);
    }
    return error_set(e, "no value of a supported type: wanted floats or integers");
}

const struct op op_flatten = {
    .name = "Flatten",
    .summary = "two dimensions",
    .flags = OP_RESHAPES | OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = flatten_parse,
    .infer = flatten_infer,
    .forward = copy_forward,
    .backward = copy_backward,
};

const struct op op_reshape = {
    .name = "Reshape",
    .empty_inputs = 2, /* to a single number */
    .summary = "other dimensions; the batch stays the first",
    .flags = OP_RESHAPES | OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 2,
    .integer_inputs = 2,
    .parse = reshape_parse,
    .infer = reshape_infer,
    .forward = copy_forward,
    .backward = copy_backward,
};

const struct op op_squeeze = {
    .name = "Squeeze",
    .summary = "without dimensions of one",
    .flags = OP_RESHAPES | OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 2,
    .integer_inputs = 2,
    .infer = squeeze_infer,
    .forward = copy_forward,
    .backward = copy_backward,
};

const struct op op_unsqueeze = {
    .name = "Unsqueeze",
    .summary = "with further dimensions of one",
    .flags = OP_RESHAPES | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 2,
    .integer_inputs = 2,
    .infer = unsqueeze_infer,
    .forward = copy_forward,
    .backward = copy_backward,
};

const struct op op_identity = {
    .name = "Identity",
    .summary = "its input",
    .flags = OP_RESHAPES | OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .forward = copy_forward,
    .backward = copy_backward,
};

const struct op op_dropout = {
    .name = "Dropout",
    .summary = "its input (inference)",
    .flags = OP_RESHAPES | OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 3,
    .integer_inputs = 4,
    .infer = dropout_infer,
    .forward = copy_forward,
    .backward = copy_backward,
};

const struct op op_constant = {
    .name = "Constant",
    .summary = "a fixed value",
    .define = constant_define,
};
