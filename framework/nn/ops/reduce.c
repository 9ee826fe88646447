/* reduce.c: ReduceMean, ReduceSum, ReduceMax over some axes (input 1; all when absent). */
#include "nn/op.h"

#include <math.h>
#include <string.h>

struct reduce {
    bool keep, none_is_none; /* keepdims; noop_with_empty_axes */
};

static bool reduce_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t keep, none;
    struct reduce *reduce = op_config(node, sizeof *reduce, e);
    if (!reduce || !op_integer(node, "keepdims", 0, 1, 1, &keep, e) ||
        !op_integer(node, "noop_with_empty_axes", 0, 1, 0, &none, e))
        return false;
    *reduce = (struct reduce){keep != 0, none != 0};
    return true;
}

/* Bits of the axes that go. */
static bool reduce_axes(const struct op_call *call, unsigned *out, struct error *e) {
    const struct reduce *reduce = call->node->config;
    uint32_t rank = call->in[0].shape.rank;
    if (!op_present(call, 1)) {
        *out = reduce->none_is_none ? 0 : (1u << rank) - 1;
        return true;
    }
    const int64_t *axes = call->in[1].ints;
    if (!axes) return error_set(e, "its axes are not constant integers");
    *out = 0;
    for (size_t i = 0; i < shape_count(&call->in[1].shape); i++) {
        uint32_t axis;
        if (!op_axis(axes[i], rank, false, &axis, e)) return false;
        *out |= 1u << axis;
    }
    return true;
}

static bool reduce_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct reduce *reduce = call->node->config;
    const struct shape *x = &call->in[0].shape;
    unsigned gone;
    if (!reduce_axes(call, &gone, e)) return false;
    if (!op_spares_batch(call, gone & 1, e)) return false;
    out->rank = 0;
    for (uint32_t i = 0; i < x->rank; i++) {
        if (!(gone >> i & 1)) out->dim[out->rank++] = x->dim[i];
        else if (reduce->keep) out->dim[out->rank++] = 1;
    }
    return true;
}

/* Offsets of all positions along the axes in `axes`, the last innermost; returns how many. */
static size_t offsets(const struct shape *x, unsigned axes, uint32_t *out) {
    size_t count = 1;
    out[0] = 0;
    for (uint32_t i = 0; i < x->rank; i++) {
        if (!(axes >> i & 1)) continue;
        size_t step = shape_count_from(x, i + 1), n = x->dim[i];
        for (size_t k = count; k-- > 0;) /* from the back, because it grows in place */
            for (size_t j = n; j-- > 0;) out[k * n + j] = out[k] + (uint32_t)(j * step);
        count *= n;
    }
    return count;
}

/* One element of the result is made of x[result[i] + inner[k]], k < length. */
struct sets {
    const uint32_t *result, *inner;
    size_t count, length;
};

static size_t reduce_scratch(const struct op_call *call) {
    return 2 * shape_count(&call->in[0].shape) + 2;
}

static struct sets reduce_sets(const struct op_call *call) {
    unsigned gone = 0;
    const struct shape *x = &call->in[0].shape;
    uint32_t *memory = (uint32_t *)(void *)call->scratch;
    struct sets s = {.inner = memory};
    reduce_axes(call, &gone, NULL);
    s.length = offsets(x, gone, memory);
    s.result = memory + s.length;
    s.count = offsets(x, ~gone, memory + s.length);
    return s;
}

static double set_sum(const struct sets *s, const float *x, size_t i) {
    double sum = 0;
    for (size_t k = 0; k < s->length; k++) sum += (double)x[s->result[i] + s->inner[k]];
    return sum;
}

/* The first of equals; a NaN is largest. */
static size_t set_largest(const struct sets *s, const float *x, size_t i) {
    size_t best = s->result[i] + s->inner[0];
    for (size_t k = 1; k < s->length; k++) {
        size_t at = s->result[i] + s->inner[k];
        if (x[at] > x[best] || (isnan(x[at]) && !isnan(x[best]))) best = at;
    }
    return best;
}

static void sum_forward(const struct op_call *call) {
    struct sets s = reduce_sets(call);
    for (size_t i = 0; i < s.count; i++) call->out.data[i] = (float)set_sum(&s, call->in[0].data, i);
}

static void mean_forward(const struct op_call *call) {
    struct sets s = reduce_sets(call);
    for (size_t i = 0; i < s.count; i++)
        call->out.data[i] = (float)(set_sum(&s, call->in[0].data, i) / (double)s.length);
}

static void max_forward(const struct op_call *call) {
    struct sets s = reduce_sets(call);
    for (size_t i = 0; i < s.count; i++) call->out.data[i] = call->in[0].data[set_largest(&s, call->in[0].data, i)];
}

static void spread(const struct sets *s, const float *dy, float divisor, float *dx) {
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->length; k++) dx[s->result[i] + s->inner[k]] = dy[i] / divisor;
}

static void sum_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    struct sets s = reduce_sets(call);
    spread(&s, dy, 1, dx);
}

static void mean_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    struct sets s = reduce_sets(call);
    spread(&s, dy, (float)s.length, dx);
}

static void max_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    struct sets s = reduce_sets(call);
    memset(dx, 0, shape_count(&call->in[0].shape) * sizeof *dx);
    for (size_t i = 0; i < s.count; i++) dx[set_largest(&s, call->in[0].data, i)] = dy[i];
}

#define REDUCE(id, title, text, how, run, back)                                                                        \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how,                                                                                                  \
        .min_inputs = 1,                                                                                               \
        .max_inputs = 2,                                                                                               \
        .integer_inputs = 2,                                                                                           \
        .parse = reduce_parse,                                                                                         \
        .infer = reduce_infer,                                                                                         \
        .scratch = reduce_scratch,                                                                                     \
        .forward = run,                                                                                                \
        .backward = back,                                                                                              \
    }
REDUCE(reducemean, "ReduceMean", "mean over some axes", OP_LINEAR, mean_forward, mean_backward);
REDUCE(reducesum, "ReduceSum", "sum over some axes", OP_LINEAR, sum_forward, sum_backward);
REDUCE(reducemax, "ReduceMax", "largest value over some axes", 0, max_forward, max_backward);
