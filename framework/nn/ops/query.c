/* query.c: operators of the arithmetic of shapes, done at load: Shape, Size, ConstantOfShape, Range, Cast, Mod. */
#include "nn/op.h"
#include "nn/ops/arithmetic.h"
#include "nn/ops/broadcast.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool always_whole(const struct op_call *call) {
    (void)call;
    return true;
}

/* Never run on what depends on the input. */
static bool refuse_batched(const struct op_call *call, struct error *e) {
    return !call->out.batched || error_set(e, "it depends on the network's input: supported on constants only");
}

/* ---- Shape ---- */

static bool shape_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *range = op_config(node, 2 * sizeof *range, e);
    return range && op_integer(node, "start", INT64_MIN, INT64_MAX, 0, &range[0], e) &&
           op_integer(node, "end", INT64_MIN, INT64_MAX, INT64_MAX, &range[1], e);
}

static uint32_t clamp_axis(int64_t axis, uint32_t rank) {
    int64_t limit = (int64_t)rank;
    if (axis < 0) axis = axis < -limit ? 0 : axis + limit;
    return (uint32_t)(axis > limit ? limit : axis);
}

static void shape_range(const struct op_call *call, uint32_t *first, uint32_t *end) {
    const int64_t *range = call->node->config;
    *first = clamp_axis(range[0], call->in[0].shape.rank);
    *end = clamp_axis(range[1], call->in[0].shape.rank);
}

static bool shape_infer(const struct op_call *call, struct shape *out, struct error *e) {
    uint32_t first, end;
    (void)e;
    shape_range(call, &first, &end);
    *out = (struct shape){1, {first < end ? end - first : 0}}; /* of a single number there are none */
    return true;
}

static bool shape_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    uint32_t first, end;
    shape_range(call, &first, &end);
    for (uint32_t i = first; i < end; i++)
        *out++ = i == 0 && call->in[0].batched && !call->single ? GRAPH_BATCH : (int64_t)call->in[0].shape.dim[i];
    return true;
}

/* ---- Size ---- */

static bool size_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct operand *x = &call->in[0];
    *out = (struct shape){0};
    return !x->batched || call->single || shape_count_from(&x->shape, 1) == 1 ||
           error_set(e, "it computes with the number of samples: supported only where nothing changes");
}

static bool size_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    const struct operand *x = &call->in[0];
    *out = x->batched && !call->single ? GRAPH_BATCH : (int64_t)shape_count(&x->shape);
    return true;
}

/* ---- ConstantOfShape: the loader gives it its value as input 1 ---- */

static bool constantofshape_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const int64_t *dims = call->in[0].ints;
    size_t count = dims ? shape_count(&call->in[0].shape) : 0, total = 1;
    if (op_present(call, 1) && shape_count(&call->in[1].shape) != 1)
        return error_set(e, "attribute 'value' is not one number");
    if (!dims || count > SHAPE_MAX_RANK) return error_set(e, "its shape is not a short list of constant integers");
    out->rank = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        if (dims[i] < 1 || (uint64_t)dims[i] > OP_MAX_ELEMENTS / total)
            return error_set(e, "dimension %" PRId64 " in its shape: wanted positive ones, and at most %zu elements",
                             dims[i], OP_MAX_ELEMENTS);
        out->dim[i] = (size_t)dims[i];
        total *= out->dim[i];
    }
    return refuse_batched(call, e);
}

static bool constantofshape_whole(const struct op_call *call) {
    return op_present(call, 1) && call->in[1].ints;
}

static bool constantofshape_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) out[i] = call->in[1].ints[0];
    return true;
}

static void constantofshape_forward(const struct op_call *call) {
    float value = op_present(call, 1) ? call->in[1].data[0] : 0;
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) call->out.data[i] = value;
}

/* ---- Range ---- */

static bool range_count(const struct op_call *call, double *count, struct error *e) {
    for (uint32_t i = 0; i < 3; i++)
        if (shape_count(&call->in[i].shape) != 1 || !call->in[i].ints != !call->in[0].ints ||
            (!call->in[i].ints && !call->in[i].data))
            return error_set(e, "its start, end and step are not three constant numbers of one type");
    double v[3];
    for (uint32_t i = 0; i < 3; i++)
        v[i] = call->in[0].ints ? (double)call->in[i].ints[0] : (double)call->in[i].data[0];
    *count = ceil((v[1] - v[0]) / v[2]);
    return (*count >= 1 && *count <= (double)OP_MAX_ELEMENTS) ||
           error_set(e, "from %g to %g in steps of %g: wanted 1 to %zu elements", v[0], v[1], v[2], OP_MAX_ELEMENTS);
}

static bool range_infer(const struct op_call *call, struct shape *out, struct error *e) {
    double count = 0;
    if (!refuse_batched(call, e) || !range_count(call, &count, e)) return false;
    *out = (struct shape){1, {(size_t)count}};
    return true;
}

static bool range_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    for (size_t i = 0; i < call->out.shape.dim[0]; i++) out[i] = call->in[0].ints[0] + (int64_t)i * call->in[2].ints[0];
    return true;
}

static void range_forward(const struct op_call *call) {
    for (size_t i = 0; i < call->out.shape.dim[0]; i++)
        call->out.data[i] = call->in[0].data[0] + (float)i * call->in[2].data[0];
}

/* ---- Cast: between float32 (which every floating-point type is here) and integers ---- */

/* TensorProto.DataType */
enum { TYPE_FLOAT = 1, TYPE_BOOL = 9, TYPE_FLOAT16 = 10, TYPE_DOUBLE = 11, TYPE_BFLOAT16 = 16 };

/* What an integer type holds. */
static const struct range {
    int64_t type, low, high;
} ranges[] = {
    {2, 0, UINT8_MAX},         {3, INT8_MIN, INT8_MAX},   {4, 0, UINT16_MAX},
    {5, INT16_MIN, INT16_MAX}, {6, INT32_MIN, INT32_MAX}, {7, INT64_MIN, INT64_MAX},
    {TYPE_BOOL, 0, 1},         {12, 0, UINT32_MAX},       {13, 0, INT64_MAX},
};

static const struct range *range_of(int64_t type) {
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].type == type) return &ranges[i];
    return NULL;
}

static bool is_float(int64_t type) {
    return type == TYPE_FLOAT || type == TYPE_FLOAT16 || type == TYPE_DOUBLE || type == TYPE_BFLOAT16;
}

static bool cast_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *to = op_config(node, sizeof *to, e);
    if (!to || !op_integer(node, "to", INT64_MIN, INT64_MAX, 0, to, e)) return false;
    return is_float(*to) || range_of(*to) ||
           error_set(e, "attribute 'to' is %" PRId64 ": wanted floating-point numbers, integers or BOOL", *to);
}

/* A CastLike becomes what its second input is; that it is a truth cannot be told from the integers 0 and 1. */
static bool castlike_whole(const struct op_call *call) {
    return call->in[1].ints;
}

static bool cast_whole(const struct op_call *call) {
    return !is_float(*(const int64_t *)call->node->config);
}

/* Of what depends on the input, truths are the numbers 1 and 0 (compare.c). */
static bool cast_truth(const struct op_call *call) {
    return *(const int64_t *)call->node->config == TYPE_BOOL;
}

static bool cast_infer(const struct op_call *call, struct shape *out, struct error *e) {
    *out = call->in[0].shape;
    if (call->out.batched && cast_whole(call) && !cast_truth(call))
        return error_set(e, "what depends on the input is cast to integers");
    for (size_t i = 0; call->in[0].ints && !cast_whole(call) && i < shape_count(out); i++)
        if (call->in[0].ints[i] == GRAPH_BATCH)
            return error_set(e, "it computes with the number of samples: not supported");
    return true;
}

static bool cast_integers(const struct op_call *call, int64_t *out, struct error *e) {
    bool truth = cast_truth(call);
    const struct range *range = range_of(*(const int64_t *)call->node->config);
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        float x = call->in[0].ints ? 0 : call->in[0].data[i];
        if (!call->in[0].ints && !truth && !(x > -0x1p63f && x < 0x1p63f))
            return error_set(e, "%g is no integer of 64 bits", (double)x);
        if (truth) out[i] = call->in[0].ints ? call->in[0].ints[i] != 0 : x < 0 || x > 0 || isnan(x);
        else out[i] = call->in[0].ints ? call->in[0].ints[i] : (int64_t)x;
        if (out[i] != GRAPH_BATCH && (out[i] < range->low || out[i] > range->high))
            return error_set(e, "%" PRId64 " does not fit the type that it is cast to", out[i]);
    }
    return true;
}

static void cast_forward(const struct op_call *call) {
    size_t n = shape_count(&call->out.shape);
    const struct operand *x = &call->in[0];
    float *y = call->out.data;
    if (cast_truth(call))
        for (size_t i = 0; i < n; i++) y[i] = x->data[i] < 0 || x->data[i] > 0 || isnan(x->data[i]) ? 1 : 0;
    else if (x->data) memcpy(y, x->data, n * sizeof *y);
    else
        for (size_t i = 0; i < n; i++) y[i] = (float)x->ints[i];
}

static void cast_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    size_t bytes = shape_count(&call->out.shape) * sizeof *dx;
    if (cast_truth(call)) memset(dx, 0, bytes);
    else memcpy(dx, dy, bytes);
}

static bool castlike_infer(const struct op_call *call, struct shape *out, struct error *e) {
    *out = call->in[0].shape;
    return !(call->out.batched && castlike_whole(call)) ||
           error_set(e, "what depends on the input is cast to integers");
}

static bool castlike_integers(const struct op_call *call, int64_t *out, struct error *e) {
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        float x = call->in[0].ints ? 0 : call->in[0].data[i];
        if (!(x > -0x1p63f && x < 0x1p63f)) return error_set(e, "%g is no integer of 64 bits", (double)x);
        out[i] = call->in[0].ints ? call->in[0].ints[i] : (int64_t)x;
    }
    return true;
}

static void castlike_forward(const struct op_call *call) {
    for (size_t i = 0; i < shape_count(&call->out.shape); i++)
        call->out.data[i] = call->in[0].ints ? (float)call->in[0].ints[i] : call->in[0].data[i];
}

static void castlike_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    if (input == 0) memcpy(dx, dy, shape_count(&call->out.shape) * sizeof *dx);
    else memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
}

#define AT_LOAD(id, title, text, least, most, how, is_whole, own_parse, run)                                           \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how,                                                                                                  \
        .min_inputs = least,                                                                                           \
        .max_inputs = most,                                                                                            \
        .integer_inputs = 7,                                                                                           \
        .empty_inputs = 1,                                                                                             \
        .parse = own_parse,                                                                                            \
        .infer = id##_infer,                                                                                           \
        .whole = is_whole,                                                                                             \
        .integers = id##_integers,                                                                                     \
        .forward = run,                                                                                                \
    }
AT_LOAD(shape, "Shape", "the dimensions of its input, at load", 1, 1, OP_ASKS_SHAPE, always_whole, shape_parse, NULL);
AT_LOAD(constantofshape, "ConstantOfShape", "one number repeated, at load", 1, 2, 0, constantofshape_whole, NULL,
        constantofshape_forward);
AT_LOAD(range, "Range", "equally spaced numbers, at load", 3, 3, 0, NULL, NULL, range_forward);
AT_LOAD(size, "Size", "the number of elements of its input, at load", 1, 1, OP_ASKS_SHAPE, always_whole, NULL, NULL);

/* ---- Mod, of integers ---- */

static bool mod_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t fmod;
    return op_integer(node, "fmod", 0, 1, 0, &fmod, e);
}

static bool mod_infer(const struct op_call *call, struct shape *out, struct error *e) {
    if (!call->in[0].ints || !call->in[1].ints)
        return error_set(e, "its operand is floating-point: supported on integers only");
    return refuse_batched(call, e) && broadcast_shape(&call->in[0].shape, &call->in[1].shape, out, e);
}

const struct op op_mod = {
    .name = "Mod",
    .summary = "remainder of integers",
    .min_inputs = 2,
    .max_inputs = 2,
    .parse = mod_parse,
    .infer = mod_infer,
    .whole = always_whole,
    .integers = arithmetic_integers,
};

const struct op op_cast = {
    .name = "Cast",
    .summary = "between float32 and truths and, at load, integers",
    .flags = OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .integer_inputs = 1,
    .parse = cast_parse,
    .infer = cast_infer,
    .whole = cast_whole,
    .integers = cast_integers,
    .forward = cast_forward,
    .backward = cast_backward,
};

const struct op op_castlike = {
    .name = "CastLike",
    .summary = "to the type of another value",
    .flags = OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 2,
    .integer_inputs = 3,
    .infer = castlike_infer,
    .whole = castlike_whole,
    .integers = castlike_integers,
    .forward = castlike_forward,
    .backward = castlike_backward,
};
