/* arithmetic.c: Sub, Div, Pow, Min, Max, PRelu, with broadcasting; and what shapes are computed with. */
#include "nn/ops/arithmetic.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/fast_math.h"
#include "nn/ops/sums.h"

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

/* Of the sign of b; with the attribute fmod, of that of a. */
static bool whole_mod(int64_t a, int64_t b, int64_t *out) {
    if (b == 0) return false;
    *out = b == -1 ? 0 : a % b;
    if (*out && (*out < 0) != (b < 0)) *out += b;
    return true;
}
static bool whole_max(int64_t a, int64_t b, int64_t *out) {
    *out = a > b ? a : b;
    return true;
}
static bool whole_min(int64_t a, int64_t b, int64_t *out) {
    *out = a < b ? a : b;
    return true;
}
static bool whole_pow(int64_t a, int64_t b, int64_t *out) {
    *out = 1;
    if (b < 0 || (b > 64 && (a < -1 || a > 1))) return false;
    for (int64_t i = b > 64 ? b % 2 : b; i > 0; i--)
        if (__builtin_mul_overflow(*out, a, out)) return false;
    return b <= 64 || a != 0 || !(*out = 0);
}
static bool whole_fmod(int64_t a, int64_t b, int64_t *out) {
    if (b == 0) return false;
    *out = b == -1 ? 0 : a % b;
    return true;
}

static const struct whole_row {
    const char *op;
    bool (*compute)(int64_t a, int64_t b, int64_t *out);
    int64_t neutral; /* on the right; on the left, too, where the operation commutes */
    bool commutes;
} whole_rows[] = {{"Add", whole_add, 0, true},          {"Sub", whole_sub, 0, false},
                  {"Mul", whole_mul, 1, true},          {"Div", whole_div, 1, false},
                  {"Mod", whole_mod, INT64_MAX, false}, {"fmod", whole_fmod, INT64_MAX, false},
                  {"Max", whole_max, 1, true},          {"Min", whole_min, INT64_MAX, true},
                  {"Pow", whole_pow, 1, false}}; /* there is at least one sample */

static const struct whole_row *whole_of(const struct node *node) {
    const struct attribute *fmod = node_attribute(node, "fmod");
    const char *name = fmod && fmod->integer ? "fmod" : node->op->name;
    const struct whole_row *row = whole_rows;
    while (strcmp(row->op, name) != 0) row++;
    return row;
}

static bool whole_one(const struct whole_row *row, int64_t a, int64_t b, int64_t *out, struct error *e) {
    if (a == GRAPH_BATCH && b == row->neutral) *out = a;
    else if (b == GRAPH_BATCH && a == row->neutral && row->commutes) *out = b;
    else if (a == GRAPH_BATCH || b == GRAPH_BATCH)
        return error_set(e, "it computes with the number of samples: supported only where nothing changes");
    else if (!row->compute(a, b, out)) return error_set(e, "the result is no integer of 64 bits");
    return true;
}

bool arithmetic_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const struct whole_row *row = whole_of(call->node);
    struct broadcast loops;
    struct broadcast_offsets p = {{0}, 0, 0};
    const int64_t *a = call->in[0].ints, *b = call->in[1].ints;
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

static inline float sub_compute(float a, float b) {
    return a - b;
}
static inline float sub_by_a(float a, float b) {
    (void)a, (void)b;
    return 1;
}
static inline float sub_by_b(float a, float b) {
    (void)a, (void)b;
    return -1;
}

static inline float div_compute(float a, float b) {
    return a / b;
}
static inline float div_by_a(float a, float b) {
    (void)a;
    return 1 / b;
}
static inline float div_by_b(float a, float b) {
    return -a / b / b;
}

/* Squares are what variances are made of. */
static inline float pow_compute(float a, float b) {
    return b >= 2 && b <= 2 ? a * a : powf(a, b);
}
static inline float pow_by_a(float a, float b) {
    if (b >= 2 && b <= 2) return 2 * a;
    return b == 0 ? 0 : b * powf(a, b - 1);
}
static inline float pow_by_b(float a, float b) {
    return a == 0 && b > 0 ? 0 : powf(a, b) * logf(a);
}

/* A NaN wins; of equals the first, which also gets the gradient. */
static inline float min_by_b(float a, float b) {
    return !(a <= b) && a == a ? 1 : 0;
}
static inline float min_by_a(float a, float b) {
    return 1 - min_by_b(a, b);
}
static inline float min_compute(float a, float b) {
    return !(a <= b) && a == a ? b : a;
}
static inline float max_by_b(float a, float b) {
    return !(a >= b) && a == a ? 1 : 0;
}
static inline float max_by_a(float a, float b) {
    return 1 - max_by_b(a, b);
}
static inline float max_compute(float a, float b) {
    return !(a >= b) && a == a ? b : a;
}

static inline float prelu_compute(float a, float b) {
    return a < 0 ? a * b : a;
}
static inline float prelu_by_a(float a, float b) {
    return a <= 0 ? b : 1;
}
static inline float prelu_by_b(float a, float b) {
    (void)b;
    return a < 0 ? a : 0;
}

/* ---- Their loops, over neighbours of which an operand steps on (step 1) or stays (0) ---- */

struct run {
    size_t n, step_a, step_b;
    const float *a, *b;
};

#define INLINE static inline __attribute__((always_inline))

INLINE void run_forward(const struct run *r, float *restrict y, float (*compute)(float, float)) {
    const float *restrict a = r->a, *restrict b = r->b;
    float first_a = a[0], first_b = b[0];
    if (r->step_a && r->step_b)
        for (size_t i = 0; i < r->n; i++) y[i] = compute(a[i], b[i]);
    else if (r->step_a)
        for (size_t i = 0; i < r->n; i++) y[i] = compute(a[i], first_b);
    else
        for (size_t i = 0; i < r->n; i++) y[i] = compute(first_a, b[i * r->step_b]);
}

/* A gradient below `least` does not pass. */
INLINE float passed(float slope, float dy, float least) {
    float d = dy < least ? 0 : dy, product = slope * d;
    return fabsf(slope) > 0 ? product : 0;
}

/* Adds to d[0] where `step` is 0, else to d[n]. */
INLINE void run_gradient(const struct run *r, const float *restrict dy, float *restrict d, size_t step, float least,
                         float (*partial)(float, float)) {
    const float *restrict a = r->a, *restrict b = r->b;
    float first_a = a[0], first_b = b[0];
    double sum = 0;
    if (!step) {
        double part[SUM_LANES] = {0};
        for (size_t i = 0; i < r->n; i += SUM_LANES)
            for (size_t k = i; k < i + SUM_LANES && k < r->n; k++)
                part[k - i] += (double)passed(partial(a[k * r->step_a], b[k * r->step_b]), dy[k], least);
        for (size_t k = 0; k < SUM_LANES; k++) sum += part[k];
        d[0] += (float)sum;
    } else if (r->step_a && r->step_b) {
        for (size_t i = 0; i < r->n; i++) d[i] += passed(partial(a[i], b[i]), dy[i], least);
    } else if (r->step_a) {
        for (size_t i = 0; i < r->n; i++) d[i] += passed(partial(a[i], first_b), dy[i], least);
    } else {
        for (size_t i = 0; i < r->n; i++) d[i] += passed(partial(first_a, b[i]), dy[i], least);
    }
}

typedef void forward_loop(const struct run *, float *y);
typedef void gradient_loop(const struct run *, const float *dy, float *d, size_t step, float least);

#define GRADIENT_LOOP(name)                                                                                            \
    FAST_CLONES static void name##_loop(const struct run *r, const float *dy, float *d, size_t step, float least) {    \
        run_gradient(r, dy, d, step, least, name);                                                                     \
    }
#define LOOPS(id)                                                                                                      \
    FAST_CLONES static void id##_loop(const struct run *r, float *y) {                                                 \
        run_forward(r, y, id##_compute);                                                                               \
    }                                                                                                                  \
    GRADIENT_LOOP(id##_by_a)                                                                                           \
    GRADIENT_LOOP(id##_by_b)
LOOPS(sub)
LOOPS(div)
LOOPS(pow)
LOOPS(min)
LOOPS(max)
LOOPS(prelu)

static const struct binary {
    const char *op;
    forward_loop *forward;
    gradient_loop *gradient[2];
} binaries[] = {
    {"Sub", sub_loop, {sub_by_a_loop, sub_by_b_loop}}, {"Div", div_loop, {div_by_a_loop, div_by_b_loop}},
    {"Pow", pow_loop, {pow_by_a_loop, pow_by_b_loop}}, {"Min", min_loop, {min_by_a_loop, min_by_b_loop}},
    {"Max", max_loop, {max_by_a_loop, max_by_b_loop}}, {"PRelu", prelu_loop, {prelu_by_a_loop, prelu_by_b_loop}},
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

/* Both passes over some of the loops. */
struct job {
    const struct op_call *call;
    forward_loop *forward;
    gradient_loop *gradient;
    uint32_t input;
    float least;
    const float *dy;
    float *to;
};

static struct run run_at(const struct job *j, const struct broadcast_part *part, const struct broadcast_offsets *p) {
    uint32_t last = part->loops.rank - 1;
    return (struct run){.n = part->loops.dim[last],
                        .step_a = part->loops.a[last],
                        .step_b = part->loops.b[last],
                        .a = j->call->in[0].data + part->a + p->a,
                        .b = j->call->in[1].data + part->b + p->b};
}

static void forward_part(const struct broadcast_part *part, void *user) {
    const struct job *j = user;
    struct broadcast_offsets p = {{0}, 0, 0};
    float *y = j->to + part->out;
    do {
        struct run r = run_at(j, part, &p);
        j->forward(&r, y);
        y += r.n;
    } while (broadcast_next(&part->loops, &p));
}

static void gradient_part(const struct broadcast_part *part, void *user) {
    const struct job *j = user;
    struct broadcast_offsets p = {{0}, 0, 0};
    const float *dy = j->dy + part->out;
    do {
        struct run r = run_at(j, part, &p);
        j->gradient(&r, dy, j->to + (j->input ? part->b + p.b : part->a + p.a), j->input ? r.step_b : r.step_a,
                    j->least);
        dy += r.n;
    } while (broadcast_next(&part->loops, &p));
}

static void binary_forward(const struct op_call *call) {
    struct job j = {.call = call, .forward = binary_of(call)->forward, .to = call->out.data};
    struct broadcast loops;
    broadcast_init(&loops, &call->in[0].shape, &call->in[1].shape);
    broadcast_share(&loops, call->team, forward_part, &j);
}

/* Shared only where no two parts add to the same element. */
static void add_gradient(const struct op_call *call, gradient_loop *loop, uint32_t input, float least, const float *dy,
                         float *d) {
    struct job j = {.call = call, .gradient = loop, .input = input, .least = least, .dy = dy, .to = d};
    struct broadcast loops;
    broadcast_init(&loops, &call->in[0].shape, &call->in[1].shape);
    broadcast_share(&loops, (input ? loops.b[0] : loops.a[0]) ? call->team : NULL, gradient_part, &j);
}

static void binary_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    add_gradient(call, binary_of(call)->gradient[input], input, -INFINITY, dy, d);
}

static void binary_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    memset(d, 0, shape_count(&call->in[input].shape) * sizeof *d);
    binary_learn(call, input, dy, d);
}

#define BINARY(id, title, text, how, whole_numbers)                                                                    \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how | OP_LOCAL,                                                                                       \
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
BINARY(pow, "Pow", "power, with broadcasting", 0, arithmetic_integers);
BINARY(min, "Min", "the smaller of two, with broadcasting", 0, arithmetic_integers);
BINARY(max, "Max", "the larger of two, with broadcasting", 0, arithmetic_integers);

static bool prelu_infer(const struct op_call *call, struct shape *out, struct error *e) {
    if (call->in[1].batched) return error_set(e, "its slope depends on the network's input: wanted a parameter");
    if (!binary_infer(call, out, e)) return false;
    return shape_equal(out, &call->in[0].shape) || error_set(e, "its slope has more elements than its input");
}

static void prelu_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    size_t n = shape_count(&call->in[input].shape);
    if (call->rule == NET_DECONVNET) {
        for (size_t i = 0; i < n; i++) d[i] = dy[i] < 0 ? 0 : dy[i];
        return;
    }
    memset(d, 0, n * sizeof *d);
    add_gradient(call, prelu_by_a_loop, input, call->rule == NET_GUIDED ? 0 : -INFINITY, dy, d);
}

const struct op op_prelu = {
    .name = "PRelu",
    .summary = "x, or slope x below 0; a rectifier",
    .flags = OP_JOINS | OP_POINTWISE,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = prelu_infer,
    .forward = binary_forward,
    .backward = prelu_backward,
    .learn = binary_learn,
};
