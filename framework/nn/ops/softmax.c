/* softmax.c: Softmax and LogSoftmax. Before opset 13 it works on all dimensions from the axis on, since then along the
 * axis. */
#include "nn/ops/softmax.h"

#include "nn/op.h"
#include "nn/ops/fast_math.h"
#include "nn/ops/sums.h"

#include <math.h>

struct softmax {
    int64_t axis;
    bool flattens;
};

static bool softmax_parse(struct node *node, uint32_t opset, struct error *e) {
    struct softmax *softmax = op_config(node, sizeof *softmax, e);
    if (!softmax) return false;
    softmax->flattens = opset < 13;
    return op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, softmax->flattens ? 1 : -1, &softmax->axis, e);
}

static bool softmax_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct softmax *softmax = call->node->config;
    uint32_t axis;
    *out = call->in[0].shape;
    if (!op_axis(softmax->axis, out->rank, softmax->flattens, &axis, e)) return false;
    return op_spares_batch(call, axis == 0, e);
}

/* outer x step sets of `length` elements that lie `step` apart. */
struct split {
    size_t outer, length, step;
};

static struct split softmax_split(const struct op_call *call) {
    const struct softmax *softmax = call->node->config;
    const struct shape *x = &call->in[0].shape;
    uint32_t axis = 0;
    op_axis(softmax->axis, x->rank, softmax->flattens, &axis, NULL); /* infer has found it to fit */
    struct split s = {.step = softmax->flattens ? 1 : shape_count_from(x, axis + 1)};
    s.outer = shape_count(x) / shape_count_from(x, axis);
    s.length = shape_count_from(x, axis) / s.step;
    return s;
}

#define LANES 8

static float largest(const float *x, size_t n, size_t step) {
    float part[LANES], most;
    size_t i = 0;
    for (size_t k = 0; k < LANES; k++) part[k] = x[0];
    for (; step == 1 && i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) part[k] = x[i + k] > part[k] ? x[i + k] : part[k];
    for (; i < n; i++) part[0] = x[i * step] > part[0] ? x[i * step] : part[0];
    most = part[0];
    for (size_t k = 1; k < LANES; k++) most = part[k] > most ? part[k] : most;
    return most;
}

FAST_CLONES static void softmax_row(const float *restrict x, float *restrict y, size_t n) {
    float most = largest(x, n, 1);
    for (size_t k = 0; k < n; k++) y[k] = fast_exp(x[k] - most);
    double factor = 1 / sum_dense(y, n);
    for (size_t k = 0; k < n; k++) y[k] = (float)((double)y[k] * factor);
}

/* Either pass over some of the sets. */
struct job {
    const struct op_call *call;
    struct split s;
    const float *dy;
    float *dx;
};

static size_t start_of(const struct split *s, size_t i) {
    return i / s->step * s->length * s->step + i % s->step;
}

#define PIECE 16384u /* elements, about, that are shared out */

static void share_sets(const struct op_call *call, thread_team_range *run, const float *dy, float *dx) {
    struct job j = {call, softmax_split(call), dy, dx};
    thread_team_share(call->team, j.s.outer * j.s.step, PIECE / j.s.length + 1, run, &j);
}

static void softmax_sets(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct split s = j->s;
    for (size_t i = first; i < first + count; i++) {
        size_t start = start_of(&s, i);
        const float *x = j->call->in[0].data + start;
        float *y = j->call->out.data + start;
        if (s.step == 1) {
            softmax_row(x, y, s.length);
            continue;
        }
        float most = largest(x, s.length, s.step);
        double sum = 0;
        for (size_t k = 0; k < s.length; k++) {
            y[k * s.step] = fast_exp(x[k * s.step] - most);
            sum += (double)y[k * s.step];
        }
        for (size_t k = 0; k < s.length; k++) y[k * s.step] = (float)((double)y[k * s.step] / sum);
    }
}

static void softmax_forward(const struct op_call *call) {
    share_sets(call, softmax_sets, NULL, NULL);
}

FAST_CLONES static void softmax_row_back(const float *restrict y, const float *restrict dy, float *restrict dx,
                                         size_t n) {
    double sum = dot_dense(y, dy, n);
    for (size_t k = 0; k < n; k++) dx[k] = (float)((double)y[k] * ((double)dy[k] - sum));
}

static void softmax_sets_back(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct split s = j->s;
    for (size_t i = first; i < first + count; i++) {
        size_t start = start_of(&s, i);
        const float *y = j->call->out.data + start, *dy = j->dy + start;
        float *dx = j->dx + start;
        if (s.step == 1) {
            softmax_row_back(y, dy, dx, s.length);
            continue;
        }
        double sum = 0;
        for (size_t k = 0; k < s.length; k++) sum += (double)y[k * s.step] * (double)dy[k * s.step];
        for (size_t k = 0; k < s.length; k++)
            dx[k * s.step] = (float)((double)y[k * s.step] * ((double)dy[k * s.step] - sum));
    }
}

static void softmax_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    share_sets(call, softmax_sets_back, dy, dx);
}

/* (exp(x) - exp(z)) / (x - z), for x and z of at most 0. */
static double exp_slope(double x, double z) {
    double d = x - z;
    if (exp(z) <= 0 && exp(x) <= 0) return 0; /* behind a mask, which may be -inf in both */
    return fabs(d) < 1e-6 ? exp(z) * (1 + d / 2) : exp(z) * expm1(d) / d;
}

static size_t place_of(const float *x, const struct split *s, float value) {
    size_t k = 0;
    while (k + 1 < s->length && x[k * s->step] < value) k++;
    return k * s->step;
}

/* The slope of the largest element to that which held it: where the maximum rose, of x, where it fell, of z. */
static double largest_slope(const float *x, const float *z, const struct split *s, size_t *place) {
    float high = largest(x, s->length, s->step), low = largest(z, s->length, s->step);
    *place = high >= low ? place_of(x, s, high) : place_of(z, s, low);
    double rise = (double)high - (double)low, own = (double)x[*place] - (double)z[*place];
    return fabs(own) > 0 ? rise / own : 1;
}

void softmax_backward_between(const struct op_call *here, const struct op_call *there, const float *dy, float *dx) {
    const struct split s = softmax_split(here);
    for (size_t i = 0; i < s.outer * s.step; i++) {
        size_t start = start_of(&s, i), place;
        const float *x = here->in[0].data + start, *z = there->in[0].data + start, *d = dy + start;
        double top = (double)largest(x, s.length, s.step), other = (double)largest(z, s.length, s.step);
        double sum[2] = {0}, weighed = 0, total = 0, of_largest = largest_slope(x, z, &s, &place);
        for (size_t k = 0; k < s.length * s.step; k += s.step) {
            double e[2] = {exp((double)x[k] - top), exp((double)z[k] - other)};
            sum[0] += e[0];
            sum[1] += e[1];
            weighed += (double)d[k] * (e[0] + e[1]) / 2;
        }
        double each = (1 / sum[0] + 1 / sum[1]) / 2, all = -weighed / sum[0] / sum[1];
        for (size_t k = 0; k < s.length * s.step; k += s.step) {
            double slope = ((double)d[k] * each + all) * exp_slope((double)x[k] - top, (double)z[k] - other);
            dx[start + k] = (float)slope;
            total += slope;
        }
        dx[start + place] = (float)((double)dx[start + place] - total * of_largest);
    }
}

static void logsoftmax_sets(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct split s = j->s;
    for (size_t i = first; i < first + count; i++) {
        size_t start = start_of(&s, i);
        const float *x = j->call->in[0].data + start;
        float most = x[0];
        double sum = 0;
        for (size_t k = 1; k < s.length; k++) most = x[k * s.step] > most ? x[k * s.step] : most;
        for (size_t k = 0; k < s.length; k++) sum += exp((double)x[k * s.step] - (double)most);
        double shift = (double)most + log(sum);
        for (size_t k = 0; k < s.length; k++)
            j->call->out.data[start + k * s.step] = (float)((double)x[k * s.step] - shift);
    }
}

static void logsoftmax_forward(const struct op_call *call) {
    share_sets(call, logsoftmax_sets, NULL, NULL);
}

static void logsoftmax_sets_back(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct split s = j->s;
    for (size_t i = first; i < first + count; i++) {
        size_t start = start_of(&s, i);
        double sum = 0;
        for (size_t k = 0; k < s.length; k++) sum += (double)j->dy[start + k * s.step];
        for (size_t k = 0; k < s.length; k++) {
            size_t at = start + k * s.step;
            j->dx[at] = (float)((double)j->dy[at] - exp((double)j->call->out.data[at]) * sum);
        }
    }
}

static void logsoftmax_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    share_sets(call, logsoftmax_sets_back, dy, dx);
}

const struct op op_softmax = {
    .name = "Softmax",
    .summary = "before opset 13 over all dimensions from the axis, then along it",
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = softmax_parse,
    .infer = softmax_infer,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

const struct op op_logsoftmax = {
    .name = "LogSoftmax",
    .summary = "logarithm of Softmax",
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = softmax_parse,
    .infer = softmax_infer,
    .forward = logsoftmax_forward,
    .backward = logsoftmax_backward,
};
