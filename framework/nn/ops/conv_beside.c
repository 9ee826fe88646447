/* conv_beside.c: unfolds each sample, puts them side by side, multiplies, and takes them apart. */
#include "nn/ops/conv_beside.h"

#include "base/sizes.h"
#include "nn/ops/multiply.h"

#include <string.h>

/* Measured (docs/performance.md): larger planes fill the vectors by themselves. Forward, kernels/packed.h has several
 * taps as fast. */
#define MOST_POSITIONS 64u
#define LEAST_WEIGHTS 16384u

bool conv_beside_pays(const struct geometry *g, bool back) {
    const struct window_fit *f = &g->window.fit;
    bool single = f->kernel[0] * f->kernel[1] == 1, strided = f->stride[1] > 1;
    return g->window.flat && g->groups == 1 && (single || (back && strided)) && g->window.out_plane <= MOST_POSITIONS &&
           g->out_channels * g->window.taps >= LEAST_WEIGHTS;
}

static size_t columns_of(const struct geometry *g) {
    return g->samples * g->window.out_plane;
}

static struct product product_of(const struct geometry *g, bool back) {
    return conv_product(g, back, columns_of(g), columns_of(g), columns_of(g));
}

/* What is unfolded of all samples, and of one; the output of all; and the product's. */
struct room {
    float *wide, *one, *out, *product;
};

static struct room room_of(const struct geometry *g, float *scratch) {
    struct room r = {.wide = scratch};
    r.one = r.wide + size_up(g->window.taps * columns_of(g), 16);
    r.out = r.one + unfolded_size(&g->window);
    r.product = r.out + size_up(g->out_channels * columns_of(g), 16);
    return r;
}

size_t conv_beside_scratch(const struct op_call *call, const struct geometry *g) {
    struct product there = product_of(g, false), back = product_of(g, true);
    float *none = NULL;
    return (size_t)(room_of(g, none).product - none) +
           size_max(multiply_scratch(call, &there), multiply_scratch(call, &back));
}

/* wide[rows][samples][positions] and one[rows][positions], of that sample. */
static void put_beside(const struct geometry *g, size_t rows, size_t sample, const float *one, float *wide) {
    const size_t n = g->window.out_plane, step = columns_of(g);
    wide += sample * n;
    for (size_t i = 0; i < rows; i++) memcpy(wide + i * step, one + i * n, n * sizeof *wide);
}

static void take_apart(const struct geometry *g, size_t rows, size_t sample, const float *wide, float *one) {
    const size_t n = g->window.out_plane, step = columns_of(g);
    wide += sample * n;
    for (size_t i = 0; i < rows; i++) memcpy(one + i * n, wide + i * step, n * sizeof *one);
}

/* The unfolded samples side by side: in `wide`, or where they are. */
static const float *unfold_all(const struct op_call *call, const struct geometry *g, const float *x,
                               const struct room *r) {
    const struct unfold *u = &g->window;
    const size_t size = g->in_channels * u->in_plane;
    if (g->samples == 1 && u->same) return x;
    for (size_t s = 0; s < g->samples; s++, x += size) {
        float *one = g->samples == 1 ? r->wide : r->one;
        if (!u->same) unfold(u, call->team, 0, x, one);
        if (g->samples > 1) put_beside(g, u->taps, s, u->same ? x : one, r->wide);
    }
    return r->wide;
}

void conv_beside_forward(const struct op_call *call, const struct geometry *g, const float *x, const float *weights,
                         const float *bias, bool relu, float *y) {
    const struct room r = room_of(g, call->scratch);
    const size_t size = g->out_channels * g->window.out_plane;
    struct product p = product_of(g, false);
    p.a.data = weights;
    p.b.data = unfold_all(call, g, x, &r);
    p.c = g->samples == 1 ? y : r.out;
    p.row_bias = bias;
    p.relu = relu;
    multiply_run(call, &p, r.product);
    for (size_t s = 0; g->samples > 1 && s < g->samples; s++) take_apart(g, g->out_channels, s, r.out, y + s * size);
}

void conv_beside_back(const struct op_call *call, const struct geometry *g, const float *dy, const float *weights,
                      float *dx) {
    const struct unfold *u = &g->window;
    const struct room r = room_of(g, call->scratch);
    const size_t in = g->in_channels * u->in_plane, out = g->out_channels * u->out_plane;
    const bool alone = g->samples == 1;
    struct product p = product_of(g, true);
    for (size_t s = 0; !alone && s < g->samples; s++) put_beside(g, g->out_channels, s, dy + s * out, r.out);
    p.a.data = weights;
    p.b.data = alone ? dy : r.out;
    p.c = alone && u->same ? dx : r.wide;
    multiply_run(call, &p, r.product);
    for (size_t s = 0; s < g->samples; s++, dx += in) {
        float *one = u->same ? dx : r.one;
        if (!alone) take_apart(g, u->taps, s, r.wide, one);
        if (u->same) continue;
        memset(dx, 0, in * sizeof *dx);
        fold(u, call->team, 0, alone ? r.wide : one, dx);
    }
}
