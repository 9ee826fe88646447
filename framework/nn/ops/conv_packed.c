/* conv_packed.c: for which convolutions the packed and the strided kernel are used. */
#include "nn/ops/conv_packed.h"

#include "base/cpu.h"

/* Measured beside unfolding and multiplying (docs/performance.md), which is as fast but where unfolding costs, as with
 * a stride or for few channels, and on the thin products of small planes, one sample at a time. */
#define LEAST_DEPTH 27 /* below, and with fewer rows, preparing costs most */
#define LEAST_ROWS 12
#define FEW_TAPS 64
#define SMALL_PLANE 64
#define MOST_TAPS 1024 /* of one channel, for the memory they take */
#define WIDE 24        /* where the zeros beside the rows of a frame cost less than folding */

bool conv_packed_init(const struct geometry *g, struct packed *p) {
    const struct window_fit *f = &g->window.fit;
    size_t kernel = (size_t)(f->kernel[0] * f->kernel[1]);
    *p = (struct packed){.samples = g->samples,
                         .channels = g->in_channels,
                         .rows = g->out_channels,
                         .in_step = g->groups * g->in_channels * g->window.in_plane,
                         .to_step = g->groups * g->out_channels * g->window.out_plane};
    for (int axis = 0; axis < 2; axis++) {
        p->in[axis] = (size_t)f->in[axis];
        p->out[axis] = (size_t)f->out[axis];
        p->taps[axis] = (size_t)f->kernel[axis];
        p->before[axis] = f->before[axis];
        p->step[axis] = f->stride[axis];
        p->tap_step[axis] = f->dilation[axis];
    }
    bool unfolds = kernel > 1 && (p->step[1] > 1 || g->window.taps <= FEW_TAPS);
    return g->window.flat && cpu_route() >= CPU_AVX2 && g->window.taps >= LEAST_DEPTH && p->rows >= LEAST_ROWS &&
           kernel <= MOST_TAPS && p->step[1] <= PACKED_STEP && (unfolds || g->window.out_plane <= SMALL_PLANE);
}

bool conv_packed_part(const struct geometry *whole, const struct geometry *g, struct packed *p) {
    bool pays = conv_packed_init(whole, p);
    conv_packed_init(g, p);
    return pays;
}

bool conv_strided_init(const struct geometry *g, struct strided *s) {
    const struct window_fit *f = &g->window.fit;
    *s = (struct strided){.samples = g->samples,
                          .in_channels = g->in_channels,
                          .out_channels = g->out_channels,
                          .in_step = g->groups * g->in_channels * g->window.in_plane,
                          .out_step = g->groups * g->out_channels * g->window.out_plane};
    for (int axis = 0; axis < 2; axis++) {
        s->in[axis] = (size_t)f->in[axis];
        s->out[axis] = (size_t)f->out[axis];
        s->kernel[axis] = (size_t)f->kernel[axis];
        s->before[axis] = (size_t)f->before[axis];
        s->step[axis] = (size_t)f->stride[axis];
    }
    bool pays = s->step[0] * s->step[1] > 1 || s->out[1] >= WIDE;
    return g->window.flat && strided_fits(s) && pays && s->kernel[0] * s->kernel[1] > 1 && f->dilation[0] == 1 &&
           f->dilation[1] == 1 && s->out_channels >= LEAST_ROWS;
}

struct product conv_product(const struct geometry *g, bool back, size_t columns, size_t b_row, size_t c_row) {
    const size_t taps = g->window.taps;
    return (struct product){.rows = back ? taps : g->out_channels,
                            .columns = columns,
                            .depth = back ? g->out_channels : taps,
                            .a = product_factor(NULL, taps, back),
                            .b = product_factor(NULL, b_row, false),
                            .c_row = c_row,
                            .scale = 1};
}
