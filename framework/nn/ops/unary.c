/* unary.c: functions of one number, element by element. */
#include "nn/op.h"
#include "nn/ops/rectifier.h"

#include <math.h>
#include <string.h>

struct unary {
    const char *op, *variant; /* variant: the value of attribute `approximate` */
    float (*compute)(float x, float a, float b);
    float (*slope)(float x, float y, float a, float b); /* y is the function's value */
    const char *names[2];                               /* attributes a and b, or NULL */
    float defaults[2];
    bool rectifier;
};

#define UNUSED(a, b) ((void)(a), (void)(b))
#define FUNCTION(name, value, slope_value)                                                                             \
    static float name##_compute(float x, float a, float b) {                                                           \
        UNUSED(a, b);                                                                                                  \
        return value;                                                                                                  \
    }                                                                                                                  \
    static float name##_slope(float x, float y, float a, float b) {                                                    \
        UNUSED(a, b);                                                                                                  \
        UNUSED(x, y);                                                                                                  \
        return slope_value;                                                                                            \
    }

#define SQRT_HALF 0.70710678f /* 1 / sqrt(2), also of the normal density below: 1 / sqrt(2 pi) */
#define NORMAL_0 0.39894228f
#define TANH_A 0.79788456f /* sqrt(2 / pi) */
#define TANH_B 0.044715f

static float sigmoid(float x) {
    return x < 0 ? expf(x) / (1 + expf(x)) : 1 / (1 + expf(-x));
}

static float gelu_tanh_slope_at(float x) {
    float t = tanhf(TANH_A * (x + TANH_B * x * x * x));
    return .5f * (1 + t) + .5f * x * (1 - t * t) * TANH_A * (1 + 3 * TANH_B * x * x);
}

static float ramp(float x, float a, float b) {
    float y = a * x + b;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static bool on_ramp(float x, float a, float b) {
    float y = a * x + b;
    return y > 0 && y < 1;
}

FUNCTION(sqrt, sqrtf(x), .5f / y)
FUNCTION(exp, expf(x), y)
FUNCTION(log, logf(x), 1 / x)
FUNCTION(neg, -x, -1)
FUNCTION(abs, fabsf(x), x<0 ? -1 : x> 0 ? 1 : 0)
FUNCTION(reciprocal, 1 / x, -y *y)
FUNCTION(tanh, tanhf(x), 1 - y * y)
FUNCTION(sigmoid, sigmoid(x), y *(1 - y))
FUNCTION(erf, erff(x), 2 * SQRT_HALF * TANH_A * expf(-x * x))
FUNCTION(gelu, .5f * x * (1 + erff(x * SQRT_HALF)), .5f * (1 + erff(x * SQRT_HALF)) + x * NORMAL_0 * expf(-.5f * x * x))
FUNCTION(gelu_tanh, .5f * x * (1 + tanhf(TANH_A * (x + TANH_B * x * x * x))), gelu_tanh_slope_at(x))
FUNCTION(hardsigmoid, ramp(x, a, b), on_ramp(x, a, b) ? a : 0)
FUNCTION(hardswish, x *ramp(x, 1 / 6.f, .5f), ramp(x, 1 / 6.f, .5f) + (on_ramp(x, 1 / 6.f, .5f) ? x / 6 : 0))
FUNCTION(softplus, (x > 0 ? x : 0) + log1pf(expf(-fabsf(x))), sigmoid(x))
FUNCTION(leakyrelu, x < 0 ? a * x : x, x <= 0 ? a : 1)
FUNCTION(elu, x < 0 ? a * expm1f(x) : x, x <= 0 ? a * expf(x) : 1)
FUNCTION(selu, b *(x < 0 ? a * expm1f(x) : x), b *(x <= 0 ? a * expf(x) : 1))
FUNCTION(clip, x<a ? a : x> b ? b : x, x <= a || x >= b ? 0 : 1)

#define ROW(op, id) op, NULL, id##_compute, id##_slope
static const struct unary rows[] = {
    {ROW("Sqrt", sqrt), {NULL, NULL}, {0, 0}, false},
    {ROW("Exp", exp), {NULL, NULL}, {0, 0}, false},
    {ROW("Log", log), {NULL, NULL}, {0, 0}, false},
    {ROW("Neg", neg), {NULL, NULL}, {0, 0}, false},
    {ROW("Abs", abs), {NULL, NULL}, {0, 0}, false},
    {ROW("Reciprocal", reciprocal), {NULL, NULL}, {0, 0}, false},
    {ROW("Tanh", tanh), {NULL, NULL}, {0, 0}, false},
    {ROW("Sigmoid", sigmoid), {NULL, NULL}, {0, 0}, false},
    {ROW("Erf", erf), {NULL, NULL}, {0, 0}, false},
    {"Gelu", "tanh", gelu_tanh_compute, gelu_tanh_slope, {NULL, NULL}, {0, 0}, false},
    {ROW("Gelu", gelu), {NULL, NULL}, {0, 0}, false},
    {ROW("HardSigmoid", hardsigmoid), {"alpha", "beta"}, {.2f, .5f}, false},
    {ROW("HardSwish", hardswish), {NULL, NULL}, {0, 0}, false},
    {ROW("Softplus", softplus), {NULL, NULL}, {0, 0}, false},
    {ROW("LeakyRelu", leakyrelu), {"alpha", NULL}, {.01f, 0}, true},
    {ROW("Elu", elu), {"alpha", NULL}, {1, 0}, true},
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
    return true;
}

/* Clip's bounds are inputs. */
static bool unary_infer(const struct op_call *call, struct shape *out, struct error *e) {
    for (uint32_t i = 1; i < call->node->input_count; i++)
        if (op_present(call, i) && (call->in[i].batched || shape_count(&call->in[i].shape) != 1))
            return error_set(e, "input %u is not one fixed number", i);
    *out = call->in[0].shape;
    return true;
}

static struct config unary_config(const struct op_call *call) {
    struct config c = *(const struct config *)call->node->config;
    if (op_present(call, 1)) c.a = call->in[1].data[0];
    if (op_present(call, 2)) c.b = call->in[2].data[0];
    return c;
}

static void unary_forward(const struct op_call *call) {
    struct config c = unary_config(call);
    size_t n = shape_count(&call->out.shape);
    for (size_t i = 0; i < n; i++) call->out.data[i] = c.row->compute(call->in[0].data[i], c.a, c.b);
}

static void unary_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct config c = unary_config(call);
    size_t n = shape_count(&call->out.shape);
    const float *x = call->in[0].data, *y = call->out.data;
    bool clip = strcmp(c.row->op, "Clip") == 0;
    bool rectifier = c.row->rectifier && (!clip || (c.a <= 0 && c.a >= 0));
    enum net_rule rule = rectifier ? call->rule : NET_GRADIENT;
    for (size_t i = 0; i < n; i++) dx[i] = rectifier_pass(rule, c.row->slope(x[i], y[i], c.a, c.b), dy[i]);
}

#define UNARY(id, title, text, how, most)                                                                              \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how,                                                                                                  \
        .min_inputs = 1,                                                                                               \
        .max_inputs = most,                                                                                            \
        .parse = unary_parse,                                                                                          \
        .infer = unary_infer,                                                                                          \
        .forward = unary_forward,                                                                                      \
        .backward = unary_backward,                                                                                    \
    }
UNARY(sqrt, "Sqrt", "square root", 0, 1);
UNARY(exp, "Exp", "exponential", 0, 1);
UNARY(log, "Log", "natural logarithm", 0, 1);
UNARY(neg, "Neg", "-x", OP_LINEAR, 1);
UNARY(abs, "Abs", "absolute value", 0, 1);
UNARY(reciprocal, "Reciprocal", "1 / x", 0, 1);
UNARY(tanh, "Tanh", "hyperbolic tangent", 0, 1);
UNARY(sigmoid, "Sigmoid", "1 / (1 + exp(-x))", 0, 1);
UNARY(erf, "Erf", "error function", 0, 1);
UNARY(gelu, "Gelu", "Gaussian error linear unit, exact or by tanh", 0, 1);
UNARY(hardsigmoid, "HardSigmoid", "alpha x + beta, between 0 and 1", 0, 1);
UNARY(hardswish, "HardSwish", "x HardSigmoid(x) with 1/6 and 1/2", 0, 1);
UNARY(softplus, "Softplus", "log(1 + exp(x))", 0, 1);
UNARY(leakyrelu, "LeakyRelu", "x, or alpha x below 0; a rectifier", 0, 1);
UNARY(elu, "Elu", "x, or alpha (exp(x) - 1) below 0; a rectifier", 0, 1);
UNARY(selu, "Selu", "gamma Elu(x); a rectifier", 0, 1);
UNARY(clip, "Clip", "between two bounds; with a lower bound of 0 (ReLU6) a rectifier", 0, 3);
