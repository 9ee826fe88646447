/* unary.c: functions of one number, element by element. */
#include "nn/ops/unary.h"
#include "nn/kernels/smooth.h"
#include "nn/ops/fast_math.h"

#include <math.h>
#include <string.h>

/* One function. A gradient below `least` does not pass: -INFINITY, or 0 where a rule says so. */
struct unary {
    const char *op, *variant; /* variant: the value of attribute `approximate` */
    void (*forward)(size_t n, const float *x, float *y, float a, float b);
    void (*backward)(size_t n, const float *x, const float *y, const float *dy, float *dx, float a, float b,
                     float least);
    const char *names[2]; /* attributes a and b, or NULL */
    float defaults[2];
    bool rectifier;
};

/* Both loops of a function f(x; a, b) = value, with its derivative; y is the value. They have no calls where the
 * function needs none, so that they become vector code. */
#define FUNCTION(name, value, derivative)                                                                              \
    FAST_CLONES static void name##_forward(size_t n, const float *restrict in, float *restrict out, float a,           \
                                           float b) {                                                                  \
        (void)a, (void)b;                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                                               \
            float x = in[i];                                                                                           \
            out[i] = value;                                                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    FAST_CLONES static void name##_backward(size_t n, const float *restrict in, const float *restrict out,             \
                                            const float *restrict dy, float *restrict dx, float a, float b,            \
                                            float least) {                                                             \
        (void)a, (void)b;                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                                               \
            float x = in[i], y = out[i], slope = derivative, d = dy[i] < least ? 0 : dy[i], passed = slope * d;        \
            (void)x, (void)y;                                                                                          \
            dx[i] = fabsf(slope) > 0 ? passed : 0;                                                                     \
        }                                                                                                              \
    }

#define ERF_SLOPE_0 1.12837917f /* 2 / sqrt(pi) */
#define TANH_A 0.79788456f      /* sqrt(2 / pi) */
#define TANH_B 0.044715f

static inline float sigmoid(float x) {
    return 1 / (1 + fast_exp(-x));
}

/* exp(x) - 1 without loss near 0. */
static inline float exp_less_1(float x) {
    return fast_tanh(.5f * x) * (fast_exp(x) + 1);
}

static inline float gelu_tanh(float x) {
    return fast_tanh(TANH_A * (x + TANH_B * x * x * x));
}

static inline float gelu_tanh_slope(float x) {
    float t = gelu_tanh(x);
    return .5f * (1 + t) + .5f * x * (1 - t * t) * TANH_A * (1 + 3 * TANH_B * x * x);
}

static inline float ramp(float x, float a, float b) {
    float y = a * x + b;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static inline float ramp_slope(float x, float a, float b) {
    float y = a * x + b, rising = y < 1 ? a : 0;
    return y > 0 ? rising : 0;
}

/* tanh(log(1 + exp(x))) = w / (w + 2) with w = e (e + 2), e = exp(x) */
static inline float mish_exp(float x) {
    return fast_exp(x > 20 ? 20 : x);
}

static inline float mish(float x) {
    float e = mish_exp(x), w = e * (e + 2);
    return x * (w / (w + 2));
}

static inline float mish_slope(float x) {
    float e = mish_exp(x), w = e * (e + 2);
    return (w + x * (4 * e * (e + 1) / (w + 2))) / (w + 2);
}

static inline float shrink(float x, float bias, float limit) {
    float below = x < -limit ? x + bias : 0;
    return x > limit ? x - bias : below;
}

FUNCTION(sqrt, sqrtf(x), .5f / y)
FUNCTION(exp, fast_exp(x), y)
FUNCTION(log, logf(x), 1 / x)
FUNCTION(sin, sinf(x), cosf(x))
FUNCTION(cos, cosf(x), -sinf(x))
FUNCTION(atan, atanf(x), 1 / (1 + x * x))
FUNCTION(neg, -x, -1)
FUNCTION(abs, fabsf(x), x<0 ? -1 : x> 0 ? 1 : 0)
FUNCTION(sign, x<0 ? -1 : x> 0 ? 1 : x, 0)
FUNCTION(floor, floorf(x), 0)
FUNCTION(ceil, ceilf(x), 0)
FUNCTION(round, nearbyintf(x), 0) /* halves to the even neighbour */
FUNCTION(reciprocal, 1 / x, -y *y)
FUNCTION(tanh, fast_tanh(x), 1 - y * y)
FUNCTION(sigmoid, sigmoid(x), y *(1 - y))
FUNCTION(softsign, x / (1 + fabsf(x)), 1 / ((1 + fabsf(x)) * (1 + fabsf(x))))
FUNCTION(erf, fast_erf(x), ERF_SLOPE_0 *fast_exp(-x *x))
FUNCTION(gelu_tanh, .5f * x * (1 + gelu_tanh(x)), gelu_tanh_slope(x))
FUNCTION(mish, mish(x), mish_slope(x))
FUNCTION(hardsigmoid, ramp(x, a, b), ramp_slope(x, a, b))
FUNCTION(hardswish, x *ramp(x, 1 / 6.f, .5f), ramp(x, 1 / 6.f, .5f) + x * ramp_slope(x, 1 / 6.f, .5f))
FUNCTION(softplus, (x > 0 ? x : 0) + log1pf(fast_exp(-fabsf(x))), sigmoid(x))
FUNCTION(shrink, shrink(x, a, b), fabsf(x) > b ? 1 : 0)
FUNCTION(leakyrelu, x < 0 ? a * x : x, x <= 0 ? a : 1)
FUNCTION(thresholdedrelu, x > a ? x : 0, x > a ? 1 : 0)
FUNCTION(elu, x < 0 ? a * exp_less_1(x) : x, x <= 0 ? a * fast_exp(x) : 1)
FUNCTION(celu, x < 0 ? a * exp_less_1(x / a) : x, x <= 0 ? fast_exp(x / a) : 1)
FUNCTION(selu, b *(x < 0 ? a * exp_less_1(x) : x), b *(x <= 0 ? a * fast_exp(x) : 1))

/* Those that have kernels, with fused multiply-adds; they are no rectifiers. */
#define KERNEL(name, which)                                                                                            \
    static void name##_forward(size_t n, const float *x, float *y, float a, float b) {                                 \
        (void)a, (void)b;                                                                                              \
        smooth_find(which)->forward(n, x, y);                                                                          \
    }                                                                                                                  \
    static void name##_backward(size_t n, const float *x, const float *y, const float *dy, float *dx, float a,         \
                                float b, float least) {                                                                \
        (void)y, (void)a, (void)b, (void)least;                                                                        \
        smooth_find(which)->backward(n, x, dy, dx);                                                                    \
    }
KERNEL(gelu, SMOOTH_GELU)
KERNEL(silu, SMOOTH_SILU)

/* Clip, which may run in place: two loops each way, as one for arrays that may be the same would not become vector
 * code. The output is at a bound where the input is at it or beyond. */
static inline float clipped(float x, float a, float b) {
    return x < a ? a : x > b ? b : x;
}

static inline float clip_passes(float y, float dy, float a, float b, float least) {
    float d = dy < least ? 0 : dy;
    return y <= a || y >= b ? 0 : d;
}

FAST_CLONES static void clip_apart(size_t n, const float *restrict x, float *restrict y, float a, float b) {
    for (size_t i = 0; i < n; i++) y[i] = clipped(x[i], a, b);
}

FAST_CLONES static void clip_in_place(size_t n, float *y, float a, float b) {
    for (size_t i = 0; i < n; i++) y[i] = clipped(y[i], a, b);
}

static void clip_forward(size_t n, const float *x, float *y, float a, float b) {
    if (x == y) clip_in_place(n, y, a, b);
    else clip_apart(n, x, y, a, b);
}

FAST_CLONES static void clip_back_apart(size_t n, const float *restrict y, const float *restrict dy, float *restrict dx,
                                        float a, float b, float least) {
    for (size_t i = 0; i < n; i++) dx[i] = clip_passes(y[i], dy[i], a, b, least);
}

FAST_CLONES static void clip_back_in_place(size_t n, const float *restrict y, float *restrict dx, float a, float b,
                                           float least) {
    for (size_t i = 0; i < n; i++) dx[i] = clip_passes(y[i], dx[i], a, b, least);
}

static void clip_backward(size_t n, const float *x, const float *y, const float *dy, float *dx, float a, float b,
                          float least) {
    (void)x;
    if (dy == dx) clip_back_in_place(n, y, dx, a, b, least);
    else clip_back_apart(n, y, dy, dx, a, b, least);
}

#define ROW(op, id) op, NULL, id##_forward, id##_backward
#define PLAIN(op, id)                                                                                                  \
    { ROW(op, id), {NULL, NULL}, {0, 0}, false }
static const struct unary rows[] = {
    PLAIN("Sqrt", sqrt),
    PLAIN("Exp", exp),
    PLAIN("Log", log),
    PLAIN("Sin", sin),
    PLAIN("Cos", cos),
    PLAIN("Atan", atan),
    PLAIN("Neg", neg),
    PLAIN("Abs", abs),
    PLAIN("Sign", sign),
    PLAIN("Floor", floor),
    PLAIN("Ceil", ceil),
    PLAIN("Round", round),
    PLAIN("Reciprocal", reciprocal),
    PLAIN("Tanh", tanh),
    PLAIN("Sigmoid", sigmoid),
    PLAIN("Softsign", softsign),
    PLAIN("Erf", erf),
    {"Gelu", "tanh", gelu_tanh_forward, gelu_tanh_backward, {NULL, NULL}, {0, 0}, false},
    PLAIN("Gelu", gelu),
    PLAIN("Silu", silu),
    PLAIN("Mish", mish),
    {ROW("HardSigmoid", hardsigmoid), {"alpha", "beta"}, {.2f, .5f}, false},
    PLAIN("HardSwish", hardswish),
    PLAIN("Softplus", softplus),
    {ROW("Shrink", shrink), {"bias", "lambd"}, {0, .5f}, false},
    {ROW("LeakyRelu", leakyrelu), {"alpha", NULL}, {.01f, 0}, true},
    {ROW("ThresholdedRelu", thresholdedrelu), {"alpha", NULL}, {1, 0}, true},
    {ROW("Elu", elu), {"alpha", NULL}, {1, 0}, true},
    {ROW("Celu", celu), {"alpha", NULL}, {1, 0}, true},
    {ROW("Selu", selu), {"alpha", "gamma"}, {1.67326319f, 1.05070102f}, true},
    {ROW("Clip", clip), {NULL, NULL}, {-INFINITY, INFINITY}, true},
};

struct config {
    const struct unary *row;
    float a, b;
};

static bool unary_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    const char *variant;
    struct config *config = op_config(node, sizeof *config, e);
    float *values[2];
    if (!config || !op_text(node, "approximate", &variant, e)) return false;
    for (config->row = rows; strcmp(config->row->op, node->op->name) != 0; config->row++) continue;
    if (config->row->variant && !(variant && strcmp(variant, config->row->variant) == 0)) config->row++;
    values[0] = &config->a;
    values[1] = &config->b;
    for (size_t i = 0; i < 2; i++) {
        *values[i] = config->row->defaults[i];
        const char *name = config->row->names[i];
        if (name && !op_number(node, name, config->row->defaults[i], values[i], e)) return false;
    }
    bool divides = strcmp(config->row->op, "Celu") == 0 && !(fabsf(config->a) > 0);
    return !divides || error_set(e, "attribute 'alpha' is 0: wanted another number");
}

/* Clip's bounds are inputs. */
static bool unary_infer(const struct op_call *call, struct shape *out, struct error *e) {
    for (uint32_t i = 1; i < call->node->input_count; i++) {
        if (!op_present(call, i)) continue;
        if (call->in[i].batched || shape_count(&call->in[i].shape) != 1)
            return error_set(e, "input %u is not one fixed number", i);
        if (call->in[i].data && isnan(call->in[i].data[0]))
            return error_set(e, "input %u, the %s bound, is not a number", i, i == 1 ? "lower" : "upper");
    }
    *out = call->in[0].shape;
    return true;
}

static bool is_clip(const struct op_call *call) {
    return strcmp(call->node->op->name, "Clip") == 0;
}

static struct config unary_config(const struct op_call *call) {
    struct config c = *(const struct config *)call->node->config;
    if (op_present(call, 1)) c.a = call->in[1].data[0];
    if (op_present(call, 2)) c.b = call->in[2].data[0];
    if (is_clip(call) && c.a > c.b) c.a = c.b; /* as ONNX has it: all become the upper bound */
    return c;
}

/* Either pass over some of the elements. */
struct job {
    struct config c;
    const float *x, *y, *dy;
    float *out, least;
};

#define PIECE 16384u /* that is shared out */

static void forward_range(void *user, size_t first, size_t n) {
    const struct job *j = user;
    j->c.row->forward(n, j->x + first, j->out + first, j->c.a, j->c.b);
}

static void backward_range(void *user, size_t first, size_t n) {
    const struct job *j = user;
    j->c.row->backward(n, j->x + first, j->y + first, j->dy + first, j->out + first, j->c.a, j->c.b, j->least);
}

/* Zeiler & Fergus's rule: the rectifier applied to the gradient. */
static void deconvnet_range(void *user, size_t first, size_t n) {
    const struct job *j = user;
    const float *dy = j->dy + first;
    float *dx = j->out + first;
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] < 0 ? 0 : dy[i];
}

static void unary_forward(const struct op_call *call) {
    struct job j = {.c = unary_config(call), .x = call->in[0].data, .out = call->out.data};
    thread_team_share(call->team, shape_count(&call->out.shape), PIECE, forward_range, &j);
}

static void unary_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct job j = {.c = unary_config(call), .x = call->in[0].data, .y = call->out.data, .dy = dy, .out = dx};
    bool rectifier = j.c.row->rectifier && (!is_clip(call) || (j.c.a <= 0 && j.c.a >= 0));
    enum net_rule rule = rectifier ? call->rule : NET_GRADIENT;
    j.least = rule == NET_GRADIENT ? -INFINITY : 0;
    thread_team_share(call->team, shape_count(&call->out.shape), PIECE,
                      rule == NET_DECONVNET ? deconvnet_range : backward_range, &j);
}

/* At load, the integers of shapes. */
static bool unary_integer(const struct op_call *call, int64_t x, int64_t *out) {
    const char *op = call->node->op->name;
    *out = x;
    if (strcmp(op, "Neg") == 0) *out = -x;
    else if (strcmp(op, "Abs") == 0) *out = x < 0 ? -x : x;
    else if (strcmp(op, "Sign") == 0) *out = (x > 0) - (x < 0);
    else if (is_clip(call)) {
        if (op_present(call, 1) && x < call->in[1].ints[0]) *out = call->in[1].ints[0];
        if (op_present(call, 2) && *out > call->in[2].ints[0]) *out = call->in[2].ints[0];
    } else {
        return strcmp(op, "Floor") == 0 || strcmp(op, "Ceil") == 0 || strcmp(op, "Round") == 0;
    }
    return true;
}

static bool unary_integers(const struct op_call *call, int64_t *out, struct error *e) {
    for (uint32_t i = 1; i < call->node->input_count; i++)
        if (op_present(call, i) && !call->in[i].ints)
            return error_set(e, "one operand is of integers and the other is not");
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        if (call->in[0].ints[i] == GRAPH_BATCH)
            return error_set(e, "it computes with the number of samples: not supported");
        if (!unary_integer(call, call->in[0].ints[i], &out[i]))
            return error_set(e, "its input is an integer: wanted float32");
    }
    return true;
}

#define UNARY(id, title, text, how, most)                                                                              \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = OP_POINTWISE | how,                                                                                   \
        .min_inputs = 1,                                                                                               \
        .max_inputs = most,                                                                                            \
        .parse = unary_parse,                                                                                          \
        .infer = unary_infer,                                                                                          \
        .integers = unary_integers,                                                                                    \
        .forward = unary_forward,                                                                                      \
        .backward = unary_backward,                                                                                    \
    }
UNARY(sqrt, "Sqrt", "square root", 0, 1);
UNARY(exp, "Exp", "exponential", 0, 1);
UNARY(log, "Log", "natural logarithm", 0, 1);
UNARY(sin, "Sin", "sine", 0, 1);
UNARY(cos, "Cos", "cosine", 0, 1);
UNARY(atan, "Atan", "inverse tangent", 0, 1);
UNARY(neg, "Neg", "-x", OP_LINEAR, 1);
UNARY(abs, "Abs", "absolute value", 0, 1);
UNARY(sign, "Sign", "-1, 0 or 1; its gradient is 0", 0, 1);
UNARY(floor, "Floor", "the integer at or below; its gradient is 0", 0, 1);
UNARY(ceil, "Ceil", "the integer at or above; its gradient is 0", 0, 1);
UNARY(round, "Round", "the nearest integer; its gradient is 0", 0, 1);
UNARY(reciprocal, "Reciprocal", "1 / x", 0, 1);
UNARY(tanh, "Tanh", "hyperbolic tangent", 0, 1);
UNARY(sigmoid, "Sigmoid", "1 / (1 + exp(-x))", 0, 1);
UNARY(softsign, "Softsign", "x / (1 + abs(x))", 0, 1);
UNARY(erf, "Erf", "error function", 0, 1);
UNARY(gelu, "Gelu", "Gaussian error linear unit, exact or by tanh", 0, 1);
UNARY(silu, "Silu", "x / (1 + exp(-x)); no operator of ONNX", 0, 1); /* not in the table */
UNARY(mish, "Mish", "x tanh(log(1 + exp(x)))", 0, 1);
UNARY(hardsigmoid, "HardSigmoid", "alpha x + beta, between 0 and 1", 0, 1);
UNARY(hardswish, "HardSwish", "x HardSigmoid(x) with 1/6 and 1/2", 0, 1);
UNARY(softplus, "Softplus", "log(1 + exp(x))", 0, 1);
UNARY(shrink, "Shrink", "0 between -lambd and lambd, else closer to 0 by bias", 0, 1);
UNARY(leakyrelu, "LeakyRelu", "x, or alpha x below 0; a rectifier", 0, 1);
UNARY(thresholdedrelu, "ThresholdedRelu", "x above alpha, else 0; a rectifier", 0, 1);
UNARY(elu, "Elu", "x, or alpha (exp(x) - 1) below 0; a rectifier", 0, 1);
UNARY(celu, "Celu", "x, or alpha (exp(x / alpha) - 1) below 0; a rectifier", 0, 1);
UNARY(selu, "Selu", "gamma Elu(x); a rectifier", 0, 1);
UNARY(clip, "Clip", "between two bounds; with a lower bound of 0 (ReLU6) a rectifier", OP_IN_PLACE, 3);
