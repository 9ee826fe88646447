/* along.c: operators that work along one axis: CumSum, TopK and, at load, ArgMax, ArgMin and NonZero. */
#include "nn/op.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows along an axis: element k of row i is at start(i) + k * step. */
struct rows {
    size_t count, length, step;
};

static struct rows rows_of(const struct shape *shape, uint32_t axis) {
    size_t inner = shape_count_from(shape, axis + 1);
    return (struct rows){shape_count(shape) / shape->dim[axis], shape->dim[axis], inner};
}

static size_t row_start(const struct rows *r, size_t i) {
    return i / r->step * r->step * r->length + i % r->step;
}

/* ---- CumSum: data, axis ---- */

static bool cumsum_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *how = op_config(node, 2 * sizeof *how, e);
    return how && op_integer(node, "exclusive", 0, 1, 0, &how[0], e) &&
           op_integer(node, "reverse", 0, 1, 0, &how[1], e);
}

static bool cumsum_axis(const struct op_call *call, uint32_t *axis, struct error *e) {
    if (!call->in[1].ints || shape_count(&call->in[1].shape) != 1)
        return error_set(e, "its axis is not one constant integer");
    return op_axis(call->in[1].ints[0], call->in[0].shape.rank, false, axis, e);
}

static bool cumsum_infer(const struct op_call *call, struct shape *out, struct error *e) {
    uint32_t axis;
    *out = call->in[0].shape;
    return cumsum_axis(call, &axis, e) && op_spares_batch(call, axis == 0, e);
}

/* Adds the sums of x to y, from the back where `reverse`. */
static void cumulate(const struct op_call *call, bool reverse, const float *x, float *y) {
    const int64_t *how = call->node->config;
    uint32_t axis = 0;
    cumsum_axis(call, &axis, NULL);
    struct rows r = rows_of(&call->in[0].shape, axis);
    for (size_t i = 0; i < r.count; i++) {
        size_t start = row_start(&r, i);
        double sum = 0;
        for (size_t k = 0; k < r.length; k++) {
            size_t at = start + (reverse ? r.length - 1 - k : k) * r.step;
            double before = sum;
            sum += (double)x[at];
            y[at] += (float)(how[0] ? before : sum);
        }
    }
}

static void cumsum_forward(const struct op_call *call) {
    const int64_t *how = call->node->config;
    memset(call->out.data, 0, shape_count(&call->out.shape) * sizeof *call->out.data);
    cumulate(call, how[1] != 0, call->in[0].data, call->out.data);
}

static void cumsum_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    const int64_t *how = call->node->config;
    if (input == 0) cumulate(call, how[1] == 0, dy, d);
}

static void cumsum_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[0].shape) * sizeof *dx);
    cumsum_learn(call, input, dy, dx);
}

static bool cumsum_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const int64_t *how = call->node->config, *x = call->in[0].ints;
    uint32_t axis;
    if (!cumsum_axis(call, &axis, e)) return false;
    struct rows r = rows_of(&call->in[0].shape, axis);
    for (size_t i = 0; i < r.count; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < r.length; k++) {
            size_t at = row_start(&r, i) + (how[1] ? r.length - 1 - k : k) * r.step;
            int64_t before = sum;
            if (x[at] == GRAPH_BATCH) return error_set(e, "it computes with the number of samples: not supported");
            if (__builtin_add_overflow(sum, x[at], &sum)) return error_set(e, "the result is no integer of 64 bits");
            out[at] = how[0] ? before : sum;
        }
    }
    return true;
}

const struct op op_cumsum = {
    .name = "CumSum",
    .summary = "sums of all elements up to each, along an axis",
    .flags = OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 2,
    .integer_inputs = 2,
    .parse = cumsum_parse,
    .infer = cumsum_infer,
    .integers = cumsum_integers,
    .forward = cumsum_forward,
    .backward = cumsum_backward,
    .learn = cumsum_learn,
};

/* ---- TopK: data, k; the values alone ---- */

struct topk {
    int64_t axis, largest, sorted;
};

static bool topk_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    struct topk *t = op_config(node, sizeof *t, e);
    return t && op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, -1, &t->axis, e) &&
           op_integer(node, "largest", 0, 1, 1, &t->largest, e) && op_integer(node, "sorted", 0, 1, 1, &t->sorted, e);
}

static bool topk_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct topk *t = call->node->config;
    const int64_t *k = call->in[1].ints;
    uint32_t axis;
    *out = call->in[0].shape;
    if (!k || shape_count(&call->in[1].shape) != 1) return error_set(e, "its k is not one constant integer");
    if (!op_axis(t->axis, out->rank, false, &axis, e) || !op_spares_batch(call, axis == 0, e)) return false;
    if (*k < 1 || *k > (int64_t)out->dim[axis])
        return error_set(e, "the %" PRId64 " largest of %zu: wanted 1 or more, and no more than there are", *k,
                         out->dim[axis]);
    out->dim[axis] = (size_t)*k;
    return true;
}

/* One mark for every element of a row. */
static size_t topk_scratch(const struct op_call *call) {
    const struct topk *t = call->node->config;
    uint32_t axis = 0;
    op_axis(t->axis, call->in[0].shape.rank, false, &axis, NULL);
    return call->in[0].shape.dim[axis];
}

/* For every result in turn the element of x that it is; of equals the first. */
static void topk_each(const struct op_call *call, void (*take)(void *user, size_t from, size_t to), void *user) {
    const struct topk *t = call->node->config;
    const float *x = call->in[0].data;
    uint32_t axis = 0;
    op_axis(t->axis, call->in[0].shape.rank, false, &axis, NULL);
    struct rows in = rows_of(&call->in[0].shape, axis), out = rows_of(&call->out.shape, axis);
    for (size_t i = 0; i < in.count; i++) {
        size_t start = row_start(&in, i);
        memset(call->scratch, 0, in.length * sizeof *call->scratch);
        for (size_t k = 0; k < out.length; k++) {
            size_t best = SIZE_MAX;
            for (size_t c = 0; c < in.length; c++) {
                float value = x[start + c * in.step], top = best == SIZE_MAX ? 0 : x[start + best * in.step];
                if (call->scratch[c] > 0) continue;
                if (best == SIZE_MAX || (t->largest ? value > top : value < top)) best = c;
            }
            call->scratch[best] = 1;
            take(user, start + best * in.step, row_start(&out, i) + k * out.step);
        }
    }
}

struct topk_arrays {
    const float *from;
    float *to;
};

static void take_value(void *user, size_t from, size_t to) {
    const struct topk_arrays *a = user;
    a->to[to] = a->from[from];
}

static void return_gradient(void *user, size_t from, size_t to) {
    const struct topk_arrays *a = user;
    a->to[from] += a->from[to];
}

static void topk_forward(const struct op_call *call) {
    topk_each(call, take_value, &(struct topk_arrays){call->in[0].data, call->out.data});
}

static void topk_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    memset(dx, 0, shape_count(&call->in[0].shape) * sizeof *dx);
    topk_each(call, return_gradient, &(struct topk_arrays){dy, dx});
}

const struct op op_topk = {
    .name = "TopK",
    .summary = "the k largest or smallest along an axis (the values; not where they are)",
    .min_inputs = 2,
    .max_inputs = 2,
    .integer_inputs = 2,
    .parse = topk_parse,
    .infer = topk_infer,
    .scratch = topk_scratch,
    .forward = topk_forward,
    .backward = topk_backward,
};

/* ---- ArgMax and ArgMin, at load ---- */

struct arg {
    int64_t axis, keep, last;
};

static bool arg_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    struct arg *a = op_config(node, sizeof *a, e);
    return a && op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, 0, &a->axis, e) &&
           op_integer(node, "keepdims", 0, 1, 1, &a->keep, e) &&
           op_integer(node, "select_last_index", 0, 1, 0, &a->last, e);
}

static bool arg_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct arg *a = call->node->config;
    const struct shape *x = &call->in[0].shape;
    uint32_t axis;
    if (call->out.batched)
        return error_set(e, "it depends on the network's input: a class has no gradient; supported on constants only");
    if (!op_axis(a->axis, x->rank, false, &axis, e)) return false;
    out->rank = 0;
    for (uint32_t d = 0; d < x->rank; d++)
        if (d != axis || a->keep) out->dim[out->rank++] = d == axis ? 1 : x->dim[d];
    return true;
}

static bool arg_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const struct arg *a = call->node->config;
    const struct operand *x = &call->in[0];
    bool largest = strcmp(call->node->op->name, "ArgMax") == 0;
    uint32_t axis;
    if (!op_axis(a->axis, x->shape.rank, false, &axis, e)) return false;
    struct rows r = rows_of(&x->shape, axis);
    for (size_t i = 0; i < r.count; i++) {
        size_t best = row_start(&r, i);
        out[i] = 0;
        for (size_t k = 1; k < r.length; k++) {
            size_t at = row_start(&r, i) + k * r.step;
            int order = x->ints ? (x->ints[at] > x->ints[best]) - (x->ints[at] < x->ints[best])
                                : (x->data[at] > x->data[best]) - (x->data[at] < x->data[best]);
            if (largest ? order > 0 || (order == 0 && a->last) : order < 0 || (order == 0 && a->last)) {
                best = at;
                out[i] = (int64_t)k;
            }
        }
    }
    return true;
}

static bool always_whole(const struct op_call *call) {
    (void)call;
    return true;
}

#define ARG(id, title, text)                                                                                           \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .min_inputs = 1,                                                                                               \
        .max_inputs = 1,                                                                                               \
        .integer_inputs = 1,                                                                                           \
        .parse = arg_parse,                                                                                            \
        .infer = arg_infer,                                                                                            \
        .whole = always_whole,                                                                                         \
        .integers = arg_integers,                                                                                      \
    }
ARG(argmax, "ArgMax", "where the largest is along an axis, at load");
ARG(argmin, "ArgMin", "where the smallest is along an axis, at load");

/* ---- NonZero, at load ---- */

static bool is_nonzero(const struct operand *x, size_t i) {
    return x->ints ? x->ints[i] != 0 : x->data[i] < 0 || x->data[i] > 0;
}

static bool nonzero_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct operand *x = &call->in[0];
    size_t count = 0;
    if (call->out.batched || (!x->ints && !x->data))
        return error_set(e, "it depends on the network's input: supported on constants only");
    for (size_t i = 0; i < shape_count(&x->shape); i++) count += is_nonzero(x, i);
    *out = (struct shape){2, {x->shape.rank ? x->shape.rank : 1, count}};
    return count || error_set(e, "nothing is left: every element is zero");
}

static bool nonzero_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    const struct operand *x = &call->in[0];
    size_t count = call->out.shape.dim[1], found = 0;
    for (size_t i = 0; i < shape_count(&x->shape); i++) {
        if (!is_nonzero(x, i)) continue;
        for (uint32_t d = 0; d < x->shape.rank; d++)
            out[d * count + found] = (int64_t)(i / shape_count_from(&x->shape, d + 1) % x->shape.dim[d]);
        if (x->shape.rank == 0) out[found] = 0;
        found++;
    }
    return true;
}

const struct op op_nonzero = {
    .name = "NonZero",
    .summary = "where elements are not zero, at load",
    .min_inputs = 1,
    .max_inputs = 1,
    .integer_inputs = 1,
    .infer = nonzero_infer,
    .whole = always_whole,
    .integers = nonzero_integers,
};
