/* norm.c: LayerNormalization (Ba et al. 2016, arXiv:1607.06450), InstanceNormalization, GroupNormalization (Wu & He
 * 2018, arXiv:1803.08494): every set of neighbouring elements of one sample gets mean 0 and variance 1, then scale and
 * shift. */
#include "nn/ops/norm.h"

#include "nn/op.h"
#include "nn/ops/fast_math.h"
#include "nn/ops/sums.h"

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
    if (!norm || !op_epsilon(node, &norm->epsilon, e)) return false;
    if (strcmp(node->op->name, "LayerNormalization") == 0)
        return op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, -1, &norm->axis, e);
    if (strcmp(node->op->name, "GroupNormalization") != 0) return true;
    return op_integer(node, "num_groups", 1, INT32_MAX, 0, &norm->groups, e);
}

/* ONNX broadcasts the parameters of a LayerNormalization to its input; here every normalised element has its own, and
 * only dimensions of 1 may be added or missing in front. */
static bool layernorm_fits(const struct op_call *call, uint32_t input, uint32_t axis, struct error *e) {
    const struct shape *x = &call->in[X].shape, *p = &call->in[input].shape;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    uint32_t i = axis, k = 0;
    while (i < x->rank && x->dim[i] == 1) i++;
    while (k < p->rank && p->dim[k] == 1) k++;
    bool fits = p->rank <= x->rank && x->rank - i == p->rank - k;
    for (; fits && i < x->rank; i++, k++) fits = x->dim[i] == p->dim[k];
    return fits ||
           error_set(e, "input of shape %s, normalised from dimension %u on, does not fit a parameter of shape %s",
                     shape_text(x, a, sizeof a), axis, shape_text(p, b, sizeof b));
}

static bool layernorm_sets(const struct op_call *call, struct sets *out, struct error *e) {
    const struct norm *norm = call->node->config;
    const struct shape *x = &call->in[X].shape;
    uint32_t axis;
    if (!op_axis(norm->axis, x->rank, false, &axis, e)) return false;
    size_t length = shape_count_from(x, axis);
    *out = (struct sets){shape_count(x) / length, length, 1, 0, 1, norm->epsilon};
    for (uint32_t i = SCALE; i <= SHIFT; i++)
        if (op_present(call, i) && !layernorm_fits(call, i, axis, e)) return false;
    return op_spares_batch(call, axis == 0, e);
}

static bool norm_sets(const struct op_call *call, struct sets *out, struct error *e) {
    const struct norm *norm = call->node->config;
    const struct shape *x = &call->in[X].shape;
    char text[OP_SHAPE_TEXT];
    size_t scales = call->in[SCALE].shape.dim[0], plane;
    if (strcmp(call->node->op->name, "LayerNormalization") == 0) return layernorm_sets(call, out, e);
    *out = (struct sets){.epsilon = norm->epsilon};
    for (uint32_t i = SCALE; i <= SHIFT; i++)
        if (call->in[i].shape.rank != 1 || call->in[i].shape.dim[0] != scales)
            return error_set(e, "a parameter of shape %s: wanted one dimension, and as many shifts as scales",
                             shape_text(&call->in[i].shape, text, sizeof text));
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
    return norm_sets(call, &s, e);
}

/* Mean and 1 / sqrt(variance + epsilon) of every set. */
static size_t norm_saved(const struct op_call *call) {
    struct sets s = {.count = 0};
    norm_sets(call, &s, NULL);
    return 2 * s.count;
}

/* Neighbours of one set that have one scale (step 0) or one each (step 1). */
struct stretch {
    size_t n, step;
    double mean, inverse;           /* of the set */
    const float *x, *scale, *shift; /* shift: or NULL */
};

/* The stretch of set i that begins with its element `first`. */
static struct stretch stretch_at(const struct op_call *call, const struct sets *s, size_t i, size_t first) {
    size_t at = i % s->period * s->step + first / s->run;
    bool each = s->run == 1;
    return (struct stretch){.n = each ? s->length : s->run,
                            .step = each,
                            .mean = (double)call->saved[2 * i],
                            .inverse = (double)call->saved[2 * i + 1],
                            .x = call->in[X].data + i * s->length + first,
                            .scale = call->in[SCALE].data + at,
                            .shift = op_present(call, SHIFT) ? call->in[SHIFT].data + at : NULL};
}

FAST_CLONES static double squares_about(const float *x, size_t n, double mean) {
    double part[SUM_LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + SUM_LANES <= n; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++) part[k] += ((double)x[i + k] - mean) * ((double)x[i + k] - mean);
    for (; i < n; i++) sum += ((double)x[i] - mean) * ((double)x[i] - mean);
    for (size_t k = 0; k < SUM_LANES; k++) sum += part[k];
    return sum;
}

FAST_CLONES static void normalise(const struct stretch *s, float *restrict y) {
    const float *restrict x = s->x, *restrict scale = s->scale, *restrict shift = s->shift;
    double mean = s->mean, inverse = s->inverse;
    float one = scale[0], more = shift ? shift[0] : 0;
    if (!s->step)
        for (size_t k = 0; k < s->n; k++) y[k] = (float)(((double)x[k] - mean) * inverse) * one + more;
    else if (shift)
        for (size_t k = 0; k < s->n; k++) y[k] = (float)(((double)x[k] - mean) * inverse) * scale[k] + shift[k];
    else
        for (size_t k = 0; k < s->n; k++) y[k] = (float)(((double)x[k] - mean) * inverse) * scale[k];
}

/* Either pass over some of the sets. */
struct job {
    const struct op_call *call;
    struct sets s;
    const float *dy;
    float *dx;
    bool detached;
};

#define PIECE 16384u /* elements, about, that are shared out */

static void share_sets(thread_team_range *run, struct job j) {
    norm_sets(j.call, &j.s, NULL);
    thread_team_share(j.call->team, j.s.count, PIECE / j.s.length + 1, run, &j);
}

static void normalise_sets(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct sets s = j->s;
    const float *x = j->call->in[X].data + first * s.length;
    float *y = j->call->out.data + first * s.length;
    for (size_t i = first; i < first + count; i++, x += s.length) {
        double mean = sum_wide(x, s.length) / (double)s.length;
        double variance = squares_about(x, s.length, mean) / (double)s.length;
        double inverse = 1 / sqrt(variance + (double)s.epsilon);
        j->call->saved[2 * i] = (float)mean;
        j->call->saved[2 * i + 1] = (float)inverse;
        for (size_t k = 0; k < s.length;) {
            struct stretch part = stretch_at(j->call, &s, i, k);
            part.mean = mean;
            part.inverse = inverse;
            normalise(&part, y);
            y += part.n;
            k += part.n;
        }
    }
}

static void norm_forward(const struct op_call *call) {
    share_sets(normalise_sets, (struct job){.call = call});
}

/* Adds the sums over g, the gradient that reaches what was normalised, and over g times that. */
FAST_CLONES static void add_sums(const struct stretch *s, const float *dy, double *sum, double *product) {
    double part[2][SUM_LANES] = {{0}};
    size_t whole = s->n - s->n % SUM_LANES;
    for (size_t i = 0; i < whole; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++) {
            double g = (double)dy[i + k] * (double)s->scale[(i + k) * s->step];
            part[0][k] += g;
            part[1][k] += g * ((double)s->x[i + k] - s->mean);
        }
    for (size_t i = whole; i < s->n; i++) {
        double g = (double)dy[i] * (double)s->scale[i * s->step];
        part[0][0] += g;
        part[1][0] += g * ((double)s->x[i] - s->mean);
    }
    for (size_t k = 0; k < SUM_LANES; k++) {
        *sum += part[0][k];
        *product += part[1][k] * s->inverse;
    }
}

FAST_CLONES static void pass_back(const struct stretch *s, double sum, double product, const float *restrict dy,
                                  float *restrict dx) {
    const float *restrict x = s->x, *restrict scale = s->scale;
    double mean = s->mean, inverse = s->inverse, slope = inverse * product, one = (double)scale[0];
    if (s->step)
        for (size_t k = 0; k < s->n; k++)
            dx[k] = (float)(inverse * ((double)dy[k] * (double)scale[k] - sum - ((double)x[k] - mean) * slope));
    else
        for (size_t k = 0; k < s->n; k++)
            dx[k] = (float)(inverse * ((double)dy[k] * one - sum - ((double)x[k] - mean) * slope));
}

static void pass_sets_back(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct sets s = j->s;
    const float *dy = j->dy + first * s.length;
    float *dx = j->dx + first * s.length;
    for (size_t i = first; i < first + count; i++, dy += s.length, dx += s.length) {
        double sum = 0, product = 0;
        struct stretch part;
        for (size_t k = 0; k < s.length; k += part.n) {
            part = stretch_at(j->call, &s, i, k);
            add_sums(&part, dy + k, &sum, &product);
        }
        if (j->detached) product = 0;
        for (size_t k = 0; k < s.length; k += part.n) {
            part = stretch_at(j->call, &s, i, k);
            pass_back(&part, sum / (double)s.length, product / (double)s.length, dy + k, dx + k);
        }
    }
}

static void norm_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    share_sets(pass_sets_back, (struct job){.call = call, .dy = dy, .dx = dx});
}

void norm_backward_detached(const struct op_call *call, const float *dy, float *dx) {
    share_sets(pass_sets_back, (struct job){.call = call, .dy = dy, .dx = dx, .detached = true});
}

/* With u = v^-1/2 of the variance v, and n elements: d u / d v between two values is -u^2 u'^2 / (u + u'), and that of
 * a square the sum of both. */
void norm_backward_between(const struct op_call *here, const struct op_call *there, const float *dy, float *dx) {
    struct sets s;
    norm_sets(here, &s, NULL);
    for (size_t i = 0; i < s.count; i++, dy += s.length, dx += s.length) {
        const float *x = here->in[X].data + i * s.length, *z = there->in[X].data + i * s.length;
        const double mean = (double)here->saved[2 * i] + (double)there->saved[2 * i];
        const double u = (double)here->saved[2 * i + 1], w = (double)there->saved[2 * i + 1];
        double weighed = 0, total = 0;
        for (size_t k = 0; k < s.length; k++) {
            double g = (double)dy[k] * (double)here->in[SCALE].data[i % s.period * s.step + k / s.run];
            weighed += g * ((double)x[k] + (double)z[k] - mean) / 2;
        }
        double of_variance = -weighed * u * u * w * w / (u + w) / (double)s.length;
        for (int pass = 0; pass < 2; pass++)
            for (size_t k = 0; k < s.length; k++) {
                double g = (double)dy[k] * (double)here->in[SCALE].data[i % s.period * s.step + k / s.run];
                double slope = g * (u + w) / 2 + of_variance * ((double)x[k] + (double)z[k] - mean);
                if (pass == 0) total += slope;
                else dx[k] = (float)(slope - total / (double)s.length);
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
