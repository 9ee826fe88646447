/* sliding_code.h: the body of sliding.h, compiled once for every kind of processor, as winograd_code.h is. */
#include "nn/kernels/lanes_some.h"
#include "nn/kernels/sliding_cut.h"

#ifndef ROWS
#define ROWS 6u
#endif
#define VECTORS 2u
#define PANEL (VECTORS * LANES)

/* ---- c[row][PANEL] (+)= sum over d of a[offsets[d] + row] b[d][PANEL] ---- */

struct slide {
    const float *a;
    size_t apart; /* from the first half of the rows to the second, where there are two */
    const float *b;
    const int32_t *offsets;
    size_t depth;
    float *c;
    size_t c_apart;
    bool add;
};

INLINE void slide(size_t rows, size_t halves, size_t vectors, const struct slide *j) {
    lanes sum[ROWS][VECTORS];
    const float *a[2] = {j->a, j->a + j->apart}, *b = j->b;
    const int32_t *offset = j->offsets, *end = offset + j->depth;
    for (size_t r = 0; r < rows * halves; r++)
        for (size_t v = 0; v < vectors; v++) sum[r][v] = (lanes){0};
    for (; offset < end; offset++, b += PANEL) {
        lanes w[VECTORS];
        for (size_t v = 0; v < vectors; v++) w[v] = load(b + v * LANES);
        for (size_t r = 0; r < rows * halves; r++) {
            float x = a[r / rows][*offset + (ptrdiff_t)(r % rows)];
            for (size_t v = 0; v < vectors; v++) sum[r][v] += x * w[v];
        }
    }
    _Pragma("GCC unroll 14") for (size_t r = 0; r < rows * halves; r++)
        _Pragma("GCC unroll 2") for (size_t v = 0; v < vectors; v++) {
        float *to = j->c + r / rows * j->c_apart + r % rows * PANEL + v * LANES;
        store(to, j->add ? load(to) + sum[r][v] : sum[r][v]);
    }
}

/* Functions of their own: within a larger one the sums would not stay in registers. */
typedef void slide_function(const struct slide *);
#define DEFINE_ONE(name, rows, halves, vectors)                                                                        \
    static __attribute__((noinline)) void name(const struct slide *j) {                                                \
        slide(rows, halves, vectors, j);                                                                               \
    }
#define DEFINE_SINGLE(rows) DEFINE_ONE(narrow_##rows, rows, 1, 1) DEFINE_ONE(wide_##rows, rows, 1, 2)
#define DEFINE_DOUBLE(rows) DEFINE_ONE(narrow_twice_##rows, rows, 2, 1) DEFINE_ONE(wide_twice_##rows, rows, 2, 2)
#define SINGLE(rows) {narrow_##rows, wide_##rows},
#define DOUBLE(rows) {narrow_twice_##rows, wide_twice_##rows},
#if ROWS == 6
#define EACH_HALF(DO) DO(1) DO(2) DO(3)
#define EACH_COUNT(DO) EACH_HALF(DO) DO(4) DO(5) DO(6)
#else
#define EACH_HALF(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define EACH_COUNT(DO) EACH_HALF(DO) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14)
#endif
EACH_COUNT(DEFINE_SINGLE)
EACH_HALF(DEFINE_DOUBLE)
static slide_function *const single[ROWS][VECTORS] = {EACH_COUNT(SINGLE)};
static slide_function *const twice[ROWS / 2][VECTORS] = {EACH_HALF(DOUBLE)};

/* How n positions are cut: into as few calls as can be, as even as can be. */
struct evenly {
    size_t calls, least, more;
};

static struct evenly evenly(size_t n) {
    size_t calls = (n + ROWS - 1) / ROWS;
    return (struct evenly){calls, n / calls, n % calls};
}

static size_t vectors_of(const struct sliding_work *w, size_t panel) {
    return w->s->out_channels - panel * PANEL > LANES ? 2 : 1;
}

/* Of one or two halves of `count` rows. */
static slide_function *function_of(const struct sliding_work *w, size_t panel, size_t halves, size_t count) {
    size_t wide = vectors_of(w, panel) - 1;
    return halves == 1 ? single[count - 1][wide] : twice[count - 1][wide];
}

/* Rows are short: a vector of all of them, then the next. */
static void copy(const float *from, size_t from_step, float *to, size_t to_step, size_t rows, size_t columns) {
    size_t whole = columns / LANES * LANES, rest = columns - whole;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t row = 0; row < rows; row++) store(to + row * to_step + i, load(from + row * from_step + i));
    for (size_t row = 0; row < rows && rest; row++)
        store_some(to + row * to_step + whole, load_some(from + row * from_step + whole, rest), rest);
}

/* ---- Forward ---- */

/* Channels of the tile to their planes, `count` positions of each. */
static void finish(const struct sliding_work *w, const float *tile, size_t count, size_t channel, float *y) {
    size_t plane = w->positions, left = w->s->out_channels - channel;
    for (size_t first = 0; first < PANEL && first < left; first += OCTET)
        for (size_t row = 0; row < count; row += LANES) {
            size_t n = count - row < LANES ? count - row : LANES;
            octet bias = {0}, rows[LANES];
            lanes columns[OCTET];
            for (size_t i = 0; w->bias && i < OCTET && first + i < left; i++) bias[i] = w->bias[channel + first + i];
            for (size_t i = 0; i < LANES; i++) {
                rows[i] = load_octet(tile + (row + i) * PANEL + first);
                if (w->bias) rows[i] += bias;
                if (w->s->relu) rows[i] = (octet)((octet_places)rows[i] & ~(rows[i] < 0));
            }
            transpose(rows, columns);
            for (size_t i = 0; i < OCTET && first + i < left; i++)
                store_some(y + (first + i) * plane + row, columns[i], n);
        }
}

/* Output rows y and, of two, y + 1: `count` positions from x on. */
static void run_tile(const struct sliding_work *w, size_t panel, const float *frames, size_t halves, size_t count,
                     float *tile) {
    slide_function *run = function_of(w, panel, halves, count);
    const float *b = w->packed + panel * w->taps * PANEL;
    for (size_t d = 0; d < w->taps; d += SLIDING_CHUNK)
        run(&(struct slide){.a = frames,
                            .apart = w->s->step[0] * w->pitch,
                            .b = b + d * PANEL,
                            .offsets = w->offsets + d,
                            .depth = w->taps - d < SLIDING_CHUNK ? w->taps - d : SLIDING_CHUNK,
                            .c = tile,
                            .c_apart = SLIDING_TILE * PANEL,
                            .add = d > 0});
}

static void forward(const struct sliding_work *w, const float *frames, size_t first, size_t end, float *tile,
                    float *y) {
    const struct sliding *s = w->s;
    struct evenly cut = evenly(s->out[1]);
    size_t most = 2 * s->out[1] <= ROWS ? 2 : 1;
    for (size_t panel = 0; panel < w->panels; panel++, y += PANEL * w->positions)
        for (size_t row = first, halves; row < end; row += halves) {
            halves = end - row < most ? 1 : most;
            for (size_t call = 0, x = 0, count; call < cut.calls; call++, x += count) {
                count = call < cut.more ? cut.least + 1 : cut.least;
                run_tile(w, panel, frames + row * s->step[0] * w->pitch + x, halves, count, tile);
                for (size_t half = 0; half < halves; half++)
                    finish(w, tile + half * SLIDING_TILE * PANEL, count, panel * PANEL,
                           y + (row + half) * s->out[1] + x);
            }
        }
}

/* ---- Weights ---- */

/* Taps of one row of the kernel, and those of the next channel beside them where registers suffice. */
static void learn_channels(const struct sliding_work *w, const struct slide *part, size_t channels, size_t panel) {
    const struct sliding *s = w->s;
    size_t rows = s->kernel[0] * s->kernel[1] * PANEL;
    struct evenly cut = evenly(s->kernel[1]);
    for (size_t ky = 0; ky < s->kernel[0]; ky++)
        for (size_t call = 0, x = 0, count; call < cut.calls; call++, x += count) {
            count = call < cut.more ? cut.least + 1 : cut.least;
            struct slide j = *part;
            j.a += ky * s->tap_step[0] * w->pitch + x;
            j.c += (ky * s->kernel[1] + x) * PANEL;
            j.apart = w->frame;
            j.c_apart = rows;
            function_of(w, panel, channels, count)(&j);
        }
}

static void learn(const struct sliding_work *w, const float *frames, size_t first, size_t count, size_t panel,
                  const float *turned, bool add) {
    size_t chunks = (w->positions + SLIDING_LEARN - 1) / SLIDING_LEARN, chunk = (w->positions + chunks - 1) / chunks;
    size_t taps = w->s->kernel[0] * w->s->kernel[1], most = 2 * w->s->kernel[1] <= ROWS ? 2 : 1;
    float *packed = w->packed + panel * w->taps * PANEL;
    for (size_t d = 0; d < w->positions; d += chunk)
        for (size_t c = 0, channels; c < count; c += channels) {
            channels = count - c < most ? 1 : most;
            learn_channels(w,
                           &(struct slide){.a = frames + c * w->frame,
                                           .b = turned + d * PANEL,
                                           .offsets = w->offsets + d,
                                           .depth = w->positions - d < chunk ? w->positions - d : chunk,
                                           .c = packed + (first + c) * taps * PANEL,
                                           .add = add || d > 0},
                           channels, panel);
        }
}

const struct sliding_body NAME(sliding) = {LANES, copy, forward, learn};
