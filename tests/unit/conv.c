/* Conv by each of its routes, forward and back, against sums in double precision; and every sample has the same bits
 * alone and in a batch, by any number of threads. */
#include "base/cpu.h"
#include "base/rng.h"
#include "nn/graph.h"
#include "nn/kernels/depthwise_frames.h"
#include "nn/net.h"
#include "nn/ops/conv_beside.h"
#include "nn/ops/conv_packed.h"
#include "wide.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 3u

/* Vertical and horizontal sizes differ, so that a mistaken axis is seen. */
struct conv_case {
    const char *name;
    size_t in, out, groups; /* channels */
    ptrdiff_t height, width, kernel[2], stride[2], dilation[2], pads[4];
};

static const struct conv_case cases[] = {
    {"stride 2, many taps", 3, 20, 1, 41, 38, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}},
    {"stride 2, two chunks", 40, 13, 1, 13, 17, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {"stride 1 by 2, much padding", 16, 18, 1, 9, 11, {3, 4}, {1, 2}, {1, 1}, {2, 0, 1, 3}},
    {"small plane", 80, 27, 1, 7, 7, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {"small plane, deep", 300, 17, 1, 3, 5, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {"one position", 70, 12, 1, 3, 2, {3, 2}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {"two groups, stride 2", 44, 30, 2, 9, 10, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {"small plane, dilated", 12, 14, 1, 8, 7, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}},
    {"stride 1, 5x5", 6, 5, 1, 20, 25, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    {"stride 3", 5, 4, 1, 31, 40, {6, 5}, {3, 3}, {1, 1}, {1, 2, 0, 1}},
    {"1x1", 30, 7, 1, 20, 15, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {"stride 2, 1x1", 20, 14, 1, 9, 12, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {"stride 2, 1x1, padding", 5, 13, 1, 8, 9, {1, 1}, {2, 2}, {1, 1}, {1, 2, 1, 0}},
    {"stride 2 by 1, more padding than kernel", 5, 15, 1, 7, 6, {2, 2}, {2, 1}, {1, 1}, {3, 2, 3, 2}},
    {"stride 2, several blocks and groups of rows", 70, 40, 1, 27, 39, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {"stride 1, wide", 11, 14, 1, 26, 27, {5, 3}, {1, 1}, {1, 1}, {2, 0, 1, 2}},
    {"height 1", 9, 6, 3, 1, 50, {1, 5}, {1, 2}, {1, 1}, {0, 2, 0, 2}},
    {"beside, 1x1", 300, 60, 1, 7, 7, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {"beside, 1x1 of stride 2 with padding", 150, 120, 1, 9, 8, {1, 1}, {2, 2}, {1, 1}, {1, 0, 1, 2}},
    {"beside, 3x3 of stride 2", 48, 40, 1, 13, 12, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {"beside, dilated", 60, 50, 1, 8, 9, {3, 2}, {1, 2}, {2, 1}, {1, 0, 2, 1}},
    {"depthwise", 5, 5, 5, 19, 14, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"depthwise, short rows", 4, 4, 4, 9, 5, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    {"depthwise, stride 2", 6, 6, 6, 23, 37, {5, 3}, {2, 2}, {1, 1}, {2, 1, 2, 1}},
    {"depthwise, several outputs", 3, 9, 3, 12, 21, {3, 4}, {1, 2}, {1, 1}, {0, 1, 1, 2}},
    {"depthwise, stride 3 and 4", 3, 6, 3, 20, 33, {4, 2}, {3, 4}, {1, 1}, {1, 0, 2, 1}},
    {"depthwise, dilated", 4, 4, 4, 17, 18, {3, 3}, {1, 2}, {3, 2}, {3, 2, 3, 2}},
    {"depthwise, more padding than kernel", 3, 3, 3, 4, 6, {2, 2}, {2, 1}, {1, 1}, {5, 4, 3, 6}},
    {"depthwise, 1x1", 3, 3, 3, 5, 9, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
};
#define CASES (sizeof cases / sizeof *cases)

static ptrdiff_t extent(const struct conv_case *c, int axis) {
    ptrdiff_t room = (axis ? c->width : c->height) + c->pads[axis] + c->pads[axis + 2];
    return (room - (c->kernel[axis] - 1) * c->dilation[axis] - 1) / c->stride[axis] + 1;
}

static float *normal(size_t n, uint64_t seed) {
    float *data = malloc(n * sizeof *data);
    cr_assert_not_null(data);
    rng_fill_normal(seed, 0, n, data);
    return data;
}

/* ---- In double precision: the mean of every channel of the output, and its gradient ---- */

struct visit {
    const struct conv_case *conv;
    const float *w, *x; /* of one sample */
    size_t channel;     /* of the output */
    double *dx;         /* NULL: not wanted */
};

/* What position (oy, ox) sees of input channel `from`; with dx, where it sees it. */
static double see(const struct visit *v, size_t from, ptrdiff_t oy, ptrdiff_t ox) {
    const struct conv_case *c = v->conv;
    size_t per_group = c->in / c->groups, plane = v->channel / (c->out / c->groups) * per_group + from;
    double sum = 0;
    for (ptrdiff_t ky = 0; ky < c->kernel[0]; ky++)
        for (ptrdiff_t kx = 0; kx < c->kernel[1]; kx++) {
            ptrdiff_t y = oy * c->stride[0] + ky * c->dilation[0] - c->pads[0];
            ptrdiff_t x = ox * c->stride[1] + kx * c->dilation[1] - c->pads[1];
            if (y < 0 || x < 0 || y >= c->height || x >= c->width) continue;
            size_t at = plane * (size_t)(c->height * c->width) + (size_t)(y * c->width + x);
            size_t k = ((v->channel * per_group + from) * (size_t)c->kernel[0] + (size_t)ky) * (size_t)c->kernel[1] +
                       (size_t)kx;
            sum += (double)v->w[k] * (double)v->x[at];
            if (v->dx) v->dx[at] += (double)v->w[k] / (double)(extent(c, 0) * extent(c, 1));
        }
    return sum;
}

/* `relu`: of the positions, whose gradient is then not wanted. */
static double mean(const struct visit *v, float bias, bool relu) {
    double sum = 0;
    for (ptrdiff_t oy = 0; oy < extent(v->conv, 0); oy++)
        for (ptrdiff_t ox = 0; ox < extent(v->conv, 1); ox++) {
            double position = (double)bias;
            for (size_t from = 0; from < v->conv->in / v->conv->groups; from++) position += see(v, from, oy, ox);
            sum += relu && position < 0 ? 0 : position;
        }
    return sum / (double)(extent(v->conv, 0) * extent(v->conv, 1));
}

/* ---- The same by a net ---- */

static struct graph *make_graph(const struct conv_case *c, const float *w, const float *bias, bool relu) {
    struct graph *g;
    struct error e = {""};
    int64_t pads[4], strides[2], dilations[2];
    for (int i = 0; i < 4; i++) pads[i] = c->pads[i];
    for (int i = 0; i < 2; i++) strides[i] = c->stride[i], dilations[i] = c->dilation[i];
    const struct attribute attributes[] = {{.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pads, .count = 4},
                                           {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = strides, .count = 2},
                                           {.name = "dilations", .kind = ATTRIBUTE_INTS, .ints = dilations, .count = 2},
                                           {.name = "group", .kind = ATTRIBUTE_INT, .integer = (int64_t)c->groups}};
    struct shape in = {4, {1, c->in, (size_t)c->height, (size_t)c->width}};
    struct shape weights = {4, {c->out, c->in / c->groups, (size_t)c->kernel[0], (size_t)c->kernel[1]}};
    const char *conv = "conv", *last = relu ? "relu" : "conv";
    bool ok = graph_create(&g, &e) && graph_add_input(g, "x", &in, &e) &&
              graph_add_parameter(g, "w", &weights, w, &e) &&
              graph_add_parameter(g, "b", &(struct shape){1, {c->out}}, bias, &e) &&
              graph_add_node(g, "Conv", "conv", (const char *[]){"x", "w", "b"}, 3, &conv, 1, attributes, 4, &e) &&
              (!relu || graph_add_node(g, "Relu", "relu", &conv, 1, &last, 1, NULL, 0, &e)) &&
              graph_add_node(g, "GlobalAveragePool", "p", &last, 1, (const char *[]){"p"}, 1, NULL, 0, &e) &&
              graph_add_node(g, "Flatten", "f", (const char *[]){"p"}, 1, (const char *[]){"f"}, 1, NULL, 0, &e) &&
              graph_finish(g, "f", &e);
    cr_assert(ok, "%s: %s", c->name, e.text);
    return g;
}

struct results {
    float *logits, *maps;
};

/* By a team of that many. */
static void run(const struct conv_case *c, struct graph *g, unsigned workers, uint32_t n, const float *x,
                struct results *r) {
    static const uint32_t targets[SAMPLES] = {0, 2, 1};
    struct error e = {""};
    struct weights *weights;
    struct net *net;
    struct thread_team *team;
    cr_assert(weights_create(g, &weights, &e) && thread_team_create(workers, &team, &e) &&
                  net_create_with(weights, &(struct net_options){.conv = CONV_DIRECT}, &net, &e),
              "%s: %s", c->name, e.text);
    net_share(net, team);
    cr_assert(net_forward(net, n, x, r->logits, &e) &&
                  net_gradient(net, NET_GRADIENT, n, x, n == 1 ? targets + SAMPLES - 1 : targets, r->maps, &e),
              "%s: %s", c->name, e.text);
    thread_team_destroy(team);
    net_destroy(net);
    weights_destroy(weights);
}

static void expect_close(const struct conv_case *c, const char *what, const float *found, const double *wanted,
                         size_t n) {
    double difference = 0, size = 1e-30;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)found[i] - wanted[i]) * ((double)found[i] - wanted[i]);
        size += wanted[i] * wanted[i];
    }
    cr_expect_lt(sqrt(difference / size), 2e-6, "%s: %s: %g", c->name, what, sqrt(difference / size));
}

static void check_case(const struct conv_case *c, bool relu) {
    size_t sample = c->in * (size_t)(c->height * c->width);
    float *x = normal(SAMPLES * sample, 1), *bias = normal(c->out, 3);
    float *w = normal(c->out * c->in / c->groups * (size_t)(c->kernel[0] * c->kernel[1]), 2);
    struct graph *g = make_graph(c, w, bias, relu);
    struct results all = {normal(SAMPLES * c->out, 4), normal(SAMPLES * sample, 5)},
                   one = {normal(c->out, 6), normal(sample, 7)};
    double *wanted = calloc(c->out + sample, sizeof *wanted), *dx = wanted + c->out;
    const size_t last = SAMPLES - 1, target = 1;
    run(c, g, 1, SAMPLES, x, &all);
    for (unsigned workers = 1; workers <= 3; workers++) {
        run(c, g, workers, 1, x + last * sample, &one);
        cr_expect_arr_eq(one.logits, all.logits + last * c->out, c->out * sizeof *one.logits, "%s: forward", c->name);
        cr_expect_arr_eq(one.maps, all.maps + last * sample, sample * sizeof *one.maps, "%s: backward", c->name);
    }
    for (size_t k = 0; k < c->out; k++) {
        struct visit v = {c, w, x + last * sample, k, k == target ? dx : NULL};
        wanted[k] = mean(&v, bias[k], relu);
    }
    expect_close(c, "forward", one.logits, wanted, c->out);
    if (!relu) expect_close(c, "backward", one.maps, dx, sample);
    graph_destroy(g);
    free(x), free(w), free(bias), free(wanted);
    free(all.logits), free(all.maps), free(one.logits), free(one.maps);
}

Test(conv, agrees_with_sums_in_double_precision) {
    for (size_t i = 0; i < CASES; i++) {
        check_case(&cases[i], false);
        check_case(&cases[i], true);
    }
}

static struct geometry geometry_of(const struct conv_case *c) {
    struct window_fit fit;
    struct geometry g = {
        .samples = SAMPLES, .groups = c->groups, .in_channels = c->in / c->groups, .out_channels = c->out / c->groups};
    memset(&fit, 0, sizeof fit);
    for (int axis = 0; axis < 2; axis++) {
        fit.in[axis] = axis ? c->width : c->height;
        fit.out[axis] = extent(c, axis);
        fit.kernel[axis] = c->kernel[axis];
        fit.stride[axis] = c->stride[axis];
        fit.dilation[axis] = c->dilation[axis];
        fit.before[axis] = c->pads[axis];
    }
    fit.in[WINDOW_DEEP] = fit.out[WINDOW_DEEP] = fit.kernel[WINDOW_DEEP] = 1;
    fit.stride[WINDOW_DEEP] = fit.dilation[WINDOW_DEEP] = 1;
    unfold_init(&g.window, &fit, g.in_channels);
    return g;
}

static bool depthwise_of(const struct conv_case *c, const struct geometry *g, struct depthwise *d) {
    const struct window_fit *fit = &g->window.fit;
    *d = (struct depthwise){.samples = SAMPLES, .channels = c->in, .multiplier = c->out / c->in};
    for (int axis = 0; axis < 2; axis++) {
        d->in[axis] = fit->in[axis];
        d->out[axis] = fit->out[axis];
        d->kernel[axis] = fit->kernel[axis];
        d->stride[axis] = fit->stride[axis];
        d->dilation[axis] = fit->dilation[axis];
        d->before[axis] = fit->before[axis];
    }
    return c->in == c->groups && depthwise_fits(d);
}

/* Otherwise the test above would say nothing about them. */
Test(conv, the_cases_take_every_route) {
    size_t packed = 0, strided = 0, depthwise = 0, beside = 0;
    for (size_t i = 0; i < CASES; i++) {
        const struct conv_case *c = &cases[i];
        struct geometry g = geometry_of(c);
        struct depthwise d;
        struct packed p;
        struct strided s;
        beside += (size_t)conv_beside_pays(&g, false) + conv_beside_pays(&g, true);
        packed += !conv_beside_pays(&g, false) && conv_packed_init(&g, &p);
        strided += !conv_beside_pays(&g, true) && c->in > c->groups && conv_strided_init(&g, &s);
        depthwise += depthwise_of(c, &g, &d);
    }
    cr_expect_eq(beside, 6);
    if (cpu_route() < CPU_AVX2) cr_skip_test("this processor has none of our own kernels");
    cr_expect_eq(packed, 11);
    cr_expect_eq(strided, 7);
    cr_expect_eq(depthwise, 8);
}

/* ---- All bodies make the same bits, with any team ---- */

/* NaN everywhere: whatever is read before it is written is seen in the result. */
static float *nowhere(size_t n) {
    float *data = malloc(n * sizeof *data);
    cr_assert_not_null(data);
    return memset(data, 0xff, n * sizeof *data);
}

/* The bodies of 512-bit vectors, in narrower ones where the processor has none. */
#if defined __x86_64__
#define WIDEST(KERNEL) (cpu_has(CPU_AVX512) ? &KERNEL##_avx512 : &KERNEL##_wide)
#else
#define WIDEST(KERNEL) (&KERNEL##_wide)
#endif

static void check_packed(const struct conv_case *c, const struct packed *p, struct thread_team *team) {
    const struct packed_body *bodies[] = {&packed_avx2, WIDEST(packed)};
    float *x = normal(SAMPLES * p->in_step, 1), *w = normal(p->rows * p->channels * p->taps[0] * p->taps[1], 2);
    float *bias = normal(p->rows, 3), *y[2];
    for (int i = 0; i < 2; i++) {
        float *scratch = nowhere(packed_scratch_with(bodies[i], p, i ? thread_team_size(team) : 1));
        y[i] = nowhere(SAMPLES * p->to_step);
        bodies[i]->run(p, i ? team : NULL, x, w, bias, y[i], scratch);
        free(scratch);
    }
    cr_expect_arr_eq(y[0], y[1], SAMPLES * p->to_step * sizeof **y, "%s: packed", c->name);
    free(x), free(w), free(bias), free(y[0]), free(y[1]);
}

static void check_strided(const struct conv_case *c, const struct strided *s, struct thread_team *team) {
    const struct strided_body *bodies[] = {&strided_avx2, WIDEST(strided)};
    float *dy = normal(SAMPLES * s->out_step, 1), *dx[2];
    float *w = normal(s->in_channels * s->out_channels * s->kernel[0] * s->kernel[1], 2);
    for (int i = 0; i < 2; i++) {
        float *scratch = nowhere(strided_scratch_with(bodies[i], s, i ? thread_team_size(team) : 1));
        dx[i] = nowhere(SAMPLES * s->in_step);
        bodies[i]->run(s, i ? team : NULL, dy, w, dx[i], scratch);
        free(scratch);
    }
    cr_expect_arr_eq(dx[0], dx[1], SAMPLES * s->in_step * sizeof **dx, "%s: strided", c->name);
    free(dy), free(w), free(dx[0]), free(dx[1]);
}

#if defined __x86_64__
static void check_depthwise(const struct conv_case *c, const struct depthwise *d, struct thread_team *team) {
    const struct depthwise_body *bodies[] = {&depthwise_avx2, &depthwise_avx512};
    size_t in = SAMPLES * c->in * (size_t)(c->height * c->width);
    size_t out = SAMPLES * c->out * (size_t)(extent(c, 0) * extent(c, 1));
    float *x = normal(in, 1), *dy = normal(out, 2), *bias = normal(c->out, 3), *y[2], *dx[2];
    float *w = normal(c->out * (size_t)(c->kernel[0] * c->kernel[1]), 4);
    for (int i = 0; i < 2; i++) {
        float *scratch = nowhere(depthwise_scratch(d, i ? thread_team_size(team) : 1));
        struct depthwise_job there = {.d = d, .from = x, .weights = w, .bias = bias, .relu = true, .scratch = scratch};
        struct depthwise_job back = {.d = d, .from = dy, .weights = w, .scratch = scratch};
        there.to = y[i] = nowhere(out);
        back.to = dx[i] = nowhere(in);
        depthwise_run_with(bodies[i], &there, i ? team : NULL, false);
        depthwise_run_with(bodies[i], &back, i ? team : NULL, true);
        free(scratch);
    }
    cr_expect_arr_eq(y[0], y[1], out * sizeof **y, "%s: depthwise", c->name);
    cr_expect_arr_eq(dx[0], dx[1], in * sizeof **dx, "%s: depthwise, back", c->name);
    free(x), free(dy), free(bias), free(w), free(y[0]), free(y[1]), free(dx[0]), free(dx[1]);
}
#endif

Test(conv, all_bodies_make_the_same_bits) {
    struct thread_team *team;
    struct error e;
    if (cpu_route() < CPU_AVX2) cr_skip_test("this processor has none of our own kernels");
    cr_assert(thread_team_create(3, &team, &e), "%s", e.text);
    for (size_t i = 0; i < CASES; i++) {
        struct geometry g = geometry_of(&cases[i]);
        struct packed p;
        struct strided s;
        bool packs = conv_packed_init(&g, &p);
        p.relu = i % 2;
        if (packs) check_packed(&cases[i], &p, team);
        if (conv_strided_init(&g, &s)) check_strided(&cases[i], &s, team);
#if defined __x86_64__
        struct depthwise d;
        if (cpu_has(CPU_AVX512) && depthwise_of(&cases[i], &g, &d)) check_depthwise(&cases[i], &d, team);
#endif
    }
    thread_team_destroy(team);
}
