/* strided_passes.c: which of the compiled bodies runs, which taps make which phase, how the work is cut, and the
 * memory. */
#include "nn/kernels/strided_passes.h"

#include "base/cpu.h"
#include "base/sizes.h"

#define PAD 16u /* panels a power of two apart would share the few places of one cache set */

static size_t taps_of(const struct strided_pass *pass) {
    return pass->taps[0] * pass->taps[1];
}

/* ---- Phases: element i = q s + r of an axis was seen, through tap k, by position q + (r + b - k) / s, if whole ----
 */

/* The tap of the kernel through which phase `r` was seen by position q + low + t; or -1. */
static ptrdiff_t tap_there(const struct strided *s, const struct strided_pass *pass, int axis, size_t r, size_t t) {
    ptrdiff_t at = (ptrdiff_t)(r + s->before[axis]), step = (ptrdiff_t)s->step[axis];
    ptrdiff_t k = at - step * (pass->low[axis] + (ptrdiff_t)t);
    return k >= 0 && k < (ptrdiff_t)s->kernel[axis] ? k : -1;
}

/* Where positions lie that saw phases first, ..., first + phases - 1. */
static void find_taps(const struct strided *s, struct strided_pass *pass, int axis) {
    ptrdiff_t step = (ptrdiff_t)s->step[axis], high = 0;
    pass->taps[axis] = 0;
    for (size_t i = 0; i < pass->phases[axis]; i++) {
        ptrdiff_t at = (ptrdiff_t)(pass->first[axis] + i + s->before[axis]), least = at % step;
        if (least >= (ptrdiff_t)s->kernel[axis]) continue;
        ptrdiff_t most = least + ((ptrdiff_t)s->kernel[axis] - 1 - least) / step * step;
        ptrdiff_t from = (at - most) / step, to = (at - least) / step;
        bool none = !pass->taps[axis];
        if (none || from < pass->low[axis]) pass->low[axis] = from;
        if (none || to > high) high = to;
        pass->taps[axis] = (size_t)(high - pass->low[axis] + 1);
    }
}

static void init_pass(const struct strided *s, const size_t *first, const size_t *phases, struct strided_pass *pass) {
    *pass = (struct strided_pass){.rows = s->in_channels * phases[0] * phases[1]};
    for (int axis = 0; axis < 2; axis++) {
        pass->first[axis] = first[axis];
        pass->phases[axis] = phases[axis];
        pass->out[axis] = s->in[axis] > first[axis] ? (s->in[axis] - first[axis] - 1) / s->step[axis] + 1 : 0;
        find_taps(s, pass, axis);
    }
}

/* For any body, as the order of summation depends on it. */
static size_t cost(const struct strided_pass *pass) {
    return taps_of(pass) * size_up(pass->rows, 6);
}

/* Each phase in a pass of its own, or all in one where that is less work. */
static void add_passes(const struct strided *s, struct strided_passes *all) {
    struct strided_pass together;
    size_t apart = 0;
    init_pass(s, (const size_t[]){0, 0}, s->step, &together);
    for (size_t i = 0; i < s->step[0] * s->step[1]; i++) {
        struct strided_pass *pass = &all->pass[all->count];
        init_pass(s, (const size_t[]){i / s->step[1], i % s->step[1]}, (const size_t[]){1, 1}, pass);
        if (!pass->out[0] || !pass->out[1]) continue;
        all->gaps |= !taps_of(pass);
        apart += cost(pass);
        all->count += taps_of(pass) > 0;
    }
    if (cost(&together) >= apart) return;
    all->pass[0] = together;
    all->count = 1;
    all->gaps = false;
}

/* Of its products most must not be with the zeros that fill up rows and taps. */
static bool is_dense(const struct strided *s) {
    struct strided_passes all = {.there = s};
    size_t products = 0;
    add_passes(s, &all);
    for (size_t i = 0; i < all.count; i++) products += cost(&all.pass[i]);
    return 10 * s->in_channels * s->kernel[0] * s->kernel[1] >= 7 * products;
}

bool strided_fits(const struct strided *s) {
    bool fits = cpu_route() >= CPU_AVX2 && s->kernel[0] <= STRIDED_TAPS && s->kernel[0] * s->kernel[1] <= STRIDED_TAPS;
    for (int axis = 0; axis < 2; axis++)
        fits = fits && s->step[axis] <= STRIDED_STEP && s->before[axis] <= STRIDED_TAPS;
    return fits && is_dense(s);
}

/* ---- Frames and parts ---- */

static void find_frame(const struct strided *s, struct strided_passes *all) {
    size_t extent[2];
    for (int axis = 0; axis < 2; axis++) {
        ptrdiff_t low = 0, high = (ptrdiff_t)s->out[axis];
        for (size_t i = 0; i < all->count; i++) {
            const struct strided_pass *pass = &all->pass[i];
            ptrdiff_t end = pass->low[axis] + (ptrdiff_t)(pass->out[axis] + pass->taps[axis]) - 1;
            low = pass->low[axis] < low ? pass->low[axis] : low;
            high = end > high ? end : high;
        }
        all->before[axis] = (size_t)-low;
        extent[axis] = (size_t)(high - low);
    }
    all->pitch = extent[1];
    size_t panel = all->body->panel,
           panels = extent[0] * extent[1] / panel + 2; /* the last one may begin at the last position */
    all->frame = (panels + 1 - panels % 2) * panel;    /* not a power of two, as PAD */
    all->frames = s->out_channels * all->frame;
}

/* Groups of rows keep more workers busy where blocks are few. */
static void cut(struct strided_pass *pass, unsigned workers, struct strided_passes *all) {
    size_t rows = all->body->rows, panels = (pass->rows + rows - 1) / rows, channels = all->there->out_channels;
    size_t depth = channels * taps_of(pass), chunks = (depth + STRIDED_DEPTH - 1) / STRIDED_DEPTH;
    pass->chunk = (channels + chunks - 1) / chunks;
    pass->positions = (pass->out[0] - 1) * all->pitch + pass->out[1];
    pass->blocks = (pass->positions + STRIDED_BLOCK - 1) / STRIDED_BLOCK;
    pass->groups = workers > 1 && pass->blocks < 4 * workers ? (2 * workers + pass->blocks - 1) / pass->blocks : 1;
    pass->group_rows = (panels + pass->groups - 1) / pass->groups * rows;
    pass->groups = (pass->rows + pass->group_rows - 1) / pass->group_rows;
    pass->weights = all->weights;
    pass->panel = rows * depth + PAD;
    all->weights += panels * pass->panel;
    all->own = size_max(all->own, STRIDED_BLOCK * (pass->chunk < channels ? pass->group_rows : rows));
}

void strided_passes(const struct strided_body *body, const struct strided *s, unsigned workers,
                    struct strided_passes *all) {
    *all = (struct strided_passes){.body = body, .there = s};
    add_passes(s, all);
    find_frame(s, all);
    for (size_t i = 0; i < all->count; i++) cut(&all->pass[i], workers, all);
}

size_t strided_scratch_with(const struct strided_body *body, const struct strided *s, unsigned workers) {
    size_t most = 0;
    for (unsigned k = 1; k <= workers; k++) {
        struct strided_passes all;
        strided_passes(body, s, k, &all);
        most = size_max(most, all.weights + all.frames + k * all.own);
    }
    return most;
}

/* ---- Weights ---- */

/* Whole panels: rows are `kernel` apart. */
static inline void copy_panels(const float *restrict from, size_t kernel, size_t count, size_t rows, float *restrict to,
                               size_t panel) {
    for (; count > 0; count--, from += rows * kernel, to += panel)
        for (size_t r = 0; r < rows; r++) to[r] = from[r * kernel];
}

/* Through one tap: the rows of all panels. `from`: all weights of the channel of dy. */
static void pack_tap(const struct strided_passes *all, const struct strided_pass *pass, size_t ty, size_t tx,
                     const float *from, float *to) {
    const struct strided *s = all->there;
    size_t kernel = s->kernel[0] * s->kernel[1], rows = all->body->rows, whole = 0;
    for (size_t phase = 0, row = 0; phase < pass->phases[0] * pass->phases[1]; phase++) {
        ptrdiff_t y = tap_there(s, pass, 0, pass->first[0] + phase / pass->phases[1], ty);
        ptrdiff_t x = tap_there(s, pass, 1, pass->first[1] + phase % pass->phases[1], tx);
        bool exists = y >= 0 && x >= 0;
        const float *at = from + (exists ? y * (ptrdiff_t)s->kernel[1] + x : 0);
        if (pass->rows == s->in_channels) whole = row = pass->rows / rows * rows;
        if (rows == 6) copy_panels(at, kernel, whole / 6, 6, to, pass->panel); /* as a constant: unrolled */
        else copy_panels(at, kernel, whole / rows, rows, to, pass->panel);
        for (size_t c = whole; c < s->in_channels; c++, row++)
            to[row / rows * pass->panel + row % rows] = exists ? at[c * kernel] : 0;
    }
    for (size_t row = pass->rows; row % rows; row++) to[row / rows * pass->panel + row % rows] = 0;
}

void strided_weights(const struct strided_passes *all, const struct strided_pass *pass, size_t c, const float *weights,
                     float *to) {
    const struct strided *s = all->there;
    size_t first = c / pass->chunk * pass->chunk, left = s->out_channels - first;
    size_t chunk = left < pass->chunk ? left : pass->chunk, rows = all->body->rows;
    const float *from = weights + c * s->in_channels * s->kernel[0] * s->kernel[1];
    to += pass->weights + (first * taps_of(pass) + c - first) * rows;
    for (size_t ty = 0; ty < pass->taps[0]; ty++)
        for (size_t tx = 0; tx < pass->taps[1]; tx++, to += chunk * rows) pack_tap(all, pass, ty, tx, from, to);
}

/* ---- The bodies ---- */

static const struct strided_body *best_body(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &strided_avx512;
#endif
    return &strided_avx2;
}

size_t strided_scratch(const struct strided *s, unsigned workers) {
    return strided_scratch_with(best_body(), s, workers);
}

void strided_back(const struct strided *s, struct thread_team *team, const float *dy, const float *weights, float *dx,
                  float *scratch) {
    best_body()->run(s, team, dy, weights, dx, scratch);
}
