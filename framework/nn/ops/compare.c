/* compare.c: comparisons, truth and choice. A truth is an integer at load; where it depends on the network's input it
 * is the number 1 or 0, whose gradient is 0. */
#include "nn/op.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/view.h"

#include <math.h>
#include <string.h>

/* ---- Two operands ---- */

enum order { LESS = 1, EQUAL = 2, MORE = 4 }; /* none of them beside a NaN */

static const struct relation {
    const char *op;
    unsigned orders; /* that hold; 0: `truths` counts */
    unsigned truths; /* bits: both false, the left alone true, the right alone, both */
} relations[] = {
    {"Less", LESS, 0},    {"LessOrEqual", LESS | EQUAL, 0},
    {"Greater", MORE, 0}, {"GreaterOrEqual", MORE | EQUAL, 0},
    {"Equal", EQUAL, 0},  {"And", 0, 8},
    {"Or", 0, 2 | 4 | 8}, {"Xor", 0, 2 | 4},
};

static const struct relation *relation_of(const struct op_call *call) {
    const struct relation *row = relations;
    while (strcmp(row->op, call->node->op->name) != 0) row++;
    return row;
}

static bool is_true(float x) {
    return !(x >= 0 && x <= 0);
}

static bool holds(const struct relation *r, unsigned order, bool a, bool b) {
    return r->orders ? (r->orders & order) != 0 : (r->truths >> (a + 2 * b) & 1) != 0;
}

static bool holds_ints(const struct relation *r, int64_t a, int64_t b) {
    return holds(r, a < b ? LESS : a > b ? MORE : EQUAL, a != 0, b != 0);
}

static bool holds_floats(const struct relation *r, float a, float b) {
    return holds(r, a < b ? LESS : a > b ? MORE : a == b ? EQUAL : 0, is_true(a), is_true(b));
}

static bool compare_infer(const struct op_call *call, struct shape *out, struct error *e) {
    if (call->out.batched && (call->in[0].ints || call->in[1].ints))
        return error_set(e, "what depends on the network's input is compared with integers: wanted float32");
    if (!call->in[0].ints != !call->in[1].ints && !call->out.batched)
        return error_set(e, "one operand is of integers and the other is not");
    return broadcast_shape(&call->in[0].shape, &call->in[1].shape, out, e);
}

/* One of both is NULL. */
static void compare(const struct op_call *call, int64_t *ints, float *floats) {
    const struct relation *r = relation_of(call);
    const struct operand *a = &call->in[0], *b = &call->in[1];
    struct broadcast loops;
    struct broadcast_offsets p = {{0}, 0, 0};
    size_t out = 0;
    broadcast_init(&loops, &a->shape, &b->shape);
    uint32_t last = loops.rank - 1;
    do {
        for (size_t i = 0; i < loops.dim[last]; i++, out++) {
            size_t at_a = p.a + i * loops.a[last], at_b = p.b + i * loops.b[last];
            bool yes =
                a->ints ? holds_ints(r, a->ints[at_a], b->ints[at_b]) : holds_floats(r, a->data[at_a], b->data[at_b]);
            if (ints) ints[out] = yes;
            else floats[out] = yes ? 1 : 0;
        }
    } while (broadcast_next(&loops, &p));
}

static bool compare_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    compare(call, out, NULL);
    return true;
}

static void compare_forward(const struct op_call *call) {
    compare(call, NULL, call->out.data);
}

/* A step has the gradient 0. */
static void no_gradient(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)dy;
    memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
}

static bool always_whole(const struct op_call *call) {
    (void)call;
    return true;
}

/* ---- Not ---- */

static bool not_infer(const struct op_call *call, struct shape *out, struct error *e) {
    (void)e;
    *out = call->in[0].shape;
    return true;
}

static bool not_integers(const struct op_call *call, int64_t *out, struct error *e) {
    if (!call->in[0].ints) return error_set(e, "it negates floating-point numbers: wanted truths");
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) out[i] = !call->in[0].ints[i];
    return true;
}

static void not_forward(const struct op_call *call) {
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) call->out.data[i] = is_true(call->in[0].data[i]) ? 0 : 1;
}

/* ---- IsNaN and IsInf ---- */

static bool isinf_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *detect = op_config(node, 2 * sizeof *detect, e);
    return detect && op_integer(node, "detect_positive", 0, 1, 1, &detect[0], e) &&
           op_integer(node, "detect_negative", 0, 1, 1, &detect[1], e);
}

static bool is_found(const struct op_call *call, float x) {
    const int64_t *detect = call->node->config; /* NULL: IsNaN */
    return detect ? isinf(x) && detect[x < 0] : isnan(x);
}

static bool find_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    for (size_t i = 0; i < shape_count(&call->out.shape); i++)
        out[i] = call->in[0].data && is_found(call, call->in[0].data[i]);
    return true;
}

static void find_forward(const struct op_call *call) {
    for (size_t i = 0; i < shape_count(&call->out.shape); i++)
        call->out.data[i] = is_found(call, call->in[0].data[i]) ? 1 : 0;
}

/* ---- Where: condition, yes, no ---- */

enum { CONDITION, YES, NO, OPERANDS };

static bool where_whole(const struct op_call *call) {
    return call->in[YES].ints && call->in[NO].ints;
}

static bool where_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct shape both;
    if (!call->in[YES].ints != !call->in[NO].ints && !call->out.batched)
        return error_set(e, "it chooses between integers and numbers: wanted one type");
    if (!call->in[CONDITION].ints && !call->in[CONDITION].batched)
        return error_set(e, "its condition is floating-point: wanted truths");
    return broadcast_shape(&call->in[YES].shape, &call->in[NO].shape, &both, e) &&
           broadcast_shape(&call->in[CONDITION].shape, &both, out, e);
}

/* The element of an operand that stands at element i of the result. */
static size_t where_place(const struct op_call *call, const struct shape *in, size_t i) {
    const struct shape *out = &call->out.shape;
    size_t at = 0;
    for (uint32_t k = 0; k < in->rank; k++) {
        uint32_t d = out->rank - in->rank + k;
        size_t index = i / shape_count_from(out, d + 1) % out->dim[d];
        if (in->dim[k] > 1) at += index * shape_count_from(in, k + 1);
    }
    return at;
}

static bool where_integers(const struct op_call *call, int64_t *out, struct error *e) {
    (void)e;
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        bool yes = call->in[CONDITION].ints[where_place(call, &call->in[CONDITION].shape, i)] != 0;
        const struct operand *from = &call->in[yes ? YES : NO];
        out[i] = from->ints[where_place(call, &from->shape, i)];
    }
    return true;
}

/* The condition in the shape of the result, and one operand. */
static size_t where_scratch(const struct op_call *call) {
    return 2 * shape_count(&call->out.shape) + shape_count(&call->in[CONDITION].shape);
}

static const float *where_condition(const struct op_call *call) {
    const struct operand *c = &call->in[CONDITION];
    struct view view;
    float *whole = call->scratch, *part = whole + 2 * shape_count(&call->out.shape);
    for (size_t i = 0; c->ints && i < shape_count(&c->shape); i++) part[i] = c->ints[i] ? 1 : 0;
    view_expand(&view, &c->shape, &call->out.shape);
    view_copy(&view, call->team, c->ints ? part : c->data, 0, whole);
    return whole;
}

static void where_forward(const struct op_call *call) {
    const float *condition = where_condition(call);
    size_t n = shape_count(&call->out.shape);
    float *y = call->out.data, *no = call->scratch + n;
    struct view view;
    view_expand(&view, &call->in[YES].shape, &call->out.shape);
    view_copy(&view, call->team, call->in[YES].data, 0, y);
    view_expand(&view, &call->in[NO].shape, &call->out.shape);
    view_copy(&view, call->team, call->in[NO].data, 0, no);
    for (size_t i = 0; i < n; i++) y[i] = is_true(condition[i]) ? y[i] : no[i];
}

static void where_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    if (input == CONDITION) return;
    const float *condition = where_condition(call);
    size_t n = shape_count(&call->out.shape);
    float *passed = call->scratch + n;
    struct view view;
    for (size_t i = 0; i < n; i++) passed[i] = is_true(condition[i]) == (input == YES) ? dy[i] : 0;
    view_expand(&view, &call->in[input].shape, &call->out.shape);
    view_add(&view, call->team, passed, d);
}

static void where_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
    where_learn(call, input, dy, dx);
}

#define TRUTH(id, title, text, count, shape_of, at_load, run)                                                          \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .min_inputs = count,                                                                                           \
        .max_inputs = count,                                                                                           \
        .integer_inputs = 3,                                                                                           \
        .infer = shape_of,                                                                                             \
        .whole = always_whole,                                                                                         \
        .integers = at_load,                                                                                           \
        .forward = run,                                                                                                \
        .backward = no_gradient,                                                                                       \
    }
#define RELATION(id, title, text) TRUTH(id, title, text, 2, compare_infer, compare_integers, compare_forward)
RELATION(less, "Less", "a < b, with broadcasting");
RELATION(lessorequal, "LessOrEqual", "a <= b, with broadcasting");
RELATION(greater, "Greater", "a > b, with broadcasting");
RELATION(greaterorequal, "GreaterOrEqual", "a >= b, with broadcasting");
RELATION(equal, "Equal", "a = b, with broadcasting");
RELATION(and, "And", "both are true");
RELATION(or, "Or", "one is true, or both");
RELATION(xor, "Xor", "one is true, and not both");
TRUTH(not, "Not", "the other truth", 1, not_infer, not_integers, not_forward);
TRUTH(isnan, "IsNaN", "whether it is no number", 1, not_infer, find_integers, find_forward);

const struct op op_isinf = {
    .name = "IsInf",
    .summary = "whether it is infinite",
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = isinf_parse,
    .infer = not_infer,
    .whole = always_whole,
    .integers = find_integers,
    .forward = find_forward,
    .backward = no_gradient,
};

const struct op op_where = {
    .name = "Where",
    .summary = "one or the other, with broadcasting",
    .min_inputs = OPERANDS,
    .max_inputs = OPERANDS,
    .integer_inputs = 1u << CONDITION,
    .infer = where_infer,
    .scratch = where_scratch,
    .whole = where_whole,
    .integers = where_integers,
    .forward = where_forward,
    .backward = where_backward,
    .learn = where_learn,
};
