/* conv_learn.c: what a Conv says of its weights and bias, in training. */
#include "nn/ops/conv_learn.h"

#include "base/sizes.h"
#include "nn/ops/conv_sliding.h"
#include "nn/ops/multiply.h"

static void learn_bias(const struct geometry *g, const float *dy, float *db) {
    size_t channels = g->groups * g->out_channels;
    for (size_t s = 0; s < g->samples; s++)
        for (size_t c = 0; c < channels; c++, dy += g->window.out_plane) {
            float part[8] = {0}, sum = 0;
            size_t i = 0;
            for (; i + 8 <= g->window.out_plane; i += 8)
                for (size_t k = 0; k < 8; k++) part[k] += dy[i + k];
            for (; i < g->window.out_plane; i++) sum += dy[i];
            for (size_t k = 0; k < 8; k++) sum += part[k];
            db[c] += sum;
        }
}

/* Of one group of one sample, slice by slice. */
static struct product product_of(const struct geometry *g) {
    const struct unfold *u = &g->window;
    const size_t n = u->same ? u->out_plane : u->out_slice;
    return (struct product){.rows = g->out_channels,
                            .columns = u->taps,
                            .depth = n,
                            .a = product_factor(NULL, u->out_plane, false),
                            .b = product_factor(NULL, n, true),
                            .c_row = u->taps,
                            .scale = 1,
                            .add = true};
}

static void unfolded_learn(const struct op_call *call, const struct geometry *g, const float *x, const float *dy,
                           float *dw) {
    const struct unfold *u = &g->window;
    struct product p = product_of(g);
    for (size_t z = 0; z * p.depth < u->out_plane; z++) {
        if (!u->same) unfold(u, call->team, z, x, call->scratch);
        p.a.data = dy + z * p.depth;
        p.b.data = u->same ? x : call->scratch;
        p.c = dw;
        multiply_run(call, &p, call->scratch + (u->same ? 0 : unfolded_size(u)));
    }
}

size_t conv_learn_scratch(const struct op_call *call, const struct geometry *g) {
    struct product p = product_of(g);
    size_t unfolded = multiply_scratch(call, &p) + (g->window.same ? 0 : unfolded_size(&g->window));
    return size_max(unfolded, conv_sliding_scratch(g, call->workers));
}

void conv_learn(const struct op_call *call, const struct geometry *g, uint32_t input, const float *dy, float *d) {
    const float *x = call->in[0].data;
    const size_t in = g->in_channels * g->window.in_plane, out = g->out_channels * g->window.out_plane,
                 weights = g->out_channels * g->window.taps;
    struct sliding sliding;
    if (input == 2) {
        learn_bias(g, dy, d);
        return;
    }
    if (conv_sliding_learns(g, &sliding)) {
        for (size_t i = 0; i < g->groups; i++)
            sliding_learn(&sliding, call->team, x + i * in, dy + i * out, d + i * weights, call->scratch);
        return;
    }
    for (size_t i = 0; i < g->samples * g->groups; i++)
        unfolded_learn(call, g, x + i * in, dy + i * out, d + i % g->groups * weights);
}
