/* pool.c: MaxPool, AveragePool. */
#include "nn/kernels/maxpool.h"
#include "nn/kernels/maxpool_pairs.h"
#include "nn/op.h"
#include "nn/ops/window.h"

#include <math.h>
#include <string.h>

struct pool {
    struct window window;
    bool count_padding;
};

static bool pool_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t count;
    struct pool *pool = op_config(node, sizeof *pool, e);
    if (!pool || !window_parse(node, &pool->window, e) ||
        !op_integer(node, "count_include_pad", INT64_MIN, INT64_MAX, 0, &count, e))
        return false;
    pool->count_padding = count != 0;
    return pool->window.has_kernel || error_set(e, "attribute 'kernel_shape' is missing");
}

static bool pool_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct pool *pool = call->node->config;
    struct window_fit fit;
    if (!window_place(&pool->window, &call->in[0].shape, &fit, e)) return false;
    for (int axis = 0; axis < WINDOW_AXES; axis++)
        for (ptrdiff_t at = 0; at < fit.out[axis]; at++) {
            ptrdiff_t first, last;
            window_inside(&fit, axis, at, &first, &last);
            if (first == last)
                return error_set(e, "padding of %td and %td around a window of %td: a window would see padding only",
                                 fit.before[axis], fit.after[axis], fit.kernel[axis]);
        }
    *out = call->in[0].shape;
    window_result(&fit, out);
    return true;
}

struct planes {
    struct window_fit fit;
    size_t count, in, out;      /* samples x channels; elements of each */
    size_t in_slice, out_slice; /* height x width of these */
};

static struct planes pool_planes(const struct op_call *call) {
    const struct pool *pool = call->node->config;
    const struct shape *x = &call->in[0].shape;
    struct planes p = {.count = x->dim[0] * x->dim[1], .in = shape_count_from(x, 2)};
    if (call->whole) window_part(call, &p.fit);
    else window_place(&pool->window, x, &p.fit, NULL); /* infer has found it to fit */
    p.in_slice = (size_t)(p.fit.in[0] * p.fit.in[1]);
    p.out_slice = (size_t)(p.fit.out[0] * p.fit.out[1]);
    p.out = p.out_slice * (size_t)p.fit.out[WINDOW_DEEP];
    return p;
}

static bool pool_windows(const struct op_call *call, float beside, struct windows *w) {
    const struct window_fit fit = pool_planes(call).fit;
    *w = (struct windows){.fit = fit, .unit = 1, .beside = beside};
    return fit.in[WINDOW_DEEP] == 1 && fit.out[WINDOW_DEEP] == 1;
}

/* ---- MaxPool: remembers the index of each maximum (the first of equals; a NaN is one) ---- */

static size_t maxpool_saved(const struct op_call *call) {
    return shape_count(&call->out.shape); /* one uint32_t each */
}

static uint32_t window_maximum(const struct window_fit *w, const float *x, ptrdiff_t oy, ptrdiff_t ox) {
    ptrdiff_t y0, y1, x0, x1;
    window_inside(w, 0, oy, &y0, &y1);
    window_inside(w, 1, ox, &x0, &x1);
    ptrdiff_t top = oy * w->stride[0] - w->before[0], left = ox * w->stride[1] - w->before[1];
    ptrdiff_t best = (top + y0 * w->dilation[0]) * w->in[1] + left + x0 * w->dilation[1];
    for (ptrdiff_t ky = y0; ky < y1; ky++)
        for (ptrdiff_t kx = x0; kx < x1; kx++) {
            ptrdiff_t at = (top + ky * w->dilation[0]) * w->in[1] + left + kx * w->dilation[1];
            if (x[at] > x[best] || (isnan(x[at]) && !isnan(x[best]))) best = at;
        }
    return (uint32_t)best;
}

/* The columns [*first, *last) of the output whose windows lie inside the input. */
static void columns_inside(const struct window_fit *w, ptrdiff_t *first, ptrdiff_t *last) {
    ptrdiff_t room = w->in[1] + w->before[1] - (w->kernel[1] - 1) * w->dilation[1];
    *first = (w->before[1] + w->stride[1] - 1) / w->stride[1];
    *last = room <= 0 ? 0 : (room + w->stride[1] - 1) / w->stride[1];
    *last = *last < w->out[1] ? *last : w->out[1];
}

static void maximum_any(const struct window_fit *w, const float *x, ptrdiff_t oy, float *y, uint32_t *index) {
    ptrdiff_t x0, x1, y0, y1;
    columns_inside(w, &x0, &x1);
    window_inside(w, 0, oy, &y0, &y1);
    ptrdiff_t top = oy * w->stride[0] - w->before[0] + y0;
    bool fits = w->stride[1] <= 2 && w->dilation[0] == 1 && w->dilation[1] == 1 && x1 - x0 >= (ptrdiff_t)MAXPOOL_LEAST;
    if (fits) {
        struct maxpool_row row = {.count = (size_t)(x1 - x0),
                                  .step = (size_t)w->stride[1],
                                  .rows = (size_t)(y1 - y0),
                                  .columns = (size_t)w->kernel[1],
                                  .width = (size_t)w->in[1],
                                  .first = (size_t)(top * w->in[1] + x0 * w->stride[1] - w->before[1])};
        fits = maxpool_run(&row, x, y + x0, index + x0);
    }
    for (ptrdiff_t ox = 0; ox < w->out[1]; ox++) {
        if (fits && ox == x0) ox = x1;
        if (ox == w->out[1]) break;
        index[ox] = window_maximum(w, x, oy, ox);
        y[ox] = x[index[ox]];
    }
}

/* The common window, 2x2 with stride 2 and no padding. */
static bool is_2x2(const struct window_fit *w) {
    for (int axis = 0; axis < 2; axis++)
        if (w->kernel[axis] != 2 || w->stride[axis] != 2 || w->dilation[axis] != 1 || w->before[axis] ||
            w->out[axis] * 2 > w->in[axis])
            return false;
    return true;
}

struct maxpool_job {
    struct planes p;
    const float *from;
    float *to;
    uint32_t *index;
    bool rectifies;
    const float *rectified; /* the result, on the way back; NULL: it is not */
};
#define MAXPOOL_PLANES 4u /* that are shared out */

static void maximum_slice(const struct window_fit *fit, const float *x, float *y, uint32_t *index) {
    if (is_2x2(fit) && maxpool_pairs_run(x, (size_t)fit->in[1], (size_t)fit->out[0], (size_t)fit->out[1], y, index))
        return;
    for (ptrdiff_t oy = 0; oy < fit->out[0]; oy++, y += fit->out[1], index += fit->out[1])
        maximum_any(fit, x, oy, y, index);
}

/* One slice of a volume's result: of every window the place of its maximum, slice by slice. */
static void maximum_deep(const struct planes *p, const float *x, ptrdiff_t oz, float *y, uint32_t *index) {
    const struct window_fit *w = &p->fit;
    ptrdiff_t first, last, top = oz * w->stride[WINDOW_DEEP] - w->before[WINDOW_DEEP];
    window_inside(w, WINDOW_DEEP, oz, &first, &last);
    for (ptrdiff_t kz = first; kz < last; kz++) {
        size_t slice = (size_t)(top + kz * w->dilation[WINDOW_DEEP]) * p->in_slice, i = 0;
        for (ptrdiff_t oy = 0; oy < w->out[0]; oy++)
            for (ptrdiff_t ox = 0; ox < w->out[1]; ox++, i++) {
                uint32_t at = window_maximum(w, x + slice, oy, ox) + (uint32_t)slice;
                if (kz > first && !(x[at] > y[i] || (isnan(x[at]) && !isnan(y[i])))) continue;
                y[i] = x[at];
                index[i] = at;
            }
    }
}

static void maxpool_planes(void *user, size_t first, size_t count) {
    const struct maxpool_job *j = user;
    const struct planes *p = &j->p;
    for (size_t i = first; i < first + count; i++) {
        const float *x = j->from + i * p->in;
        float *y = j->to + i * p->out;
        uint32_t *index = j->index + i * p->out;
        if (p->in == p->in_slice && p->out == p->out_slice) maximum_slice(&p->fit, x, y, index);
        else
            for (ptrdiff_t oz = 0; oz < p->fit.out[WINDOW_DEEP]; oz++, y += p->out_slice, index += p->out_slice)
                maximum_deep(p, x, oz, y, index);
    }
    float *all = j->to + first * p->out;
    for (size_t k = 0; k < count * p->out && j->rectifies; k++) all[k] = all[k] < 0 ? 0 : all[k];
}

static bool maxpool_windows(const struct op_call *call, struct windows *w) {
    return pool_windows(call, -INFINITY, w);
}

static void maxpool_forward(const struct op_call *call) {
    struct maxpool_job job = {.p = pool_planes(call), .from = call->in[0].data, .to = call->out.data};
    job.index = (uint32_t *)(void *)call->saved;
    job.rectifies = call->rectifies;
    thread_team_share(call->team, job.p.count, MAXPOOL_PLANES, maxpool_planes, &job);
}

/* Every element of a plane is in one window of 2x2. */
static bool covers_pairs(const struct planes *p) {
    return is_2x2(&p->fit) && p->in == p->in_slice && p->out == p->out_slice && p->in == 4 * p->out;
}

static void maxpool_planes_back(void *user, size_t first, size_t count) {
    const struct maxpool_job *j = user;
    const struct window_fit *fit = &j->p.fit;
    if (covers_pairs(&j->p)) {
        for (size_t i = first; i < first + count; i++)
            maxpool_pairs_pass(
                &(struct maxpool_pairs_back){.dy = j->from + i * j->p.out,
                                             .rectified = j->rectified ? j->rectified + i * j->p.out : NULL,
                                             .index = j->index + i * j->p.out,
                                             .width = (size_t)fit->in[1],
                                             .rows = (size_t)fit->out[0],
                                             .columns = (size_t)fit->out[1],
                                             .dx = j->to + i * j->p.in});
        return;
    }
    memset(j->to + first * j->p.in, 0, count * j->p.in * sizeof *j->to);
    for (size_t i = first; i < first + count; i++) {
        float *dx = j->to + i * j->p.in;
        const float *dy = j->from + i * j->p.out;
        const uint32_t *index = j->index + i * j->p.out;
        const float *y = j->rectified ? j->rectified + i * j->p.out : NULL;
        for (size_t k = 0; k < j->p.out; k++) dx[index[k]] += y && y[k] <= 0 ? 0 : dy[k];
    }
}

static void maxpool_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    struct maxpool_job job = {.p = pool_planes(call), .from = dy, .to = dx};
    job.index = (uint32_t *)(void *)call->saved;
    job.rectified = call->rectifies ? call->out.data : NULL;
    thread_team_share(call->team, job.p.count, MAXPOOL_PLANES, maxpool_planes_back, &job);
}

/* ---- AveragePool ---- */

/* Elements of the window along one axis that count: those inside the input or, with count_include_pad, its padding. */
static float average_extent(const struct op_call *call, const struct window_fit *w, int axis, ptrdiff_t at) {
    const struct pool *pool = call->node->config;
    struct window_fit wide = *w;
    ptrdiff_t first, last;
    if (pool->count_padding) {
        wide.in[axis] += w->before[axis] + w->after[axis];
        wide.before[axis] = 0;
    }
    window_inside(&wide, axis, at, &first, &last);
    return (float)(last - first);
}

/* Rows of the output: how wide its windows are, and for each worker one of shares of the gradient. */
static size_t averagepool_scratch(const struct op_call *call) {
    return (1 + call->workers) * (size_t)pool_planes(call).fit.out[1];
}

static void fill_widths(const struct op_call *call, const struct window_fit *w, float *widths) {
    for (ptrdiff_t ox = 0; ox < w->out[1]; ox++) widths[ox] = average_extent(call, w, 1, ox);
}

/* For every tap of the window on row `oy` of the output: the columns [x0, x1) that it serves, and the element `at` of
 * the plane that it has for the first column of all. */
#define FOR_EACH_TAP(w, oy)                                                                                            \
    ptrdiff_t y0, y1, x0, x1, at, top = (oy) * (w)->stride[0] - (w)->before[0];                                        \
    window_inside(w, 0, oy, &y0, &y1);                                                                                 \
    for (ptrdiff_t ky = y0; ky < y1; ky++)                                                                             \
        for (ptrdiff_t kx = 0; kx < (w)->kernel[1]; kx++)                                                              \
            if (window_positions(w, 1, kx, &x0, &x1),                                                                  \
                at = (top + ky * (w)->dilation[0]) * (w)->in[1] + kx * (w)->dilation[1] - (w)->before[1], x0 < x1)

/* Adds the sums of the windows' parts in one slice. */
static void average_row(const struct window_fit *w, ptrdiff_t oy, const float *restrict x, float *restrict y) {
    ptrdiff_t step = w->stride[1];
    FOR_EACH_TAP(w, oy) {
        if (step == 1)
            for (ptrdiff_t i = x0; i < x1; i++) y[i] += x[at + i];
        else
            for (ptrdiff_t i = x0; i < x1; i++) y[i] += x[at + i * step];
    }
}

static void share_row(const struct window_fit *w, ptrdiff_t oy, const float *restrict share, float *restrict dx) {
    ptrdiff_t step = w->stride[1];
    FOR_EACH_TAP(w, oy) {
        if (step == 1)
            for (ptrdiff_t i = x0; i < x1; i++) dx[at + i] += share[i];
        else
            for (ptrdiff_t i = x0; i < x1; i++) dx[at + i * step] += share[i];
    }
}

/* The taps [first, last) of the window along the depth, and the slice of the input that the first sees. */
static ptrdiff_t average_depth(const struct window_fit *w, ptrdiff_t oz, ptrdiff_t *first, ptrdiff_t *last) {
    window_inside(w, WINDOW_DEEP, oz, first, last);
    return oz * w->stride[WINDOW_DEEP] - w->before[WINDOW_DEEP] + *first * w->dilation[WINDOW_DEEP];
}

struct average_job {
    const struct op_call *call;
    struct planes p;
    const float *from;
    float *to;
};
#define AVERAGE_PLANES 4u /* a part */

static void average_plane(const struct average_job *j, const float *x, float *y) {
    const struct window_fit *w = &j->p.fit;
    const float *widths = j->call->scratch;
    for (ptrdiff_t oz = 0, kz, last; oz < w->out[WINDOW_DEEP]; oz++) {
        const float *slice = x + (size_t)average_depth(w, oz, &kz, &last) * j->p.in_slice;
        const size_t next = (size_t)w->dilation[WINDOW_DEEP] * j->p.in_slice;
        float depth = average_extent(j->call, w, WINDOW_DEEP, oz);
        for (ptrdiff_t oy = 0; oy < w->out[0]; oy++, y += w->out[1]) {
            float height = depth * average_extent(j->call, w, 0, oy);
            memset(y, 0, (size_t)w->out[1] * sizeof *y);
            for (ptrdiff_t k = kz; k < last; k++) average_row(w, oy, slice + (size_t)(k - kz) * next, y);
            for (ptrdiff_t ox = 0; ox < w->out[1]; ox++) y[ox] /= height * widths[ox];
        }
    }
}

static void average_plane_back(const struct average_job *j, const float *dy, float *dx, float *share) {
    const struct window_fit *w = &j->p.fit;
    const float *widths = j->call->scratch;
    memset(dx, 0, j->p.in * sizeof *dx);
    for (ptrdiff_t oz = 0, kz, last; oz < w->out[WINDOW_DEEP]; oz++) {
        float *slice = dx + (size_t)average_depth(w, oz, &kz, &last) * j->p.in_slice;
        const size_t next = (size_t)w->dilation[WINDOW_DEEP] * j->p.in_slice;
        float depth = average_extent(j->call, w, WINDOW_DEEP, oz);
        for (ptrdiff_t oy = 0; oy < w->out[0]; oy++, dy += w->out[1]) {
            float height = depth * average_extent(j->call, w, 0, oy);
            for (ptrdiff_t ox = 0; ox < w->out[1]; ox++) share[ox] = dy[ox] / (height * widths[ox]);
            for (ptrdiff_t k = kz; k < last; k++) share_row(w, oy, share, slice + (size_t)(k - kz) * next);
        }
    }
}

static void average_part(void *user, unsigned part, unsigned worker) {
    (void)worker;
    const struct average_job *j = user;
    for (size_t i = part * AVERAGE_PLANES; i < (part + 1) * AVERAGE_PLANES && i < j->p.count; i++)
        average_plane(j, j->from + i * j->p.in, j->to + i * j->p.out);
}

static void average_part_back(void *user, unsigned part, unsigned worker) {
    const struct average_job *j = user;
    float *share = j->call->scratch + (1 + worker) * (size_t)j->p.fit.out[1];
    for (size_t i = part * AVERAGE_PLANES; i < (part + 1) * AVERAGE_PLANES && i < j->p.count; i++)
        average_plane_back(j, j->from + i * j->p.out, j->to + i * j->p.in, share);
}

static void share_average(const struct op_call *call, thread_team_part *run, const float *from, float *to) {
    struct average_job j = {call, pool_planes(call), from, to};
    fill_widths(call, &j.p.fit, call->scratch);
    thread_team_run(call->team, (unsigned)((j.p.count + AVERAGE_PLANES - 1) / AVERAGE_PLANES), run, &j);
}

/* Not where a window reaches over the edge: it has a divisor of its own. */
static bool averagepool_windows(const struct op_call *call, struct windows *w) {
    bool inside = pool_windows(call, 0, w);
    for (int axis = 0; axis < 2; axis++) {
        const struct window_fit *f = &w->fit;
        ptrdiff_t last = (f->out[axis] - 1) * f->stride[axis] + (f->kernel[axis] - 1) * f->dilation[axis];
        inside = inside && !f->before[axis] && last < f->in[axis];
    }
    return inside;
}

static void averagepool_forward(const struct op_call *call) {
    share_average(call, average_part, call->in[0].data, call->out.data);
}

static void averagepool_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    share_average(call, average_part_back, dy, dx);
}

const struct op op_maxpool = {
    .name = "MaxPool",
    .summary = "largest value of a 1-D to 3-D window",
    .flags = OP_FORGETS,
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = pool_parse,
    .infer = pool_infer,
    .saved = maxpool_saved,
    .forward = maxpool_forward,
    .windows = maxpool_windows,
    .backward = maxpool_backward,
};

const struct op op_averagepool = {
    .name = "AveragePool",
    .summary = "mean of a 1-D to 3-D window",
    .flags = OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = pool_parse,
    .infer = pool_infer,
    .scratch = averagepool_scratch,
    .forward = averagepool_forward,
    .windows = averagepool_windows,
    .backward = averagepool_backward,
};
