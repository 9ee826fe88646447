/* packed_code.h: the body of packed.h, compiled once for every kind of processor, as winograd_code.h is. */
#include "nn/kernels/each_row.h"
#include "nn/kernels/lanes.h"
#include "nn/kernels/packed_cut.h"

#define PANEL (2 * LANES) /* positions of one call of the inner kernel */
#define BLOCK PACKED_BLOCK
#define STRIPS (BLOCK / LANES) /* of LANES consecutive positions */

/* ---- Positions: numbered through all samples, row by row, so that small images fill blocks, too ---- */

/* Consecutive positions of a strip that lie in one row: lanes [from, to). */
struct piece {
    size_t from, to;
    size_t sample, y, x; /* of the first one */
};

struct strip {
    size_t pieces;
    struct piece piece[LANES];
    /* Taps [tap_from, tap_to), vertically and horizontally, through which all lanes see the input, and where (0, 0)
     * sees it: whole vectors can be read. */
    size_t tap_from[2], tap_to[2];
    ptrdiff_t base;
    size_t count; /* of the lanes that are positions */
    bool whole;   /* all, and side by side in the output; in any case lane i is element to[i] */
    size_t to[LANES];
};

/* Taps t of all for which 0 <= at + t * step <= most. */
static void taps_inside(ptrdiff_t at, ptrdiff_t step, ptrdiff_t most, size_t taps, size_t *from, size_t *to) {
    *from = *to = 0;
    while (*from < taps && (at + (ptrdiff_t)*from * step < 0 || at + (ptrdiff_t)*from * step > most)) ++*from;
    for (*to = *from; *to < taps && at + (ptrdiff_t)*to * step >= 0 && at + (ptrdiff_t)*to * step <= most;) ++*to;
}

static void find_clear_taps(const struct packed *p, struct strip *s) {
    const struct piece *piece = &s->piece[0];
    ptrdiff_t width = (ptrdiff_t)p->in[1], height = (ptrdiff_t)p->in[0], reach = (ptrdiff_t)LANES * p->step[1];
    ptrdiff_t y = (ptrdiff_t)piece->y * p->step[0] - p->before[0], x = (ptrdiff_t)piece->x * p->step[1] - p->before[1];
    for (int axis = 0; axis < 2; axis++) s->tap_from[axis] = s->tap_to[axis] = 0;
    s->base = 0;
    if (s->pieces != 1 || piece->to != LANES || p->step[1] > 2) return;
    taps_inside(y, p->tap_step[0], height - 1, p->taps[0], &s->tap_from[0], &s->tap_to[0]);
    taps_inside(x, p->tap_step[1], width - reach, p->taps[1], &s->tap_from[1], &s->tap_to[1]);
    s->base = (ptrdiff_t)(piece->sample * p->in_step) + y * width + x;
}

static void find_places(const struct packed *p, size_t first, size_t count, struct strip *s) {
    size_t plane = p->out[0] * p->out[1];
    s->count = count;
    s->whole = count == LANES && s->piece[0].sample == s->piece[s->pieces - 1].sample;
    for (size_t k = 0; k < count; k++) s->to[k] = (first + k) / plane * p->to_step + (first + k) % plane;
}

static void cut_strip(const struct packed *p, size_t first, size_t count, struct strip *s) {
    size_t width = p->out[1], plane = p->out[0] * width;
    s->pieces = 0;
    for (size_t lane = 0, end; lane < count; lane = end) {
        size_t number = first + lane, x = number % width;
        end = lane + width - x;
        end = end > count ? count : end;
        s->piece[s->pieces++] = (struct piece){lane, end, number / plane, number % plane / width, x};
    }
    find_clear_taps(p, s);
    find_places(p, first, count, s);
}

/* ---- The input of a block ---- */

/* LANES elements `step`, 1 or 2, apart. */
INLINE lanes load_apart(const float *from, ptrdiff_t step) {
    if (step == 1) return load(from);
    lanes a = load(from), b = load(from + LANES);
#if LANES == 8
    a = __builtin_shuffle(a, b, (int_lanes){0, 2, 8, 10, 4, 6, 12, 14}); /* halves stay apart: one instruction each */
    return __builtin_shuffle(a, (int_lanes){0, 1, 4, 5, 2, 3, 6, 7});
#else
    return __builtin_shuffle(a, b, 2 * EACH);
#endif
}

/* What lanes of a piece see through one tap: lane i element base + i * step of each plane, for lanes [from, to). */
struct sight {
    const float *image;
    ptrdiff_t base, from, to;
    int_lanes mask;
};

static bool find_sight(const struct packed *p, const struct piece *piece, const float *x, size_t ty, size_t tx,
                       struct sight *s) {
    ptrdiff_t y = (ptrdiff_t)piece->y * p->step[0] - p->before[0] + (ptrdiff_t)ty * p->tap_step[0];
    ptrdiff_t column = (ptrdiff_t)piece->x * p->step[1] - p->before[1] + (ptrdiff_t)tx * p->tap_step[1];
    ptrdiff_t width = (ptrdiff_t)p->in[1], step = p->step[1];
    if (y < 0 || y >= (ptrdiff_t)p->in[0]) return false;
    ptrdiff_t from = (ptrdiff_t)piece->from, to = (ptrdiff_t)piece->to;
    column -= from * step; /* of lane 0 */
    if (column + from * step < 0) from = (-column + step - 1) / step;
    if (column + (to - 1) * step >= width) to = width > column ? (width - column + step - 1) / step : 0;
    *s = (struct sight){x + piece->sample * p->in_step, y * width + column, from, to, lanes_between(from, to)};
    return from < to;
}

/* Strips of to[channel][tap][PANEL]. */
INLINE void copy_sights(const struct packed *p, const struct sight *s, size_t count, ptrdiff_t step, size_t channels,
                        float *to) {
    size_t plane = p->in[0] * p->in[1], to_step = p->taps[0] * p->taps[1] * PANEL;
    for (size_t c = 0; c < channels; c++, to += to_step) {
        lanes v = {0};
        for (size_t i = 0; i < count; i++)
            v = (lanes)((int_lanes)v |
                        ((int_lanes)load_apart(s[i].image + (s[i].base + (ptrdiff_t)(c * plane)), step) & s[i].mask));
        store(to, v);
    }
}

/* A strip through one tap. */
static void pack_strip(const struct packed *p, const struct strip *strip, const float *x, size_t ty, size_t tx,
                       size_t channels, float *to) {
    struct sight fast[LANES], slow[LANES], s;
    size_t fast_count = 0, slow_count = 0, plane = p->in[0] * p->in[1], to_step = p->taps[0] * p->taps[1] * PANEL;
    ptrdiff_t step = p->step[1];
    for (size_t i = 0; i < strip->pieces; i++) {
        if (!find_sight(p, &strip->piece[i], x, ty, tx, &s)) continue;
        if (s.base >= 0 && s.base + step * (ptrdiff_t)LANES <= (ptrdiff_t)plane) fast[fast_count++] = s;
        else slow[slow_count++] = s;
    }
    if (step == 2) copy_sights(p, fast, fast_count, 2, channels, to);
    else copy_sights(p, fast, fast_count, 1, channels, to);
    for (size_t i = 0; i < slow_count; i++)
        for (size_t c = 0; c < channels; c++)
            for (ptrdiff_t k = slow[i].from; k < slow[i].to; k++)
                to[c * to_step + (size_t)k] = slow[i].image[slow[i].base + (ptrdiff_t)(c * plane) + k * step];
}

INLINE void copy_strips(const struct packed *p, const float *const *from, ptrdiff_t step, float *const *to,
                        size_t count, size_t channels) {
    size_t plane = p->in[0] * p->in[1], to_step = p->taps[0] * p->taps[1] * PANEL;
    for (size_t c = 0; c < channels; c++)
        for (size_t s = 0; s < count; s++) store(to[s] + c * to_step, load_apart(from[s] + c * plane, step));
}

/* All strips through one tap; panels of `to` are panel_step apart. */
static void pack_tap(const struct packed *p, const struct strip *strips, size_t count, const float *x, size_t ty,
                     size_t tx, size_t channels, float *to, size_t panel_step) {
    size_t clear = 0;
    const float *from[STRIPS];
    float *at[STRIPS];
    ptrdiff_t shift = (ptrdiff_t)ty * p->tap_step[0] * (ptrdiff_t)p->in[1] + (ptrdiff_t)tx * p->tap_step[1];
    for (size_t i = 0; i < count; i++) {
        const struct strip *s = &strips[i];
        float *strip = to + i / 2 * panel_step + i % 2 * LANES;
        if (ty >= s->tap_from[0] && ty < s->tap_to[0] && tx >= s->tap_from[1] && tx < s->tap_to[1]) {
            from[clear] = x + (s->base + shift);
            at[clear++] = strip;
        } else pack_strip(p, s, x, ty, tx, channels, strip);
    }
    if (p->step[1] == 1) copy_strips(p, from, 1, at, clear, channels);
    else copy_strips(p, from, 2, at, clear, channels);
}

/* to[panel][channel][tap][PANEL] */
static void pack_block(const struct packed *p, const struct strip *strips, size_t count, const float *x,
                       size_t channels, float *to) {
    size_t panel_step = p->taps[0] * p->taps[1] * channels * PANEL;
    for (size_t ty = 0; ty < p->taps[0]; ty++)
        for (size_t tx = 0; tx < p->taps[1]; tx++, to += PANEL)
            pack_tap(p, strips, count, x, ty, tx, channels, to, panel_step);
}

/* ---- The weights: to[panel][channel][tap][ROWS] ---- */

/* Rows of `depth` elements one after the other. What is stored behind an element is stored again with the next. */
static void interleave_rows(const float *from, size_t rows, size_t depth, float *to) {
    size_t k = 0;
    for (; k + LANES < depth; k += OCTET) {
        octet m[LANES];
        lanes columns[OCTET];
        for (size_t r = 0; r < LANES; r++) m[r] = r < rows ? load_octet(from + r * depth + k) : (octet){0};
        transpose(m, columns);
        for (size_t i = 0; i < OCTET; i++) store(to + (k + i) * ROWS, columns[i]);
    }
    for (; k < depth; k++)
        for (size_t r = 0; r < ROWS; r++) to[k * ROWS + r] = r < rows ? from[r * depth + k] : 0;
}

/* ---- The product ---- */

#define LEFT_ZERO(r) lanes left##r = {0};
#define LEFT_FETCH(r) left##r = load(c + (r)*PANEL);
#define LEFT_ADD(r) left##r += a[r] * b0;
#define LEFT_STORE(r) store(c + (r)*PANEL, left##r);
#define RIGHT_ZERO(r) lanes right##r = {0};
#define RIGHT_FETCH(r) right##r = load(c + (r)*PANEL + LANES);
#define BOTH_ADD(r) left##r += a[r] * b0, right##r += a[r] * b1;
#define RIGHT_STORE(r) store(c + (r)*PANEL + LANES, right##r);

/* c[ROWS][PANEL] (+)= a[depth][ROWS]' b[depth][PANEL] */
static __attribute__((noinline)) void multiply(size_t depth, const float *restrict a, const float *restrict b, bool add,
                                               float *restrict c) {
    EACH_ROW(LEFT_ZERO)
    EACH_ROW(RIGHT_ZERO)
    if (add) {
        EACH_ROW(LEFT_FETCH)
        EACH_ROW(RIGHT_FETCH)
    }
    for (size_t d = 0; d < depth; d++, a += ROWS, b += PANEL) {
        lanes b0 = load(b), b1 = load(b + LANES);
        EACH_ROW(BOTH_ADD)
    }
    EACH_ROW(LEFT_STORE)
    EACH_ROW(RIGHT_STORE)
}

/* The same where only the first strip counts. */
static __attribute__((noinline)) void multiply_half(size_t depth, const float *restrict a, const float *restrict b,
                                                    bool add, float *restrict c) {
    EACH_ROW(LEFT_ZERO)
    if (add) IN_EACH_ROW(LEFT_FETCH);
    for (size_t d = 0; d < depth; d++, a += ROWS, b += PANEL) {
        lanes b0 = load(b);
        EACH_ROW(LEFT_ADD)
    }
    EACH_ROW(LEFT_STORE)
}

/* ---- The output ---- */

/* How a panel of rows ends. */
struct ending {
    size_t row, rows; /* of the output, the first and how many */
    const float *bias;
    bool relu;
};

INLINE lanes finish(const struct ending *e, size_t r, const float *from) {
    lanes v = load(from) + (e->bias ? e->bias[e->row + r] : 0);
    return e->relu ? (lanes)((int_lanes)v & ~(v < 0)) : v; /* NaN stays */
}

/* One or two strips of c[ROWS][PANEL]. */
static void store_panel(const struct packed *p, const struct ending *e, const struct strip *strips, size_t count,
                        const float *c, float *y) {
    size_t plane = p->out[0] * p->out[1];
    bool whole = count == 2 && strips[0].whole && strips[1].whole;
    for (size_t r = 0; r < e->rows && whole; r++) {
        lanes left = finish(e, r, c + r * PANEL), right = finish(e, r, c + r * PANEL + LANES);
        store(y + strips[0].to[0] + (e->row + r) * plane, left);
        store(y + strips[1].to[0] + (e->row + r) * plane, right);
    }
    for (size_t s = 0; s < count && !whole; s++)
        for (size_t r = 0; r < e->rows; r++) {
            lanes v = finish(e, r, c + r * PANEL + s * LANES);
            if (strips[s].whole) store(y + strips[s].to[0] + (e->row + r) * plane, v);
            for (size_t k = 0; k < strips[s].count && !strips[s].whole; k++)
                y[strips[s].to[k] + (e->row + r) * plane] = v[k];
        }
}

/* ---- Together ---- */

/* c[panel of the block][ROWS][PANEL] */
static void multiply_rows(size_t depth, const float *a, const float *b, size_t count, bool add, float *c) {
    for (size_t s = 0; s + 1 < count; s += 2, b += PANEL * depth, c += PANEL * ROWS) multiply(depth, a, b, add, c);
    if (count % 2) multiply_half(depth, a, b, add, c);
}

struct job {
    const struct packed *p;
    struct packed_cut cut;
    const float *x, *weights, *bias;
    float *y;
    float *packed; /* weights */
    float *own;    /* of each worker: a block of the unfolded input, and sums of the output */
};

/* Rows [first, end) at the positions of the strips. */
static void run_block(const struct job *w, const struct strip *strips, size_t count, size_t first, size_t end,
                      float *block) {
    const struct packed *p = w->p;
    size_t taps = p->taps[0] * p->taps[1], depth = p->channels * taps, chunk = w->cut.chunk;
    size_t step = chunk < p->channels ? ROWS * BLOCK : 0; /* sums have to wait for the next chunk */
    float *sums = block + BLOCK * chunk * taps;
    for (size_t channel = 0; channel < p->channels; channel += chunk) {
        size_t channels = p->channels - channel < chunk ? p->channels - channel : chunk;
        pack_block(p, strips, count, w->x + channel * p->in[0] * p->in[1], channels, block);
        for (size_t row = first; row < end; row += ROWS) {
            float *c = sums + (row - first) / ROWS * step;
            multiply_rows(channels * taps, w->packed + row * depth + channel * taps * ROWS, block, count, channel > 0,
                          c);
            if (channel + channels < p->channels) continue;
            struct ending e = {row, p->rows - row < ROWS ? p->rows - row : ROWS, w->bias, p->relu};
            for (size_t s = 0; s < count; s += 2)
                store_panel(p, &e, strips + s, count - s < 2 ? 1 : 2, c + s * LANES * ROWS, w->y);
        }
    }
}

/* A block of positions, or a group of its rows. */
static void run_part(void *job, unsigned part, unsigned worker) {
    const struct job *w = job;
    const struct packed *p = w->p;
    struct strip strips[STRIPS];
    size_t first = part / w->cut.groups * BLOCK, row = part % w->cut.groups * w->cut.group_rows;
    size_t left = p->samples * p->out[0] * p->out[1] - first, end = row + w->cut.group_rows;
    left = left < BLOCK ? left : BLOCK;
    size_t count = (left + LANES - 1) / LANES;
    for (size_t s = 0; s < count; s++) {
        size_t at = s * LANES;
        cut_strip(p, first + at, left - at < LANES ? left - at : LANES, &strips[s]);
    }
    run_block(w, strips, count, row, end < p->rows ? end : p->rows, w->own + worker * w->cut.own);
}

#define PANELS 8u /* of the weights: a part */

static void pack_weights(void *job, unsigned part, unsigned worker) {
    (void)worker;
    const struct job *w = job;
    size_t depth = w->p->channels * w->p->taps[0] * w->p->taps[1], end = (part + 1) * PANELS * ROWS;
    for (size_t row = part * PANELS * ROWS; row < end && row < w->p->rows; row += ROWS) {
        size_t rows = w->p->rows - row < ROWS ? w->p->rows - row : ROWS;
        interleave_rows(w->weights + row * depth, rows, depth, w->packed + row * depth);
    }
}

static void run(const struct packed *p, struct thread_team *team, const float *x, const float *weights,
                const float *bias, float *y, float *scratch) {
    struct job w = {
        .p = p, .cut = packed_cut(p, ROWS, thread_team_size(team)), .x = x, .weights = weights, .bias = bias, .y = y};
    w.packed = scratch;
    w.own = scratch + w.cut.weights;
    thread_team_run(team, (unsigned)((p->rows + PANELS * ROWS - 1) / (PANELS * ROWS)), pack_weights, &w);
    thread_team_run(team, (unsigned)(w.cut.blocks * w.cut.groups), run_part, &w);
}

const struct packed_body NAME(packed) = {ROWS, run};
