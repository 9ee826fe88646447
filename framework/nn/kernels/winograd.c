/* winograd.c: which of the compiled bodies runs, and how the work is cut. */
#include "base/cpu.h"
#include "nn/kernels/winograd_blocks.h"

static size_t round_up(size_t n, size_t unit) {
    return (n + unit - 1) / unit * unit;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t winograd_panels(size_t left, size_t most) {
    return round_up(least(left, most), WINOGRAD_PANEL);
}

/* Measured on a processor with 512 KiB of second and 16 MiB of third cache a core; what is best is flat. */
#define KEPT_FLOATS ((size_t)36 * 160 * 128)   /* transformed kernels that stay in the third cache */
#define KEPT_TILES 48u                         /* beside kept kernels: their transforms in the second */
#define MOST_TILE_FLOATS ((size_t)1536 * 1024) /* beside kernels made anew: transforms in the third ... */
#define ANEW_CHANNELS 64u                      /* ... and a block of kernels in the second */
#define ANEW_DEPTH 64u
#define PAD 16u /* points a power of two apart would share the few places of one cache set */

struct winograd_blocks winograd_blocks(const struct winograd *w) {
    size_t per_sample = ((w->out[0] + 3) / 4) * ((w->out[1] + 3) / 4);
    struct winograd_blocks b = {.total = w->samples * per_sample, .chunks = 1};
    size_t all = round_up(w->out_channels, WINOGRAD_PANEL), deep = round_up(w->in_channels, WINOGRAD_LANES);
    b.keeps = WINOGRAD_POINTS * all * deep <= KEPT_FLOATS;
    if (b.keeps) {
        b.tiles = KEPT_TILES;
        b.channels = all;
        b.depth = deep;
    } else {
        size_t fit = MOST_TILE_FLOATS / (WINOGRAD_POINTS * deep);
        b.tiles = fit < KEPT_TILES ? KEPT_TILES : fit;
        b.channels = least(ANEW_CHANNELS, all);
        b.depth = least(ANEW_DEPTH, deep);
        b.chunks = (w->in_channels + b.depth - 1) / b.depth;
    }
    b.tiles = least(b.tiles, b.total);
    b.tile_step = round_up(b.tiles * b.depth, PAD) + PAD;
    b.weight_step = b.channels * b.depth + PAD;
    b.product_step = b.tiles * b.channels + PAD;
    return b;
}

size_t winograd_scratch(const struct winograd *w) {
    struct winograd_blocks b = winograd_blocks(w);
    return WINOGRAD_POINTS * (b.chunks * b.tile_step + b.weight_step + b.product_step);
}

void winograd_run(const struct winograd *w, const float *x, const float *weights, const float *bias, float *y,
                  float *scratch) {
#if defined __x86_64__
    if (cpu_has_avx2()) {
        winograd_run_avx2(w, x, weights, bias, y, scratch);
        return;
    }
#endif
    winograd_run_portable(w, x, weights, bias, y, scratch);
}
