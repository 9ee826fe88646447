/* pool_global.c: GlobalAveragePool and GlobalMaxPool: one number for every channel. */
#include "nn/op.h"
#include "nn/ops/sums.h"

#include <math.h>
#include <string.h>

static bool global_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape;
    char text[OP_SHAPE_TEXT];
    if (x->rank < 3)
        return error_set(e, "input of shape %s: wanted batch x channels x spatial dimensions",
                         shape_text(x, text, sizeof text));
    *out = *x;
    for (uint32_t i = 2; i < x->rank; i++) out->dim[i] = 1;
    return true;
}

/* ---- GlobalAveragePool ---- */

/* Either pass over some of the planes. */
struct job {
    size_t plane;
    const float *from;
    float *to;
};

#define PIECE 16384u /* elements, about, that are shared out */

static void share_planes(const struct op_call *call, thread_team_range *run, const float *from, float *to) {
    struct job j = {shape_count_from(&call->in[0].shape, 2), from, to};
    thread_team_share(call->team, shape_count(&call->out.shape), PIECE / j.plane + 1, run, &j);
}

static void average_planes(void *user, size_t first, size_t count) {
    const struct job *j = user;
    for (size_t i = first; i < first + count; i++)
        j->to[i] = (float)(sum_wide(j->from + i * j->plane, j->plane) / (double)j->plane);
}

static void average_forward(const struct op_call *call) {
    share_planes(call, average_planes, call->in[0].data, call->out.data);
}

static void average_planes_back(void *user, size_t first, size_t count) {
    const struct job *j = user;
    float *dx = j->to + first * j->plane;
    for (size_t i = first; i < first + count; i++, dx += j->plane) {
        float share = j->from[i] / (float)j->plane;
        for (size_t k = 0; k < j->plane; k++) dx[k] = share;
    }
}

static void average_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    share_planes(call, average_planes_back, dy, dx);
}

/* ---- GlobalMaxPool: remembers the index of each maximum (the first of equals; a NaN is one) ---- */

static size_t max_saved(const struct op_call *call) {
    return shape_count(&call->out.shape); /* one uint32_t each */
}

static void max_forward(const struct op_call *call) {
    size_t plane = shape_count_from(&call->in[0].shape, 2), count = shape_count(&call->out.shape);
    const float *x = call->in[0].data;
    uint32_t *index = (uint32_t *)(void *)call->saved;
    for (size_t i = 0; i < count; i++, x += plane) {
        size_t best = 0;
        for (size_t k = 1; k < plane; k++)
            if (x[k] > x[best] || (isnan(x[k]) && !isnan(x[best]))) best = k;
        index[i] = (uint32_t)best;
        call->out.data[i] = x[best];
    }
}

static void max_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    size_t plane = shape_count_from(&call->in[0].shape, 2), count = shape_count(&call->out.shape);
    const uint32_t *index = (const uint32_t *)(const void *)call->saved;
    memset(dx, 0, count * plane * sizeof *dx);
    for (size_t i = 0; i < count; i++) dx[i * plane + index[i]] = dy[i];
}

const struct op op_globalaveragepool = {
    .name = "GlobalAveragePool",
    .summary = "mean of every channel",
    .flags = OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = global_infer,
    .forward = average_forward,
    .backward = average_backward,
};

const struct op op_globalmaxpool = {
    .name = "GlobalMaxPool",
    .summary = "largest value of every channel",
    .flags = OP_FORGETS,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = global_infer,
    .saved = max_saved,
    .forward = max_forward,
    .backward = max_backward,
};
