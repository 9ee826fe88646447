/* winograd_blocks.c: which of the compiled bodies runs, and how the work is cut. */
#include "base/cpu.h"
#include "base/sizes.h"
#include "nn/kernels/winograd_blocks.h"

/* Measured on a processor with 512 KiB of second and 16 MiB of third cache a core; what is best is flat. */
#define KEPT_FLOATS ((size_t)36 * 160 * 128)   /* transformed kernels that stay in the third cache */
#define KEPT_TILES 48u                         /* beside kept kernels: their transforms in the second ... */
#define FEW_TILES 24u                          /* ... and at least, for kernels to be worth reading again */
#define TILES_UNIT 6u                          /* multiplied together */
#define KEPT_CHANNELS 32u                      /* of them are transformed at a time */
#define MOST_TILE_FLOATS ((size_t)1536 * 1024) /* beside kernels made anew: transforms in the third ... */
#define ANEW_CHANNELS 64u                      /* ... and a block of kernels in the second */
#define ANEW_DEPTH 64u
#define PAD 16u /* points a power of two apart would share the few places of one cache set */

/* In pieces of `piece`, taken by whoever is free: how much falls to one worker. */
static size_t burden(size_t total, unsigned workers, size_t piece) {
    size_t whole = total / piece;
    return whole / workers * piece + (whole % workers ? piece : total % piece);
}

/* The size of pieces of whole units, at most `most`, that shares `total` out best; the largest of equals. */
static size_t best_piece(size_t total, unsigned workers, size_t most, size_t least_piece, size_t unit) {
    size_t best = most;
    for (size_t piece = most; piece >= least_piece && workers > 1; piece -= unit)
        if (burden(total, workers, piece) < burden(total, workers, best)) best = piece;
    return best;
}

/* For that many threads: the work is cut into parts that keep them all busy. */
static struct winograd_blocks cut(const struct winograd_body *body, const struct winograd *w, unsigned workers) {
    size_t per_sample = ((w->out[0] + 3) / 4) * ((w->out[1] + 3) / 4);
    struct winograd_blocks b = {.panel = 2 * body->lanes, .total = w->samples * per_sample, .chunks = 1};
    size_t all = size_up(w->out_channels, b.panel), deep = size_up(w->in_channels, body->lanes);
    b.keeps = WINOGRAD_POINTS * all * deep <= KEPT_FLOATS && (workers == 1 || b.total >= 2 * FEW_TILES * workers);
    if (b.keeps) {
        b.tiles = best_piece(b.total, workers, KEPT_TILES, FEW_TILES, TILES_UNIT);
        b.channels = all;
        b.depth = deep;
    } else {
        size_t fit = MOST_TILE_FLOATS / (WINOGRAD_POINTS * deep);
        b.tiles = fit < KEPT_TILES ? KEPT_TILES : fit;
        b.channels = size_min(best_piece(all, workers, ANEW_CHANNELS, b.panel, b.panel), all);
        b.depth = size_min(ANEW_DEPTH, deep);
        b.chunks = (w->in_channels + b.depth - 1) / b.depth;
    }
    b.tiles = size_min(b.tiles, b.total);
    b.tile_step = size_up(b.tiles * b.depth, PAD) + PAD;
    b.weight_step = b.channels * b.depth + PAD;
    b.product_step = b.tiles * b.channels + PAD;
    return b;
}

/* ---- Memory: what all share (the transformed kernels when they are kept, else the tiles), then each worker's own ----
 */

static size_t shared_size(const struct winograd_blocks *b) {
    return WINOGRAD_POINTS * (b->keeps ? b->weight_step : b->chunks * b->tile_step);
}

static size_t own_size(const struct winograd_blocks *b) {
    return WINOGRAD_POINTS * ((b->keeps ? b->tile_step : b->weight_step) + b->product_step);
}

size_t winograd_scratch_with(const struct winograd_body *body, const struct winograd *w, unsigned workers) {
    size_t most = 0;
    struct winograd some = *w;
    for (some.samples = 1; some.samples <= w->samples; some.samples++)
        for (unsigned k = 1; k <= workers; k++) {
            struct winograd_blocks b = cut(body, &some, k);
            size_t size = shared_size(&b) + k * own_size(&b);
            most = size > most ? size : most;
        }
    return most;
}

/* ---- Parts ---- */

struct job {
    const struct winograd_body *body;
    const struct winograd *w;
    struct winograd_blocks b;
    const float *x, *weights, *bias;
    float *y;
    float *shared, *own;
    struct winograd_tiles at; /* when they are shared: those that are */
};

static unsigned pieces(size_t total, size_t piece) {
    return (unsigned)((total + piece - 1) / piece);
}

static float *own_of(const struct job *k, unsigned worker) {
    return k->own + worker * own_size(&k->b);
}

/* Output channels from `first` on, up to `most`; the last panel may be larger than what is left. */
static struct winograd_block block_of(const struct job *k, size_t first, size_t most, size_t chunk) {
    size_t from = chunk * k->b.depth;
    return (struct winograd_block){.first = first,
                                   .channels = size_up(size_min(k->w->out_channels - first, most), k->b.panel),
                                   .from = from,
                                   .depth = size_min(k->w->in_channels - from, k->b.depth)};
}

/* Some of the kernels that are kept. */
static void keep_kernels(void *job, unsigned part, unsigned worker) {
    (void)worker;
    const struct job *k = job;
    size_t first = part * (size_t)KEPT_CHANNELS;
    struct winograd_block block = block_of(k, first, KEPT_CHANNELS, 0);
    k->body->transform_kernels(k->w, &k->b, &block, k->weights, k->shared + first * k->b.depth);
}

/* A block of tiles with the kernels that are kept. */
static void run_tiles(void *job, unsigned part, unsigned worker) {
    const struct job *k = job;
    const struct winograd_blocks *b = &k->b;
    float *tiles = own_of(k, worker), *products = tiles + WINOGRAD_POINTS * b->tile_step;
    struct winograd_tiles at = {.first = part * b->tiles, .end = k->w->in_channels};
    struct winograd_block block = block_of(k, 0, b->channels, 0);
    at.count = size_min(b->total - at.first, b->tiles);
    k->body->transform_tiles(k->w, b, &at, k->x, tiles);
    k->body->multiply(b, &block, tiles, k->shared, at.count, false, products);
    k->body->finish(k->w, b, products, at.first, at.count, 0, k->bias, k->y);
}

/* Some of the shared tiles, in one chunk of channels. */
static void share_tiles(void *job, unsigned part, unsigned worker) {
    (void)worker;
    const struct job *k = job;
    const struct winograd_blocks *b = &k->b;
    size_t chunk = part % b->chunks, first = part / b->chunks * KEPT_TILES, from = chunk * b->depth;
    struct winograd_tiles at = {.first = k->at.first + first,
                                .count = size_min(k->at.count - first, KEPT_TILES),
                                .from = from,
                                .end = size_min(from + b->depth, k->w->in_channels)};
    k->body->transform_tiles(k->w, b, &at, k->x, k->shared + first * b->depth);
}

/* A block of output channels of the shared tiles. */
static void run_channels(void *job, unsigned part, unsigned worker) {
    const struct job *k = job;
    const struct winograd_blocks *b = &k->b;
    float *kernels = own_of(k, worker), *products = kernels + WINOGRAD_POINTS * b->weight_step;
    size_t first = part * b->channels;
    for (size_t chunk = 0; chunk < b->chunks; chunk++) {
        struct winograd_block block = block_of(k, first, b->channels, chunk);
        k->body->transform_kernels(k->w, b, &block, k->weights, kernels);
        k->body->multiply(b, &block, k->shared + chunk * WINOGRAD_POINTS * b->tile_step, kernels, k->at.count,
                          chunk > 0, products);
    }
    k->body->finish(k->w, b, products, k->at.first, k->at.count, first, k->bias, k->y);
}

void winograd_run_with(const struct winograd_body *body, const struct winograd *w, struct thread_team *team,
                       const float *x, const float *weights, const float *bias, float *y, float *scratch) {
    struct job k = {.body = body, .w = w, .b = cut(body, w, thread_team_size(team)), .x = x, .weights = weights};
    k.bias = bias;
    k.y = y;
    k.shared = scratch;
    k.own = scratch + shared_size(&k.b);
    if (k.b.keeps) {
        thread_team_run(team, pieces(w->out_channels, KEPT_CHANNELS), keep_kernels, &k);
        thread_team_run(team, pieces(k.b.total, k.b.tiles), run_tiles, &k);
        return;
    }
    for (k.at.first = 0; k.at.first < k.b.total; k.at.first += k.b.tiles) {
        k.at.count = size_min(k.b.total - k.at.first, k.b.tiles);
        thread_team_run(team, (unsigned)k.b.chunks * pieces(k.at.count, KEPT_TILES), share_tiles, &k);
        thread_team_run(team, pieces(w->out_channels, k.b.channels), run_channels, &k);
    }
}

static const struct winograd_body *best_body(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &winograd_avx512;
    if (cpu_route() >= CPU_AVX2) return &winograd_avx2;
#endif
    return &winograd_portable;
}

size_t winograd_scratch(const struct winograd *w, unsigned workers) {
    return winograd_scratch_with(best_body(), w, workers);
}

void winograd_run(const struct winograd *w, struct thread_team *team, const float *x, const float *weights,
                  const float *bias, float *y, float *scratch) {
    winograd_run_with(best_body(), w, team, x, weights, bias, y, scratch);
}
