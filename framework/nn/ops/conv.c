/* conv.c: Conv, two-dimensional: im2col and one matrix product per sample and group, so that a sample's result does not
 * depend on its neighbours; or Winograd's method where the net says so. */
#include "nn/ops/conv.h"

#include "nn/kernels/winograd.h"
#include "nn/ops/window.h"

#include <cblas.h>
#include <string.h>

struct conv {
    struct window window;
    uint32_t groups;
};

/* Sizes of one call; per group unless said otherwise. */
struct geometry {
    struct window_fit fit;
    size_t samples, groups;
    size_t in_channels, out_channels;
    size_t in_plane, out_plane; /* height x width */
    size_t taps;                /* rows of the unfolded input: in_channels x kernel */
    bool direct;                /* 1x1, stride 1, no padding: the input is its own unfolding */
};

static bool conv_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t groups;
    struct conv *conv = op_config(node, sizeof *conv, e);
    if (!conv || !window_parse(node, &conv->window, e) || !op_integer(node, "group", 1, INT32_MAX, 1, &groups, e))
        return false;
    conv->groups = (uint32_t)groups;
    return true;
}

/* The window with the kernel the weights have. */
static bool conv_place(const struct op_call *call, struct window_fit *fit, struct error *e) {
    const struct conv *conv = call->node->config;
    struct window window = conv->window;
    for (int axis = 0; axis < 2; axis++) window.kernel[axis] = (uint32_t)call->in[1].shape.dim[axis + 2];
    return window_place(&window, &call->in[0].shape, fit, e);
}

static bool conv_check(const struct op_call *call, struct error *e) {
    const struct conv *conv = call->node->config;
    const struct shape *x = &call->in[0].shape, *w = &call->in[1].shape;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    shape_text(x, a, sizeof a);
    shape_text(w, b, sizeof b);
    if (call->in[1].batched || (op_present(call, 2) && call->in[2].batched))
        return error_set(e, "its weights depend on the network's input: wanted parameters");
    if (w->rank != 4) return error_set(e, "weights of shape %s: only two-dimensional convolutions are supported", b);
    if (x->rank != 4 || x->dim[1] != w->dim[1] * conv->groups || w->dim[0] % conv->groups != 0)
        return error_set(e, "input of shape %s does not fit weights of shape %s in %u groups", a, b, conv->groups);
    for (int axis = 0; axis < 2; axis++)
        if (w->dim[axis + 2] > UINT16_MAX || (conv->window.has_kernel && conv->window.kernel[axis] != w->dim[axis + 2]))
            return error_set(e, "attribute 'kernel_shape' does not fit weights of shape %s", b);
    if (op_present(call, 2) && shape_count(&call->in[2].shape) != w->dim[0])
        return error_set(e, "bias of shape %s does not fit weights of shape %s",
                         shape_text(&call->in[2].shape, a, sizeof a), b);
    return true;
}

static bool conv_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct window_fit fit;
    if (!conv_check(call, e) || !conv_place(call, &fit, e)) return false;
    *out =
        (struct shape){4, {call->in[0].shape.dim[0], call->in[1].shape.dim[0], (size_t)fit.out[0], (size_t)fit.out[1]}};
    size_t taps = shape_count_from(&call->in[1].shape, 1);
    if (shape_count_from(out, 2) > 8 * OP_MAX_ELEMENTS / taps)
        return error_set(e, "the unfolded input has more than %zu elements", 8 * OP_MAX_ELEMENTS);
    return true;
}

static struct geometry conv_geometry(const struct op_call *call) {
    const struct conv *conv = call->node->config;
    const struct shape *x = &call->in[0].shape, *w = &call->in[1].shape;
    struct geometry g = {.samples = x->dim[0],
                         .groups = conv->groups,
                         .in_channels = w->dim[1],
                         .out_channels = w->dim[0] / conv->groups,
                         .in_plane = x->dim[2] * x->dim[3]};
    conv_place(call, &g.fit, NULL); /* infer has found it to fit */
    const struct window_fit *f = &g.fit;
    g.out_plane = (size_t)(f->out[0] * f->out[1]);
    g.taps = shape_count_from(w, 1);
    g.direct = f->kernel[0] == 1 && f->kernel[1] == 1 && f->stride[0] == 1 && f->stride[1] == 1 && !f->before[0] &&
               !f->before[1] && !f->after[0] && !f->after[1];
    return g;
}

/* ---- Winograd's method ---- */

/* Below this many tiles the larger weights cost more to read than the products save: measured, docs/performance.md. */
#define LEAST_TILES 9
#define LEAST_CHANNELS 16

bool conv_winograd_fits(const struct op_call *call) {
    struct geometry g = conv_geometry(call);
    const struct window_fit *f = &g.fit;
    bool fits = g.groups == 1;
    for (int axis = 0; axis < 2; axis++)
        fits = fits && f->kernel[axis] == 3 && f->stride[axis] == 1 && f->dilation[axis] == 1 && f->before[axis] <= 2 &&
               f->after[axis] <= 2;
    return fits;
}

bool conv_winograd_pays(const struct op_call *call) {
    struct geometry g = conv_geometry(call);
    ptrdiff_t tiles = ((g.fit.out[0] + 3) / 4) * ((g.fit.out[1] + 3) / 4);
    return tiles >= LEAST_TILES && g.in_channels >= LEAST_CHANNELS && g.out_channels >= LEAST_CHANNELS;
}

static struct winograd winograd_of(const struct geometry *g) {
    const struct window_fit *f = &g->fit;
    return (struct winograd){.samples = g->samples,
                             .in_channels = g->in_channels,
                             .out_channels = g->out_channels,
                             .in = {(size_t)f->in[0], (size_t)f->in[1]},
                             .out = {(size_t)f->out[0], (size_t)f->out[1]},
                             .before = {f->before[0], f->before[1]}};
}

/* The gradient of the input as a convolution of the output's. */
static struct winograd winograd_back(const struct geometry *g) {
    struct winograd w = winograd_of(g);
    return (struct winograd){.samples = w.samples,
                             .in_channels = w.out_channels,
                             .out_channels = w.in_channels,
                             .in = {w.out[0], w.out[1]},
                             .out = {w.in[0], w.in[1]},
                             .before = {2 - w.before[0], 2 - w.before[1]}};
}

static size_t conv_scratch(const struct op_call *call) {
    struct geometry g = conv_geometry(call);
    size_t size = g.direct ? 0 : g.taps * g.out_plane;
    if (call->fused && call->fused->winograd) {
        struct winograd there = winograd_of(&g), back = winograd_back(&g);
        size_t a = winograd_scratch(&there), b = winograd_scratch(&back);
        a = a > b ? a : b;
        size = size > a ? size : a;
    }
    return size;
}

/* The output positions [*first, *last) along `axis` whose tap `k` falls inside the input. */
static inline void positions_inside(const struct window_fit *f, int axis, ptrdiff_t k, ptrdiff_t *first,
                                    ptrdiff_t *last) {
    ptrdiff_t offset = k * f->dilation[axis] - f->before[axis], stride = f->stride[axis];
    *first = offset < 0 ? (-offset + stride - 1) / stride : 0;
    *last = f->in[axis] > offset ? (f->in[axis] - offset + stride - 1) / stride : 0;
    if (*last > f->out[axis]) *last = f->out[axis];
    if (*first > *last) *first = *last;
}

/* One tap of the kernel on one channel: output rows [y0, y1) and columns [x0, x1) see the input, from `offset` on. */
struct tap {
    ptrdiff_t y0, y1, x0, x1, offset;
};

static inline struct tap place_tap(const struct window_fit *f, ptrdiff_t ky, ptrdiff_t kx) {
    struct tap t;
    positions_inside(f, 0, ky, &t.y0, &t.y1);
    positions_inside(f, 1, kx, &t.x0, &t.x1);
    t.offset = (t.y0 * f->stride[0] - f->before[0] + ky * f->dilation[0]) * f->in[1] +
               (t.x0 * f->stride[1] - f->before[1] + kx * f->dilation[1]);
    return t;
}

/* Rows are short: a call of memcpy for each would cost more than the copying. Blocks may overlap. */
#define COPY_BLOCKS(size)                                                                                              \
    for (; rows > 0; rows--, to += to_step, from += from_step) {                                                       \
        for (ptrdiff_t i = 0; i < n - (size); i += (size)) memcpy(to + i, from + i, (size) * sizeof *to);              \
        memcpy(to + n - (size), from + n - (size), (size) * sizeof *to);                                               \
    }

static void copy_rows(float *restrict to, ptrdiff_t to_step, const float *restrict from, ptrdiff_t from_step,
                      ptrdiff_t rows, ptrdiff_t n) {
    if (n >= 8) COPY_BLOCKS(8)
    else if (n >= 4) COPY_BLOCKS(4)
    else if (n >= 1) COPY_BLOCKS(1)
}

static void unfold_tap(const struct window_fit *f, const struct tap *t, const float *image, float *to) {
    ptrdiff_t width = f->out[1], rows = t->y1 - t->y0, columns = t->x1 - t->x0;
    if (rows < f->out[0] || columns < width) memset(to, 0, (size_t)(f->out[0] * width) * sizeof *to);
    to += t->y0 * width + t->x0;
    const float *from = image + t->offset;
    ptrdiff_t step = f->stride[0] * f->in[1];
    if (f->stride[1] == 1) {
        copy_rows(to, width, from, step, rows, columns);
        return;
    }
    for (; rows > 0; rows--, to += width, from += step)
        for (ptrdiff_t x = 0; x < columns; x++) to[x] = from[x * f->stride[1]];
}

/* columns[tap][position]: what tap `tap` of the kernel sees at every output position. */
static void unfold(const struct geometry *g, const float *image, float *columns) {
    const struct window_fit *f = &g->fit;
    for (size_t c = 0; c < g->in_channels; c++, image += g->in_plane)
        for (ptrdiff_t ky = 0; ky < f->kernel[0]; ky++)
            for (ptrdiff_t kx = 0; kx < f->kernel[1]; kx++, columns += g->out_plane) {
                struct tap t = place_tap(f, ky, kx);
                unfold_tap(f, &t, image, columns);
            }
}

static void add_rows(float *restrict to, ptrdiff_t to_step, const float *restrict from, ptrdiff_t from_step,
                     ptrdiff_t rows, ptrdiff_t n) {
    for (; rows > 0; rows--, to += to_step, from += from_step) {
        ptrdiff_t x = 0;
        for (; x + 8 <= n; x += 8) /* whole blocks, as rows are short */
            for (ptrdiff_t i = 0; i < 8; i++) to[x + i] += from[x + i];
        for (; x < n; x++) to[x] += from[x];
    }
}

/* The transpose of unfold: adds up in `image` what falls on each of its elements. */
static void fold(const struct geometry *g, const float *columns, float *image) {
    const struct window_fit *f = &g->fit;
    ptrdiff_t width = f->out[1], step = f->stride[0] * f->in[1];
    memset(image, 0, g->in_channels * g->in_plane * sizeof *image);
    for (size_t c = 0; c < g->in_channels; c++, image += g->in_plane)
        for (ptrdiff_t ky = 0; ky < f->kernel[0]; ky++)
            for (ptrdiff_t kx = 0; kx < f->kernel[1]; kx++, columns += g->out_plane) {
                struct tap t = place_tap(f, ky, kx);
                const float *from = columns + t.y0 * width + t.x0;
                float *to = image + t.offset;
                if (f->stride[1] == 1) {
                    add_rows(to, step, from, width, t.y1 - t.y0, t.x1 - t.x0);
                    continue;
                }
                for (ptrdiff_t y = t.y0; y < t.y1; y++, to += step, from += width)
                    for (ptrdiff_t x = 0; x < t.x1 - t.x0; x++) to[x * f->stride[1]] += from[x];
            }
}

static const float *weights_of(const struct op_call *call) {
    return call->fused && call->fused->weights ? call->fused->weights : call->in[1].data;
}

static const float *bias_of(const struct op_call *call) {
    if (call->fused && call->fused->bias) return call->fused->bias;
    return op_present(call, 2) ? call->in[2].data : NULL;
}

static void fill_bias(const float *bias, const struct geometry *g, float *out) {
    size_t channels = g->groups * g->out_channels;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < g->out_plane; i++) out[c * g->out_plane + i] = bias[c];
}

static void clip(float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = y[i] < 0 ? 0 : y[i];
}

static void conv_forward(const struct op_call *call) {
    struct geometry g = conv_geometry(call);
    const float *bias = bias_of(call), *x = call->in[0].data;
    float *y = call->out.data;
    bool relu = call->fused && call->fused->relu;
    if (call->fused && call->fused->winograd) {
        struct winograd w = winograd_of(&g);
        winograd_run(&w, x, call->fused->forward, bias, relu, y, call->scratch);
        return;
    }
    for (size_t s = 0; s < g.samples; s++) {
        if (bias) fill_bias(bias, &g, y);
        const float *w = weights_of(call);
        for (size_t i = 0; i < g.groups; i++) {
            if (!g.direct) unfold(&g, x, call->scratch);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)g.out_channels, (int)g.out_plane, (int)g.taps,
                        1, w, (int)g.taps, g.direct ? x : call->scratch, (int)g.out_plane, bias ? 1 : 0, y,
                        (int)g.out_plane);
            x += g.in_channels * g.in_plane;
            y += g.out_channels * g.out_plane;
            w += g.out_channels * g.taps;
        }
        size_t size = g.groups * g.out_channels * g.out_plane;
        if (relu) clip(y - size, size);
    }
}

static void conv_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct geometry g = conv_geometry(call);
    if (call->fused && call->fused->winograd) {
        struct winograd w = winograd_back(&g);
        winograd_run(&w, dy, call->fused->backward, NULL, false, dx, call->scratch);
        return;
    }
    for (size_t s = 0; s < g.samples; s++) {
        const float *w = weights_of(call);
        for (size_t i = 0; i < g.groups; i++) {
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)g.taps, (int)g.out_plane, (int)g.out_channels, 1,
                        w, (int)g.taps, dy, (int)g.out_plane, 0, g.direct ? dx : call->scratch, (int)g.out_plane);
            if (!g.direct) fold(&g, call->scratch, dx);
            dx += g.in_channels * g.in_plane;
            dy += g.out_channels * g.out_plane;
            w += g.out_channels * g.taps;
        }
    }
}

static void learn_bias(const struct geometry *g, const float *dy, float *db) {
    size_t channels = g->groups * g->out_channels;
    for (size_t s = 0; s < g->samples; s++)
        for (size_t c = 0; c < channels; c++, dy += g->out_plane) {
            float part[8] = {0}, sum = 0;
            size_t i = 0;
            for (; i + 8 <= g->out_plane; i += 8)
                for (size_t k = 0; k < 8; k++) part[k] += dy[i + k];
            for (; i < g->out_plane; i++) sum += dy[i];
            for (size_t k = 0; k < 8; k++) sum += part[k];
            db[c] += sum;
        }
}

static void conv_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct geometry g = conv_geometry(call);
    if (input == 2) {
        learn_bias(&g, dy, d);
        return;
    }
    const float *x = call->in[0].data;
    for (size_t s = 0; s < g.samples; s++) {
        float *dw = d;
        for (size_t i = 0; i < g.groups; i++) {
            if (!g.direct) unfold(&g, x, call->scratch);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)g.out_channels, (int)g.taps, (int)g.out_plane, 1,
                        dy, (int)g.out_plane, g.direct ? x : call->scratch, (int)g.out_plane, 1, dw, (int)g.taps);
            x += g.in_channels * g.in_plane;
            dy += g.out_channels * g.out_plane;
            dw += g.out_channels * g.taps;
        }
    }
}

const struct op op_conv = {
    .name = "Conv",
    .summary = "2-D convolution: any stride, padding, dilation, groups",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 3,
    .parse = conv_parse,
    .infer = conv_infer,
    .scratch = conv_scratch,
    .forward = conv_forward,
    .backward = conv_backward,
    .learn = conv_learn,
};
