/* conv.c: Conv in one to three dimensions, by whichever route is fastest: Winograd's method where the net says so,
 * kernels of our own where the processor has them and they pay, else unfolding and a product of matrices. A sample's
 * result never depends on its neighbours. */
#include "nn/ops/conv.h"

#include "base/sizes.h"
#include "nn/kernels/depthwise.h"
#include "nn/kernels/winograd.h"
#include "nn/ops/conv_beside.h"
#include "nn/ops/conv_learn.h"
#include "nn/ops/conv_packed.h"
#include "nn/ops/conv_sliding.h"
#include "nn/ops/multiply.h"

#include <string.h>

struct conv {
    struct window window;
    uint32_t groups;
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
    for (int axis = 0; axis < WINDOW_AXES; axis++)
        window.kernel[axis] = (uint32_t)window_size(&call->in[1].shape, axis);
    return window_place(&window, &call->in[0].shape, fit, e);
}

static bool conv_check(const struct op_call *call, struct error *e) {
    const struct conv *conv = call->node->config;
    const struct shape *x = &call->in[0].shape, *w = &call->in[1].shape;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    shape_text(x, a, sizeof a);
    shape_text(w, b, sizeof b);
    if (!window_weights(&conv->window, call, e)) return false;
    if (x->rank != w->rank || x->dim[1] != w->dim[1] * conv->groups || w->dim[0] % conv->groups != 0)
        return error_set(e, "input of shape %s does not fit weights of shape %s in %u groups", a, b, conv->groups);
    const struct shape *bias = op_present(call, 2) ? &call->in[2].shape : NULL;
    if (bias && (bias->rank != 1 || bias->dim[0] != w->dim[0]))
        return error_set(e, "bias of shape %s does not fit weights of shape %s", shape_text(bias, a, sizeof a), b);
    return true;
}

static bool conv_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct window_fit fit;
    if (!conv_check(call, e) || !conv_place(call, &fit, e)) return false;
    *out = call->in[0].shape;
    out->dim[1] = call->in[1].shape.dim[0];
    window_result(&fit, out);
    size_t taps = shape_count_from(&call->in[1].shape, 1);
    if ((size_t)(fit.out[0] * fit.out[1]) > 8 * OP_MAX_ELEMENTS / taps)
        return error_set(e, "the unfolded input has more than %zu elements", 8 * OP_MAX_ELEMENTS);
    return true;
}

static struct geometry geometry_on(const struct op_call *call, const struct window_fit *fit) {
    const struct conv *conv = call->node->config;
    const struct shape *x = &call->in[0].shape, *w = &call->in[1].shape;
    struct geometry g = {.samples = x->dim[0],
                         .groups = conv->groups,
                         .in_channels = w->dim[1],
                         .out_channels = w->dim[0] / conv->groups};
    unfold_init(&g.window, fit, g.in_channels);
    return g;
}

static struct geometry conv_geometry(const struct op_call *call) {
    struct window_fit fit;
    if (call->whole) window_part(call, &fit);
    else conv_place(call, &fit, NULL); /* infer has found it to fit */
    return geometry_on(call, &fit);
}

/* The geometry that says how it is computed, also for a part. */
static struct geometry whole_geometry(const struct op_call *call) {
    return call->whole ? geometry_on(call, call->whole) : conv_geometry(call);
}

/* Of Winograd's method an element depends on all that its tile sees. */
static bool conv_windows(const struct op_call *call, struct windows *w) {
    *w = (struct windows){.unit = call->fused && call->fused->winograd ? 4 : 1};
    return conv_place(call, &w->fit, NULL) && conv_geometry(call).window.flat;
}

/* ---- Winograd's method ---- */

/* Below this many tiles transforming the weights costs more than the products save: measured, docs/performance.md. */
#define LEAST_TILES 4
#define LEAST_CHANNELS 16

bool conv_winograd_fits(const struct op_call *call) {
    struct geometry g = conv_geometry(call);
    const struct window_fit *f = &g.window.fit;
    bool fits = g.groups == 1 && g.window.flat;
    for (int axis = 0; axis < 2; axis++)
        fits = fits && f->kernel[axis] == 3 && f->stride[axis] == 1 && f->dilation[axis] == 1 && f->before[axis] <= 2 &&
               f->after[axis] <= 2;
    return fits;
}

bool conv_winograd_pays(const struct op_call *call) {
    struct geometry g = conv_geometry(call);
    ptrdiff_t tiles = ((g.window.fit.out[0] + 3) / 4) * ((g.window.fit.out[1] + 3) / 4);
    return tiles >= LEAST_TILES && g.in_channels >= LEAST_CHANNELS && g.out_channels >= LEAST_CHANNELS;
}

static struct winograd winograd_of(const struct geometry *g) {
    const struct window_fit *f = &g->window.fit;
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
                             .before = {2 - w.before[0], 2 - w.before[1]},
                             .turned = true};
}

/* ---- Depthwise ---- */

static bool depthwise_of(const struct geometry *g, struct depthwise *d) {
    const struct window_fit *f = &g->window.fit;
    *d = (struct depthwise){.samples = g->samples, .channels = g->groups, .multiplier = g->out_channels};
    for (int axis = 0; axis < 2; axis++) {
        d->in[axis] = f->in[axis];
        d->out[axis] = f->out[axis];
        d->kernel[axis] = f->kernel[axis];
        d->stride[axis] = f->stride[axis];
        d->dilation[axis] = f->dilation[axis];
        d->before[axis] = f->before[axis];
    }
    return g->window.flat && g->groups > 1 && g->in_channels == 1 && depthwise_fits(d);
}

static const float *weights_of(const struct op_call *call) {
    return call->fused && call->fused->weights ? call->fused->weights : call->in[1].data;
}

static const float *bias_of(const struct op_call *call) {
    if (call->fused && call->fused->bias) return call->fused->bias;
    return op_present(call, 2) ? call->in[2].data : NULL;
}

/* ---- Unfolded ---- */

/* Positions that are multiplied at once: a slice, or all where nothing has to be unfolded. */
static size_t columns_of(const struct unfold *u) {
    return u->same ? u->out_plane : u->out_slice;
}

/* Of one sample and group. */
static struct product product_there(const struct geometry *g) {
    return conv_product(g, false, columns_of(&g->window), columns_of(&g->window), g->window.out_plane);
}

static struct product product_back(const struct geometry *g) {
    return conv_product(g, true, columns_of(&g->window), g->window.out_plane, columns_of(&g->window));
}

static size_t conv_scratch(const struct op_call *call) {
    struct geometry g = conv_geometry(call), how = whole_geometry(call);
    struct depthwise depthwise;
    struct packed packed;
    struct strided strided;
    struct sliding sliding;
    struct product there = product_there(&g), back = product_back(&g);
    size_t size = size_max(multiply_scratch(call, &there), multiply_scratch(call, &back));
    if (!g.window.same) size += unfolded_size(&g.window);
    if (depthwise_of(&g, &depthwise)) size = size_max(size, depthwise_scratch(&depthwise, call->workers));
    if (conv_beside_pays(&how, true)) size = size_max(size, conv_beside_scratch(call, &g));
    if (conv_packed_part(&how, &g, &packed)) size = size_max(size, packed_scratch(&packed, call->workers));
    if (conv_strided_init(&g, &strided)) size = size_max(size, strided_scratch(&strided, call->workers));
    if (conv_sliding_there(&g, &sliding)) size = size_max(size, sliding_scratch(&sliding, call->workers));
    if (call->training) size = size_max(size, conv_learn_scratch(call, &g));
    if (call->fused && call->fused->winograd) {
        struct winograd w = winograd_of(&g), turned = winograd_back(&g);
        size = size_max(size, size_max(winograd_scratch(&w, call->workers), winograd_scratch(&turned, call->workers)));
    }
    return size;
}

/* Where the arrays of every sample and group are. */
struct stack {
    const struct geometry *g;
    const float *from, *weights, *bias; /* bias: NULL: none */
    size_t from_size, to_size;          /* of one group of one sample */
    float *to;
};

static struct stack stack_of(const struct geometry *g, bool back, const float *from, const float *weights, float *to) {
    size_t in = g->in_channels * g->window.in_plane, out = g->out_channels * g->window.out_plane;
    return (struct stack){g, from, weights, NULL, back ? out : in, back ? in : out, to};
}

/* Group i % groups of sample i / groups. */
static void make_product(const void *user, size_t i, struct product *p) {
    const struct stack *s = user;
    size_t group = i % s->g->groups;
    p->a.data = s->weights + group * s->g->out_channels * s->g->window.taps;
    p->b.data = s->from + i * s->from_size;
    p->c = s->to + i * s->to_size;
    if (s->bias) p->row_bias = s->bias + group * s->g->out_channels;
}

static void unfolded_forward(const struct op_call *call, const struct geometry *g, const struct stack *s, bool relu) {
    const struct unfold *u = &g->window;
    struct product p = product_there(g);
    size_t count = g->samples * g->groups;
    p.relu = relu;
    if (u->same) {
        multiply_many(call, count, &p, make_product, s, call->scratch);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t z = 0; z < u->slices; z++) {
            struct product one = p;
            make_product(s, i, &one);
            unfold(u, call->team, z, one.b.data, call->scratch);
            one.b.data = call->scratch;
            one.c += z * p.columns;
            multiply_run(call, &one, call->scratch + unfolded_size(u));
        }
}

static void unfolded_backward(const struct op_call *call, const struct geometry *g, const struct stack *s) {
    const struct unfold *u = &g->window;
    struct product p = product_back(g);
    size_t count = g->samples * g->groups;
    if (u->same) {
        multiply_many(call, count, &p, make_product, s, call->scratch);
        return;
    }
    memset(s->to, 0, count * s->to_size * sizeof *s->to);
    for (size_t i = 0; i < count; i++)
        for (size_t z = 0; z < u->slices; z++) {
            struct product one = p;
            make_product(s, i, &one);
            one.b.data += z * p.columns;
            one.c = call->scratch;
            multiply_run(call, &one, call->scratch + unfolded_size(u));
            fold(u, call->team, z, call->scratch, s->to + i * s->to_size);
        }
}

static void conv_forward(const struct op_call *call) {
    struct geometry g = conv_geometry(call), how = whole_geometry(call);
    const float *bias = bias_of(call), *x = call->in[0].data, *w = weights_of(call);
    bool relu = call->fused && call->fused->relu;
    struct depthwise depthwise;
    struct packed packed;
    struct sliding sliding;
    float *y = call->out.data;
    if (call->fused && call->fused->winograd) {
        struct winograd winograd = winograd_of(&g);
        winograd.relu = relu;
        winograd.factors = call->fused->factors;
        winograd_run(&winograd, call->team, x, w, bias, y, call->scratch);
        return;
    }
    if (depthwise_of(&how, &depthwise) && depthwise_of(&g, &depthwise)) {
        depthwise_forward(&depthwise, call->team, x, w, bias, relu, y, call->scratch);
        return;
    }
    size_t in = g.in_channels * g.window.in_plane, out = g.out_channels * g.window.out_plane;
    if (multiply_own(call) && conv_beside_pays(&how, false)) {
        conv_beside_forward(call, &g, x, w, bias, relu, y);
        return;
    }
    bool own = conv_packed_part(&how, &g, &packed);
    packed.relu = relu;
    if ((call->training || (!own && conv_sliding_pays(&g))) && conv_sliding_there(&g, &sliding)) {
        sliding.relu = relu;
        for (size_t i = 0; i < g.groups; i++)
            sliding_run(&sliding, call->team, x + i * in, w + i * g.out_channels * g.window.taps,
                        bias ? bias + i * g.out_channels : NULL, y + i * out, call->scratch);
        return;
    }
    if (!own) {
        struct stack stack = stack_of(&g, false, x, w, y);
        stack.bias = bias;
        unfolded_forward(call, &g, &stack, relu);
        return;
    }
    for (size_t i = 0; i < g.groups; i++)
        packed_run(&packed, call->team, x + i * in, w + i * g.out_channels * g.window.taps,
                   bias ? bias + i * g.out_channels : NULL, y + i * out, call->scratch);
}

static void conv_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct geometry g = conv_geometry(call);
    const float *w = weights_of(call);
    struct depthwise depthwise;
    struct strided strided;
    struct sliding sliding;
    if (call->fused && call->fused->winograd) {
        struct winograd winograd = winograd_back(&g);
        winograd.factors = call->fused->factors;
        winograd_run(&winograd, call->team, dy, w, NULL, dx, call->scratch);
        return;
    }
    if (depthwise_of(&g, &depthwise)) {
        depthwise_backward(&depthwise, call->team, dy, w, dx, call->scratch);
        return;
    }
    size_t in = g.in_channels * g.window.in_plane, out = g.out_channels * g.window.out_plane;
    if (call->training && conv_sliding_back(&g, &sliding)) {
        for (size_t i = 0; i < g.groups; i++)
            sliding_run(&sliding, call->team, dy + i * out, w + i * g.out_channels * g.window.taps, NULL, dx + i * in,
                        call->scratch);
        return;
    }
    if (multiply_own(call) && conv_beside_pays(&g, true)) {
        conv_beside_back(call, &g, dy, w, dx);
        return;
    }
    if (!conv_strided_init(&g, &strided)) {
        struct stack stack = stack_of(&g, true, dy, w, dx);
        unfolded_backward(call, &g, &stack);
        return;
    }
    for (size_t i = 0; i < g.groups; i++)
        strided_back(&strided, call->team, dy + i * out, w + i * g.out_channels * g.window.taps, dx + i * in,
                     call->scratch);
}

static void learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct geometry g = conv_geometry(call);
    conv_learn(call, &g, input, dy, d);
}

const struct op op_conv = {
    .name = "Conv",
    .summary = "1-D to 3-D convolution: any stride, padding, dilation, groups",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 3,
    .parse = conv_parse,
    .infer = conv_infer,
    .scratch = conv_scratch,
    .forward = conv_forward,
    .windows = conv_windows,
    .backward = conv_backward,
    .learn = learn,
};
