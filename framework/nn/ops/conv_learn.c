/* conv_learn.c: what a Conv says of its weights and bias, in training. */
#include "nn/ops/conv_learn.h"

#include <cblas.h>

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

static void blas_learn(const struct geometry *g, const float *x, const float *dy, float *dw, float *scratch) {
    const struct unfold *u = &g->window;
    size_t n = u->same ? u->out_plane : u->out_slice;
    for (size_t z = 0; z * n < u->out_plane; z++) {
        if (!u->same) unfold(u, NULL, z, x, scratch);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)g->out_channels, (int)u->taps, (int)n, 1, dy + z * n,
                    (int)u->out_plane, u->same ? x : scratch, (int)n, 1, dw, (int)u->taps);
    }
}

void conv_learn(const struct op_call *call, const struct geometry *g, uint32_t input, const float *dy, float *d) {
    if (input == 2) {
        learn_bias(g, dy, d);
        return;
    }
    const float *x = call->in[0].data;
    for (size_t s = 0; s < g->samples; s++) {
        float *dw = d;
        for (size_t i = 0; i < g->groups; i++) {
            blas_learn(g, x, dy, dw, call->scratch);
            x += g->in_channels * g->window.in_plane;
            dy += g->out_channels * g->window.out_plane;
            dw += g->out_channels * g->window.taps;
        }
    }
}
