/* arithmetic.c: Sub, Div, Pow, Min, Max, PRelu, with broadcasting; and what shapes are computed with. */
#include "nn/ops/arithmetic.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/rectifier.h"

#include <math.h>
#include <string.h>

/* ---- Integers ---- */

static bool whole_add(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static bool whole_sub(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_sub_overflow(a, b, out);
}
static bool whole_mul(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static bool whole_div(int64_t a, int64_t b, int64_t *out) {
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    *out = a / b;
    return true;
}

static const struct whole_row {
    const char *op;
    bool (*compute)(int64_t a, int64_t b, int64_t *out);
    int64_t neutral; /* on the right; on the left, too, where the operation commutes */
    bool commutes;
} whole_rows[] = {{"Add", whole_add, 0, true},
                  {"Sub", whole_sub, 0, false},
                  {"Mul", whole_mul, 1, true},
                  {"Div", whole_div, 1, false}};

static bool whole_one(const struct whole_row *row, int64_t a, int64_t b, int64_t *out, struct error *e) {
    if (a == GRAPH_BATCH && b == row->neutral) *out = a;
    else if (b == GRAPH_BATCH && a == row->neutral && row->commutes) *out = b;
    else if (a == GRAPH_BATCH || b == GRAPH_BATCH)
        return error_set(e, "it computes with the number of samples: supported only where nothing changes");
    else if (!row->compute(a, b, out)) return error_set(e, "the result is no integer of 64 bits");
    return true;
}

bool arithmetic_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const struct whole_row *row = whole_rows;
    struct broadcast loops;
    struct broadcast_place p = {{0}, 0, 0};
    const int64_t *a = call->in[0].ints, *b = call->in[1].ints;
    while (strcmp(row->op, call->node->op->name) != 0) row++;
    if (!a || !b) return error_set(e, "one operand is of integers and the other is not");
    broadcast_init(&loops, &call->in[0].shape, &call->in[1].shape);
    uint32_t last = loops.rank - 1;
    do {
        for (size_t i = 0; i < loops.dim[last]; i++)
            if (!whole_one(row, a[p.a + i * loops.a[last]], b[p.b + i * loops.b[last]], out++, e)) return false;
    } while (broadcast_next(&loops, &p));
    return true;
}

/* ---- Floats: a function of two numbers and its two partial derivatives ---- */

struct binary {
    const char *op;
    float (*compute)(float a, float b);
    float (*partial[2])(float a, float b);
};

static float sub_compute(float a, float b) {
    return a - b;
}
static float sub_by_a(float a, float b) {
    (void)a, (void)b;
    return 1;
}
static float sub_by_b(float a, float b) {
    (void)a, (void)b;
    return -1;
}

static float div_compute(float a, float b) {
    return a / b;
}
static float div_by_a(float a, float b) {
    (void)a;
    return 1 / b;
}
static float div_by_b(float a, float b) {
    return -a / b / b;
}

static float pow_by_a(float a, float b) {
    return b == 0 ? 0 : b * powf(a, b - 1);
}
static float pow_by_b(float a, float b) {
    return a == 0 && b > 0 ? 0 : powf(a, b) * logf(a);
}

/* A NaN wins; of equals the first, which also gets the gradient. */
static float min_by_b(float a, float b) {
    return !(a <= b) && !isnan(a) ? 1 : 0;
}
static float min_by_a(float a, float b) {
    return 1 - min_by_b(a, b);
}
static float min_compute(float a, float b) {
    return min_by_b(a, b) > 0 ? b : a;
}
static float max_by_b(float a, float b) {
    return !(a >= b) && !isnan(a) ? 1 : 0;
}
static float max_by_a(float a, float b) {
    return 1 - max_by_b(a, b);
}
static float max_compute(float a, float b) {
    return max_by_b(a, b) > 0 ? b : a;
}

static float prelu_compute(float a, float b) {
    return a < 0 ? a * b : a;
}
static float prelu_by_a(float a, float b) {
    return a <= 0 ? b : 1;
}
static float prelu_by_b(float a, float b) {
    (void)b;
    return a < 0 ? a : 0;
}

static const struct binary binaries[] = {
    {"Sub", sub_compute, {sub_by_a, sub_by_b}}, {"Div", div_compute, {div_by_a, div_by_b}},
    {"Pow", powf, {pow_by_a, pow_by_b}},        {"Min", min_compute, {min_by_a, min_by_b}},
    {"Max", max_compute, {max_by_a, max_by_b}}, {"PRelu", prelu_compute, {prelu_by_a, prelu_by_b}},
};

static const struct binary *binary_of(const struct op_call *call) {
    const struct binary *row = binaries;
    while (strcmp(row->op, call->node->op->name) != 0) row++;
    return row;
}

static bool binary_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    return !node_attribute(node, "axis") ||
           error_set(e, "attribute 'axis' (broadcasting before opset 7) is not supported: convert the model to "
                        "opset 7 or later");
}

static bool binary_infer(const struct op_call *call, struct shape *out, struct error *e) {
    return broadcast_shape(&call->in[0].shape, &call->in[1].shape, out, e);
}

static void binary_forward(const struct op_call *call) {
    const struct binary *row = binary_of(call);
    struct broadcast loops;
    struct broadcast_place p = {{0}, 0, 0};
    const float *a = call->in[0].data, *b = call->in[1].data;
    float *y = call->out.data;
    broadcast_init(&loops, &call->in[0].shape, &call->in[1].shape);
    uint32_t last = loops.rank - 1;
    do {
        for (size_t i = 0; i < loops.dim[last]; i++)
            *y++ = row->compute(a[p.a + i * loops.a[last]], b[p.b + i * loops.b[last]]);
    } while (broadcast_next(&loops, &p));
}

static void binary_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    const struct binary *row = binary_of(call);
    struct broadcast loops;
    struct broadcast_place p = {{0}, 0, 0};
    const float *a = call->in[0].data, *b = call->in[1].data;
    enum net_rule rule = input == 0 && row->compute == prelu_compute ? call->rule : NET_GRADIENT;
    broadcast_init(&loops, &call->in[0].shape, &call->in[1].shape);
    uint32_t last = loops.rank - 1;
    do {
        for (size_t i = 0; i < loops.dim[last]; i++, dy++) {
            size_t at_a = p.a + i * loops.a[last], at_b = p.b + i * loops.b[last];
            d[input ? at_b : at_a] += rectifier_pass(rule, row->partial[input](a[at_a], b[at_b]), *dy);
        }
    } while (broadcast_next(&loops, &p));
}

static void binary_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    memset(d, 0, shape_count(&call->in[input].shape) * sizeof *d);
    binary_learn(call, input, dy, d);
}

#define BINARY(id, title, text, how, whole_numbers)                                                                    \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how,                                                                                                  \
        .min_inputs = 2,                                                                                               \
        .max_inputs = 2,                                                                                               \
        .parse = binary_parse,                                                                                         \
        .infer = binary_infer,                                                                                         \
        .integers = whole_numbers,                                                                                     \
        .forward = binary_forward,                                                                                     \
        .backward = binary_backward,                                                                                   \
        .learn = binary_learn,                                                                                         \
    }
BINARY(sub, "Sub", "difference, with broadcasting", OP_LINEAR, arithmetic_integers);
BINARY(div, "Div", "quotient, with broadcasting", 0, arithmetic_integers);
BINARY(pow, "Pow", "power, with broadcasting", 0, NULL);
BINARY(min, "Min", "the smaller of two, with broadcasting", 0, NULL);
BINARY(max, "Max", "the larger of two, with broadcasting", 0, NULL);

static bool prelu_infer(const struct op_call *call, struct shape *out, struct error *e) {
    if (call->in[1].batched) return error_set(e, "its slope depends on the network's input: wanted a parameter");
    if (!binary_infer(call, out, e)) return false;
    return shape_equal(out, &call->in[0].shape) || error_set(e, "its slope has more elements than its input");
}

const struct op op_prelu = {
    .name = "PRelu",
    .summary = "x, or slope x below 0; a rectifier",
    .flags = OP_JOINS,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = prelu_infer,
    .forward = binary_forward,
    .backward = binary_backward,
    .learn = binary_learn,
};
