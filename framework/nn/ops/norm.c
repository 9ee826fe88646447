/* norm.c: LayerNormalization (Ba et al. 2016, arXiv:1607.06450), InstanceNormalization, GroupNormalization (Wu & He
 * 2018, arXiv:1803.08494): every set of neighbouring elements of one sample gets mean 0 and variance 1, then scale and
 * shift. */
#include "nn/op.h"

#include <math.h>
#include <string.h>

enum { X, SCALE, SHIFT };

struct norm {
    int64_t axis, groups;
    float epsilon;
};

/* Element `e` of set `s` has the scale numbered s % period * step + e / run. */
struct sets {
    size_t count, length, period, step, run;
    float epsilon;
};

static bool norm_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    struct norm *norm = op_config(node, sizeof *norm, e);
    if (!norm || !op_number(node, "epsilon", 1e-5f, &norm->epsilon, e)) return false;
    if (strcmp(node->op->name, "LayerNormalization") == 0)
        return op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, -1, &norm->axis, e);
    if (strcmp(node->op->name, "GroupNormalization") != 0) return true;
    return op_integer(node, "num_groups", 1, INT32_MAX, 0, &norm->groups, e);
}

static bool norm_sets(const struct op_call *call, struct sets *out, struct error *e) {
    const struct norm *norm = call->node->config;
    const struct shape *x = &call->in[X].shape;
    size_t scales = shape_count(&call->in[SCALE].shape), plane;
    uint32_t axis;
    *out = (struct sets){.epsilon = norm->epsilon};
    if (strcmp(call->node->op->name, "LayerNormalization") == 0) {
        if (!op_axis(norm->axis, x->rank, false, &axis, e)) return false;
        out->length = shape_count_from(x, axis);
        *out = (struct sets){shape_count(x) / out->length, out->length, 1, 0, 1, norm->epsilon};
        return op_spares_batch(call, axis == 0, e) &&
               (scales == out->length || error_set(e, "%zu scales for %zu elements", scales, out->length));
    }
    if (x->rank < 3) return error_set(e, "an input of %u dimensions: wanted batch x channels x others", x->rank);
    size_t channels = x->dim[1], groups = norm->groups ? (size_t)norm->groups : channels;
    plane = shape_count_from(x, 2);
    if (channels % groups || (scales != channels && scales != groups))
        return error_set(e, "%zu channels in %zu groups with %zu scales", channels, groups, scales);
    out->length = channels / groups * plane;
    out->count = x->dim[0] * groups;
    out->period = groups;
    out->step = scales / groups;
    out->run = out->length / out->step;
    return true;
}

static bool norm_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct sets s;
    *out = call->in[X].shape;
    for (uint32_t i = SCALE; i < call->node->input_count; i++)
        if (call->in[i].batched) return error_set(e, "input %u depends on the network's input: wanted a parameter", i);
    if (op_present(call, SHIFT) && shape_count(&call->in[SHIFT].shape) != shape_count(&call->in[SCALE].shape))
        return error_set(e, "it has not as many shifts as scales");
    return norm_sets(call, &s, e);
}

/* Mean and 1 / sqrt(variance + epsilon) of every set. */
static size_t norm_saved(const struct op_call *call) {
    struct sets s = {.count = 0};
    norm_sets(call, &s, NULL);
    return 2 * s.count;
}

static void norm_forward(const struct op_call *call) {
    struct sets s;
    norm_sets(call, &s, NULL);
    const float *x = call->in[X].data, *shift = op_present(call, SHIFT) ? call->in[SHIFT].data : NULL;
    float *y = call->out.data;
    for (size_t i = 0; i < s.count; i++, x += s.length, y += s.length) {
        double sum = 0, squares = 0;
        for (size_t k = 0; k < s.length; k++) sum += (double)x[k];
        double mean = sum / (double)s.length;
        for (size_t k = 0; k < s.length; k++) squares += ((double)x[k] - mean) * ((double)x[k] - mean);
        double inverse = 1 / sqrt(squares / (double)s.length + (double)s.epsilon);
        call->saved[2 * i] = (float)mean;
        call->saved[2 * i + 1] = (float)inverse;
        for (size_t k = 0; k < s.length; k++) {
            size_t at = i % s.period * s.step + k / s.run;
            y[k] = (float)(((double)x[k] - mean) * inverse) * call->in[SCALE].data[at] + (shift ? shift[at] : 0);
        }
    }
}

static void norm_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct sets s;
    norm_sets(call, &s, NULL);
    const float *x = call->in[X].data, *scale = call->in[SCALE].data;
    for (size_t i = 0; i < s.count; i++, x += s.length, dy += s.length, dx += s.length) {
        double mean = (double)call->saved[2 * i], inverse = (double)call->saved[2 * i + 1], sum = 0, product = 0;
        for (size_t k = 0; k < s.length; k++) {
            double g = (double)dy[k] * (double)scale[i % s.period * s.step + k / s.run];
            sum += g;
            product += g * ((double)x[k] - mean) * inverse;
        }
        sum /= (double)s.length;
        product /= (double)s.length;
        for (size_t k = 0; k < s.length; k++) {
            double g = (double)dy[k] * (double)scale[i % s.period * s.step + k / s.run];
            dx[k] = (float)(inverse * (g - sum - ((double)x[k] - mean) * inverse * product));
        }
    }
}

static void norm_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct sets s;
    norm_sets(call, &s, NULL);
    const float *x = call->in[X].data;
    for (size_t i = 0; i < s.count; i++, x += s.length, dy += s.length)
        for (size_t k = 0; k < s.length; k++) {
            float normal = (x[k] - call->saved[2 * i]) * call->saved[2 * i + 1];
            d[i % s.period * s.step + k / s.run] += input == SCALE ? dy[k] * normal : dy[k];
        }
}

#define NORM(id, title, text, least)                                                                                   \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = OP_JOINS,                                                                                             \
        .min_inputs = least,                                                                                           \
        .max_inputs = 3,                                                                                               \
        .parse = norm_parse,                                                                                           \
        .infer = norm_infer,                                                                                           \
        .saved = norm_saved,                                                                                           \
        .forward = norm_forward,                                                                                       \
        .backward = norm_backward,                                                                                     \
        .learn = norm_learn,                                                                                           \
    }
NORM(layernorm, "LayerNormalization", "each sample over its last dimensions", 2);
NORM(instancenorm, "InstanceNormalization", "each channel of each sample", 3);
NORM(groupnorm, "GroupNormalization", "each group of channels of each sample", 3);
