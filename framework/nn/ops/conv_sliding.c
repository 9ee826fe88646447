/* conv_sliding.c: for which convolutions the sliding kernel is used. */
#include "nn/ops/conv_sliding.h"

#include "base/sizes.h"

/* Measured beside unfolding and multiplying (docs/performance.md): with fewer channels most lanes are empty. */
#define LEAST_LANES 8u
#define FULL_LANES 16u

static bool describe(const struct geometry *g, struct sliding *s) {
    const struct window_fit *f = &g->window.fit;
    *s = (struct sliding){.samples = g->samples,
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
        s->tap_step[axis] = (size_t)f->dilation[axis];
    }
    return g->window.flat;
}

bool conv_sliding_there(const struct geometry *g, struct sliding *s) {
    return describe(g, s) && s->out_channels >= LEAST_LANES && sliding_fits(s);
}

bool conv_sliding_back(const struct geometry *g, struct sliding *s) {
    struct sliding there;
    return describe(g, &there) && sliding_back(&there, s) && s->out_channels >= LEAST_LANES && sliding_fits(s);
}

bool conv_sliding_learns(const struct geometry *g, struct sliding *s) {
    return describe(g, s) && s->out_channels >= LEAST_LANES && sliding_learns(s);
}

bool conv_sliding_pays(const struct geometry *g) {
    return g->out_channels <= g->samples * g->window.out_plane &&
           4 * g->out_channels >= 3 * size_up(g->out_channels, FULL_LANES);
}

size_t conv_sliding_scratch(const struct geometry *g, unsigned workers) {
    struct sliding s;
    size_t size = 0;
    if (conv_sliding_there(g, &s)) size = size_max(size, sliding_scratch(&s, workers));
    if (conv_sliding_back(g, &s)) size = size_max(size, sliding_scratch(&s, workers));
    if (conv_sliding_learns(g, &s)) size = size_max(size, sliding_scratch(&s, workers));
    return size;
}
