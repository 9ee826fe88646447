/* conv_transpose.c: ConvTranspose, the transpose of a Conv (Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4): its
 * forward pass is that convolution's way back and the other way round. */
#include "base/sizes.h"
#include "nn/ops/multiply.h"
#include "nn/ops/unfold.h"

#include <cblas.h>
#include <string.h>

struct transpose {
    struct window window;
    uint32_t groups;
    uint32_t more[WINDOW_AXES]; /* output_padding: elements behind the last that a window reaches */
    uint32_t size[WINDOW_AXES]; /* output_shape; 0: not given */
};

/* Of one call; channels are those of one group. `window` is that of the convolution: its input is our output. */
struct geometry {
    struct unfold window;
    size_t samples, groups;
    size_t in_channels, out_channels;
    bool direct; /* nothing to fold */
};

static bool transpose_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t groups;
    struct transpose *t = op_config(node, sizeof *t, e);
    if (!t || !window_parse(node, &t->window, e) || !op_integer(node, "group", 1, INT32_MAX, 1, &groups, e))
        return false;
    uint32_t more[WINDOW_AXES], size[WINDOW_AXES];
    size_t axes = t->window.axes ? t->window.axes : WINDOW_AXES;
    t->groups = (uint32_t)groups;
    if (!op_sizes(node, "output_padding", 0, WINDOW_MOST, 0, more, axes, e) ||
        !op_sizes(node, "output_shape", 1, OP_MAX_ELEMENTS, 0, size, axes, e))
        return false;
    for (size_t i = 0; i < axes; i++) {
        t->more[window_axis(i, axes)] = more[i];
        t->size[window_axis(i, axes)] = size[i];
    }
    return true;
}

/* The output as the padding leaves it, or the padding that the wanted output leaves. */
static bool place_axis(const struct transpose *t, struct window_fit *f, int axis, struct error *e) {
    enum auto_pad pad = t->window.auto_pad;
    bool same = pad == PAD_SAME_UPPER || pad == PAD_SAME_LOWER;
    ptrdiff_t reach =
        (f->out[axis] - 1) * f->stride[axis] + (f->kernel[axis] - 1) * f->dilation[axis] + 1 + (ptrdiff_t)t->more[axis];
    ptrdiff_t wanted = t->size[axis] ? (ptrdiff_t)t->size[axis] : same ? f->out[axis] * f->stride[axis] : 0;
    if (wanted) {
        ptrdiff_t total = reach > wanted ? reach - wanted : 0;
        f->before[axis] = pad == PAD_SAME_UPPER ? total / 2 : total - total / 2;
        f->after[axis] = total - f->before[axis];
        f->in[axis] = wanted;
        return true;
    }
    if (pad == PAD_GIVEN) {
        f->before[axis] = t->window.before[axis];
        f->after[axis] = t->window.after[axis];
    }
    f->in[axis] = reach - f->before[axis] - f->after[axis];
    return f->in[axis] > 0 || error_set(e, "padding of %td and %td leaves nothing of an output of %td", f->before[axis],
                                        f->after[axis], reach);
}

static bool transpose_place(const struct op_call *call, struct window_fit *f, struct error *e) {
    const struct transpose *t = call->node->config;
    memset(f, 0, sizeof *f);
    for (int axis = 0; axis < WINDOW_AXES; axis++) {
        f->out[axis] = (ptrdiff_t)window_size(&call->in[0].shape, axis);
        f->kernel[axis] = (ptrdiff_t)window_size(&call->in[1].shape, axis);
        f->stride[axis] = t->window.stride[axis];
        f->dilation[axis] = t->window.dilation[axis];
        if (!place_axis(t, f, axis, e)) return false;
    }
    return true;
}

static bool transpose_check(const struct op_call *call, struct error *e) {
    const struct transpose *t = call->node->config;
    const struct shape *x = &call->in[0].shape, *w = &call->in[1].shape;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    shape_text(x, a, sizeof a);
    shape_text(w, b, sizeof b);
    if (!window_weights(&t->window, call, e)) return false;
    if (x->rank != w->rank || x->dim[1] != w->dim[0] || w->dim[0] % t->groups != 0 ||
        (t->window.axes && t->window.axes + 2 != w->rank) || w->dim[1] > OP_MAX_ELEMENTS / t->groups)
        return error_set(e, "input of shape %s does not fit weights of shape %s in %u groups", a, b, t->groups);
    for (int axis = 0; axis < WINDOW_AXES; axis++)
        if (window_size(x, axis) > OP_MAX_ELEMENTS) return error_set(e, "input of shape %s is too large", a);
    const struct shape *bias = op_present(call, 2) ? &call->in[2].shape : NULL;
    if (bias && (bias->rank != 1 || bias->dim[0] != w->dim[1] * t->groups))
        return error_set(e, "bias of shape %s does not fit weights of shape %s in %u groups",
                         shape_text(bias, a, sizeof a), b, t->groups);
    return true;
}

static bool transpose_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct transpose *t = call->node->config;
    struct window_fit fit;
    char text[OP_SHAPE_TEXT];
    if (!transpose_check(call, e) || !transpose_place(call, &fit, e)) return false;
    *out = call->in[0].shape;
    out->dim[1] = call->in[1].shape.dim[1] * t->groups;
    size_t room = OP_MAX_ELEMENTS;
    for (uint32_t i = 2; i < out->rank; i++) {
        out->dim[i] = (size_t)fit.in[window_axis(i - 2, out->rank - 2)];
        room /= out->dim[i];
    }
    if (room == 0)
        return error_set(e, "its output is %s: at most %zu elements", shape_text(out, text, sizeof text),
                         OP_MAX_ELEMENTS);
    size_t taps = shape_count_from(&call->in[1].shape, 1);
    if ((size_t)(fit.out[0] * fit.out[1]) > 8 * OP_MAX_ELEMENTS / taps)
        return error_set(e, "the unfolded output has more than %zu elements", 8 * OP_MAX_ELEMENTS);
    return true;
}

static struct geometry transpose_geometry(const struct op_call *call) {
    const struct transpose *t = call->node->config;
    const struct shape *w = &call->in[1].shape;
    struct geometry g = {.samples = call->in[0].shape.dim[0],
                         .groups = t->groups,
                         .in_channels = w->dim[0] / t->groups,
                         .out_channels = w->dim[1]};
    struct window_fit fit;
    transpose_place(call, &fit, NULL); /* infer has found it to fit */
    unfold_init(&g.window, &fit, g.out_channels);
    g.direct = g.window.same && g.window.in_plane == g.window.out_plane;
    return g;
}

/* Positions that are multiplied at once: a slice, or all where nothing is folded. */
static size_t at_once(const struct geometry *g) {
    return g->direct ? g->window.out_plane : g->window.out_slice;
}

/* Of one sample and group: what is to be folded = w' x, dx = w what is unfolded of dy. */
static struct product product_there(const struct geometry *g) {
    return (struct product){.rows = g->window.taps,
                            .columns = at_once(g),
                            .depth = g->in_channels,
                            .a = product_factor(NULL, g->window.taps, true),
                            .b = product_factor(NULL, g->window.out_plane, false),
                            .c_row = at_once(g),
                            .scale = 1};
}

static struct product product_back(const struct geometry *g) {
    return (struct product){.rows = g->in_channels,
                            .columns = at_once(g),
                            .depth = g->window.taps,
                            .a = product_factor(NULL, g->window.taps, false),
                            .b = product_factor(NULL, at_once(g), false),
                            .c_row = g->window.out_plane,
                            .scale = 1};
}

static size_t transpose_scratch(const struct op_call *call) {
    struct geometry g = transpose_geometry(call);
    struct product there = product_there(&g), back = product_back(&g);
    size_t size = size_max(multiply_scratch(call, &there), multiply_scratch(call, &back));
    return g.direct ? size : size + unfolded_size(&g.window);
}

static void add_bias(const struct geometry *g, const float *bias, float *y) {
    for (size_t c = 0; c < g->groups * g->out_channels; c++, y += g->window.in_plane)
        for (size_t i = 0; i < g->window.in_plane; i++) y[i] += bias[c];
}

/* What is behind the unfolded image. */
static float *product_scratch_of(const struct op_call *call, const struct geometry *g) {
    return call->scratch + (g->direct ? 0 : unfolded_size(&g->window));
}

static void transpose_forward(const struct op_call *call) {
    struct geometry g = transpose_geometry(call);
    const struct unfold *u = &g.window;
    const size_t n = at_once(&g);
    const float *x = call->in[0].data;
    float *y = call->out.data;
    for (size_t s = 0; s < g.samples; s++) {
        const float *w = call->in[1].data;
        float *first = y;
        for (size_t i = 0; i < g.groups; i++) {
            if (!g.direct) memset(y, 0, g.out_channels * u->in_plane * sizeof *y);
            for (size_t z = 0; z * n < u->out_plane; z++) {
                struct product p = product_there(&g);
                p.a.data = w;
                p.b.data = x + z * n;
                p.c = g.direct ? y : call->scratch;
                multiply_run(call, &p, product_scratch_of(call, &g));
                if (!g.direct) fold(u, call->team, z, call->scratch, y);
            }
            x += g.in_channels * u->out_plane;
            y += g.out_channels * u->in_plane;
            w += g.in_channels * u->taps;
        }
        if (op_present(call, 2)) add_bias(&g, call->in[2].data, first);
    }
}

/* What every tap sees of the gradient of one group's output in a slice. */
static const float *columns_of(const struct op_call *call, const struct geometry *g, size_t slice, const float *dy) {
    if (g->direct) return dy;
    unfold(&g->window, call->team, slice, dy, call->scratch);
    return call->scratch;
}

static void transpose_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct geometry g = transpose_geometry(call);
    const struct unfold *u = &g.window;
    const size_t n = at_once(&g);
    for (size_t s = 0; s < g.samples; s++) {
        const float *w = call->in[1].data;
        for (size_t i = 0; i < g.groups; i++) {
            for (size_t z = 0; z * n < u->out_plane; z++) {
                struct product p = product_back(&g);
                p.a.data = w;
                p.b.data = columns_of(call, &g, z, dy);
                p.c = dx + z * n;
                multiply_run(call, &p, product_scratch_of(call, &g));
            }
            dx += g.in_channels * u->out_plane;
            dy += g.out_channels * u->in_plane;
            w += g.in_channels * u->taps;
        }
    }
}

static void learn_bias(const struct geometry *g, const float *dy, float *db) {
    for (size_t s = 0; s < g->samples; s++)
        for (size_t c = 0; c < g->groups * g->out_channels; c++, dy += g->window.in_plane) {
            double sum = 0;
            for (size_t i = 0; i < g->window.in_plane; i++) sum += (double)dy[i];
            db[c] += (float)sum;
        }
}

static void transpose_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct geometry g = transpose_geometry(call);
    const struct unfold *u = &g.window;
    const size_t n = at_once(&g);
    const float *x = call->in[0].data;
    if (input == 2) {
        learn_bias(&g, dy, d);
        return;
    }
    for (size_t s = 0; s < g.samples; s++) {
        float *dw = d;
        for (size_t i = 0; i < g.groups; i++) {
            for (size_t z = 0; z * n < u->out_plane; z++)
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)g.in_channels, (int)u->taps, (int)n, 1,
                            x + z * n, (int)u->out_plane, columns_of(call, &g, z, dy), (int)n, 1, dw, (int)u->taps);
            x += g.in_channels * u->out_plane;
            dy += g.out_channels * u->in_plane;
            dw += g.in_channels * u->taps;
        }
    }
}

const struct op op_convtranspose = {
    .name = "ConvTranspose",
    .summary = "transpose of a 1-D to 3-D convolution: any stride, padding, dilation, groups, output size",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 3,
    .parse = transpose_parse,
    .infer = transpose_infer,
    .scratch = transpose_scratch,
    .forward = transpose_forward,
    .backward = transpose_backward,
    .learn = transpose_learn,
};
