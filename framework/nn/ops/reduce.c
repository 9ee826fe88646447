/* reduce.c: sums, means, norms, products and extremes over some axes (input 1; all when absent or empty). */
#include "nn/op.h"
#include "nn/ops/sums.h"

#include <math.h>
#include <stdlib.h>
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
    if (!op_present(call, 1) || shape_count(&call->in[1].shape) == 0) {
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
    for (uint32_t i = 0; i < x->rank; i++)
        if (!(gone >> i & 1)) out->dim[out->rank++] = x->dim[i];
        else if (reduce->keep) out->dim[out->rank++] = 1;
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
    bool dense; /* inner[k] is k */
};

static size_t reduce_scratch(const struct op_call *call) {
    return 2 * shape_count(&call->in[0].shape) + 2;
}

/* `memory`: of reduce_scratch numbers. */
static struct sets reduce_sets(const struct op_call *call, uint32_t *memory) {
    unsigned gone = 0;
    const struct shape *x = &call->in[0].shape;
    struct sets s = {.inner = memory};
    reduce_axes(call, &gone, NULL);
    s.length = offsets(x, gone, memory);
    s.result = memory + s.length;
    s.count = offsets(x, ~gone, memory + s.length);
    s.dense = s.inner[s.length - 1] == s.length - 1;
    return s;
}

static struct sets scratch_sets(const struct op_call *call) {
    return reduce_sets(call, (uint32_t *)(void *)call->scratch);
}

/* ---- What becomes of a set, and its derivative by the element `at`, which is x, where the result is y ---- */

#define FOR_EACH(x, s, data, i)                                                                                        \
    for (size_t k_ = 0; k_ < (s)->length; k_++)                                                                        \
        for (double x = (double)(data)[(s)->result[i] + (s)->inner[k_]], *once_ = &x; once_; once_ = NULL)

static double sum_of(const struct sets *s, const float *data, size_t i) {
    double sum = 0;
    if (s->dense) return sum_dense(data + s->result[i], s->length);
    FOR_EACH(x, s, data, i) sum += x;
    return sum;
}
static double mean_of(const struct sets *s, const float *data, size_t i) {
    return sum_of(s, data, i) / (double)s->length;
}
static double log_sum_of(const struct sets *s, const float *data, size_t i) {
    return log(sum_of(s, data, i));
}
static double l1_of(const struct sets *s, const float *data, size_t i) {
    double sum = 0;
    FOR_EACH(x, s, data, i) sum += fabs(x);
    return sum;
}
static double squares_of(const struct sets *s, const float *data, size_t i) {
    double sum = 0;
    FOR_EACH(x, s, data, i) sum += x * x;
    return sum;
}
static double l2_of(const struct sets *s, const float *data, size_t i) {
    return sqrt(squares_of(s, data, i));
}
static double product_of(const struct sets *s, const float *data, size_t i) {
    double product = 1;
    FOR_EACH(x, s, data, i) product *= x;
    return product;
}
static double log_sum_exp_of(const struct sets *s, const float *data, size_t i) {
    double most = -INFINITY, sum = 0;
    FOR_EACH(x, s, data, i) most = x > most ? x : most;
    if (isinf(most)) return most;
    FOR_EACH(x, s, data, i) sum += exp(x - most);
    return most + log(sum);
}

struct element {
    const struct sets *sets;
    const float *data;
    size_t set, at;
    double x, y;
};

static double sum_slope(const struct element *e) {
    (void)e;
    return 1;
}
static double mean_slope(const struct element *e) {
    return 1 / (double)e->sets->length;
}
static double log_sum_slope(const struct element *e) {
    return exp(-e->y);
}
static double l1_slope(const struct element *e) {
    return e->x < 0 ? -1 : e->x > 0 ? 1 : 0;
}
static double squares_slope(const struct element *e) {
    return 2 * e->x;
}
static double l2_slope(const struct element *e) {
    return e->y > 0 ? e->x / e->y : 0;
}
static double product_slope(const struct element *e) {
    if (e->x < 0 || e->x > 0) return e->y / e->x;
    double product = 1;
    for (size_t k = 0; k < e->sets->length; k++) {
        size_t other = e->sets->result[e->set] + e->sets->inner[k];
        if (other != e->at) product *= (double)e->data[other];
    }
    return product;
}
static double log_sum_exp_slope(const struct element *e) {
    return exp(e->x - e->y);
}

/* The index of the largest (or, with sign -1, the smallest): the first of equals; a NaN is one. */
static size_t extreme_of(const struct sets *s, const float *x, size_t i, float sign) {
    size_t best = s->result[i] + s->inner[0];
    for (size_t k = 1; k < s->length; k++) {
        size_t at = s->result[i] + s->inner[k];
        if (sign * x[at] > sign * x[best] || (isnan(x[at]) && !isnan(x[best]))) best = at;
    }
    return best;
}

/* ---- The same of integers, at load ---- */

static bool whole_sum(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static bool whole_product(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static bool whole_max(int64_t a, int64_t b, int64_t *out) {
    *out = a > b ? a : b;
    return true;
}
static bool whole_min(int64_t a, int64_t b, int64_t *out) {
    *out = a < b ? a : b;
    return true;
}

static const struct kind {
    const char *op;
    double (*result)(const struct sets *, const float *data, size_t i);
    double (*slope)(const struct element *);
    float extreme; /* instead of both: 1 the largest, -1 the smallest */
    bool (*whole)(int64_t a, int64_t b, int64_t *out);
} kinds[] = {
    {"ReduceSum", sum_of, sum_slope, 0, whole_sum},
    {"ReduceMean", mean_of, mean_slope, 0, NULL},
    {"ReduceMax", NULL, NULL, 1, whole_max},
    {"ReduceMin", NULL, NULL, -1, whole_min},
    {"ReduceProd", product_of, product_slope, 0, whole_product},
    {"ReduceL1", l1_of, l1_slope, 0, NULL},
    {"ReduceL2", l2_of, l2_slope, 0, NULL},
    {"ReduceSumSquare", squares_of, squares_slope, 0, NULL},
    {"ReduceLogSum", log_sum_of, log_sum_slope, 0, NULL},
    {"ReduceLogSumExp", log_sum_exp_of, log_sum_exp_slope, 0, NULL},
};

static const struct kind *kind_of(const struct op_call *call) {
    const struct kind *kind = kinds;
    while (strcmp(kind->op, call->node->op->name) != 0) kind++;
    return kind;
}

static bool reduce_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const struct kind *kind = kind_of(call);
    const int64_t *x = call->in[0].ints;
    uint32_t *memory = malloc(reduce_scratch(call) * sizeof *memory);
    if (!memory) return error_memory(e);
    struct sets s = reduce_sets(call, memory);
    bool ok = true;
    for (size_t i = 0; ok && i < s.count; i++) {
        out[i] = x[s.result[i] + s.inner[0]];
        for (size_t k = 1; ok && k < s.length; k++) {
            int64_t next = x[s.result[i] + s.inner[k]];
            if (out[i] == GRAPH_BATCH || next == GRAPH_BATCH)
                ok = error_set(e, "it computes with the number of samples: not supported");
            else if (!kind->whole(out[i], next, &out[i])) ok = error_set(e, "the result is no integer of 64 bits");
        }
    }
    free(memory);
    return ok;
}

/* ---- Forward and backward ---- */

static void reduce_forward(const struct op_call *call) {
    const struct kind *kind = kind_of(call);
    struct sets s = scratch_sets(call);
    const float *x = call->in[0].data;
    for (size_t i = 0; i < s.count; i++)
        call->out.data[i] = kind->result ? (float)kind->result(&s, x, i) : x[extreme_of(&s, x, i, kind->extreme)];
}

static void reduce_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    const struct kind *kind = kind_of(call);
    struct sets s = scratch_sets(call);
    const float *x = call->in[0].data;
    memset(dx, 0, shape_count(&call->in[0].shape) * sizeof *dx);
    for (size_t i = 0; i < s.count; i++) {
        if (!kind->slope) {
            dx[extreme_of(&s, x, i, kind->extreme)] = dy[i];
            continue;
        }
        struct element element = {.sets = &s, .data = x, .set = i};
        bool constant = kind->slope == sum_slope || kind->slope == mean_slope; /* then x and y may be gone */
        if (!constant) element.y = (double)call->out.data[i];
        float share = constant ? (float)(kind->slope(&element) * (double)dy[i]) : 0;
        for (size_t k = 0; k < s.length; k++) {
            element.at = s.result[i] + s.inner[k];
            if (!constant) {
                element.x = (double)x[element.at];
                share = (float)(kind->slope(&element) * (double)dy[i]);
            }
            dx[element.at] = share;
        }
    }
}

#define REDUCE(id, title, text, how, whole_numbers)                                                                    \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how,                                                                                                  \
        .min_inputs = 1,                                                                                               \
        .max_inputs = 2,                                                                                               \
        .integer_inputs = 2,                                                                                           \
        .empty_inputs = 2,                                                                                             \
        .parse = reduce_parse,                                                                                         \
        .infer = reduce_infer,                                                                                         \
        .scratch = reduce_scratch,                                                                                     \
        .integers = whole_numbers,                                                                                     \
        .forward = reduce_forward,                                                                                     \
        .backward = reduce_backward,                                                                                   \
    }
REDUCE(reducemean, "ReduceMean", "mean over some axes", OP_LINEAR, NULL);
REDUCE(reducesum, "ReduceSum", "sum over some axes", OP_LINEAR, reduce_integers);
REDUCE(reducemax, "ReduceMax", "largest value over some axes", 0, reduce_integers);
REDUCE(reducemin, "ReduceMin", "smallest value over some axes", 0, reduce_integers);
REDUCE(reduceprod, "ReduceProd", "product over some axes", 0, reduce_integers);
REDUCE(reducel1, "ReduceL1", "sum of absolute values over some axes", 0, NULL);
REDUCE(reducel2, "ReduceL2", "root of the sum of squares over some axes", 0, NULL);
REDUCE(reducesumsquare, "ReduceSumSquare", "sum of squares over some axes", 0, NULL);
REDUCE(reducelogsum, "ReduceLogSum", "logarithm of the sum over some axes", 0, NULL);
REDUCE(reducelogsumexp, "ReduceLogSumExp", "logarithm of the sum of exponentials over some axes", 0, NULL);
