/* winograd_code.h: the body of winograd.h, compiled once for every kind of processor: the including file says which,
 * defines NAME(), and for other vectors than of eight LANES and ROWS. (target_clones would not do: gcc takes wide
 * vectors apart before it clones.)
 *
 * Vectors run over channels, so that no lane is wasted on small images. Three arrays live in the scratch memory, each
 * by point (element of a transformed tile): the tiles of the input, the kernels, and their products. */
#include "nn/kernels/lanes.h"
#include "nn/kernels/winograd_blocks.h"

#define PANEL (2 * LANES)
#define POINTS WINOGRAD_POINTS
#define VECTORS (PANEL / LANES)
#ifndef ROWS
#define ROWS 6u /* tiles of one call of the inner kernel, whose sums, two vectors each, stay in registers */
#endif
#define THREES ((ROWS + 2) / 3)
#define NEIGHBOURS 8u /* tiles side by side, which share lines of the input */
#define SIDE 6u
#define TILE 4u /* elements of the output along a side */

/* The first `count` of an octet. */
static octet load_part(const float *from, size_t count) {
    octet v = {0};
    memcpy(&v, from, count * sizeof *from);
    return v;
}

static lanes load_some(const float *from, size_t count) {
    lanes v = {0};
    memcpy(&v, from, count * sizeof *from);
    return v;
}

/* ---- Kernels ---- */

/* G g: three elements to six. */
INLINE void transform_kernel(const lanes *g, size_t step, lanes *out, size_t out_step) {
    lanes a = g[0], b = g[step], c = g[2 * step];
    lanes even = -(a + c) * (1.f / 6), odd = b * (1.f / 6);
    lanes wide = a * (1.f / 24) + c * (1.f / 6), twice = b * (1.f / 12);
    out[0] = a * .25f;
    out[out_step] = even - odd;
    out[2 * out_step] = even + odd;
    out[3 * out_step] = wide + twice;
    out[4 * out_step] = wide - twice;
    out[5 * out_step] = c;
}

/* The kernels from one input channel to up to LANES output channels, `step` floats apart, times `factor`. */
INLINE void transform_kernels(const float *w, size_t step, size_t count, bool turned, lanes factor, float *to,
                              size_t point_step) {
    octet rows[LANES];
    lanes taps[OCTET], last, g[9], half[SIDE * 3], full[SIDE];
    for (size_t r = 0; r < LANES; r++) rows[r] = r < count ? load_octet(w + r * step) : (octet){0};
    if (count == LANES) last = load_spaced(w + OCTET, step);
    else
        for (size_t r = 0; r < LANES; r++) last[r] = r < count ? w[r * step + OCTET] : 0;
    transpose(rows, taps);
    for (size_t k = 0; k < OCTET; k++) g[turned ? 8 - k : k] = taps[k] * factor;
    g[turned ? 0 : 8] = last * factor;
    for (size_t i = 0; i < 3; i++) transform_kernel(g + i, 3, half + i, 3);
    for (size_t i = 0; i < SIDE; i++) {
        transform_kernel(half + 3 * i, 1, full, 1);
        for (size_t k = 0; k < SIDE; k++) store(to + (i * SIDE + k) * point_step, full[k]);
    }
}

/* The factors of up to LANES output channels or, turned, that of the one input channel. */
INLINE lanes factors_of(const struct winograd *w, size_t out, size_t count, size_t in) {
    lanes factor = (lanes){0} + 1;
    if (!w->factors) return factor;
    if (w->turned) return (lanes){0} + w->factors[in];
    if (count == LANES) return load(w->factors + out);
    for (size_t r = 0; r < count; r++) factor[r] = w->factors[out + r];
    return factor;
}

/* Weights lie in rows too short for the processor to guess ahead: a row goes on 16 kernels later, and turned, the same
 * kernels are wanted of the fourth row from here. May point behind the end, which does no harm. */
INLINE void prefetch_kernels(const float *from, bool turned, size_t row) {
    uintptr_t at = (uintptr_t)from;
    if (turned)
        for (size_t i = 0; i < LANES * 9; i += 16)
            __builtin_prefetch((const void *)(at + (4 * row + i) * sizeof *from));
    else
        for (size_t r = 0; r < LANES; r++) __builtin_prefetch((const void *)(at + (r * row + 16 * 9) * sizeof *from));
}

/* The kernels from input channel `c` to the output channels from `k`, both counted within the block. */
INLINE void transform_at(const struct winograd *w, const struct winograd_blocks *b, const struct winograd_block *at,
                         size_t k, size_t c, const float *weights, float *to) {
    size_t in_step = w->turned ? w->out_channels * 9 : 9, out_step = w->turned ? 9 : w->in_channels * 9;
    size_t exist = w->out_channels - at->first, count = k >= exist ? 0 : exist - k < LANES ? exist - k : LANES;
    const float *kernels = weights + (at->first + k) * out_step + (at->from + c) * in_step;
    lanes factor = factors_of(w, at->first + k, count, at->from + c);
    to += k / PANEL * PANEL * b->depth + c * PANEL + k % PANEL;
    prefetch_kernels(kernels, w->turned, w->turned ? in_step : out_step);
    if (count < LANES) transform_kernels(kernels, out_step, count, w->turned, factor, to, b->weight_step);
    else if (w->turned) transform_kernels(kernels, 9, LANES, true, factor, to, b->weight_step);
    else transform_kernels(kernels, out_step, LANES, false, factor, to, b->weight_step);
}

/* to[point][panel of output channels][input channel][PANEL]; read in the order the weights lie in. */
static void transform_weights(const struct winograd *w, const struct winograd_blocks *b,
                              const struct winograd_block *at, const float *weights, float *to) {
    if (w->turned)
        for (size_t c = 0; c < at->depth; c++)
            for (size_t k = 0; k < at->channels; k += LANES) transform_at(w, b, at, k, c, weights, to);
    else
        for (size_t k = 0; k < at->channels; k += LANES)
            for (size_t c = 0; c < at->depth; c++) transform_at(w, b, at, k, c, weights, to);
}

/* ---- Tiles: numbered through all samples ---- */

struct tile {
    size_t sample;
    ptrdiff_t y, x; /* of its output */
};

static struct tile tile_at(const struct winograd *w, size_t number) {
    size_t across = (w->out[1] + TILE - 1) / TILE, down = (w->out[0] + TILE - 1) / TILE;
    return (struct tile){number / (across * down), (ptrdiff_t)(number / across % down * TILE),
                         (ptrdiff_t)(number % across * TILE)};
}

/* Where one tile reads in the plane of every channel. Rows are loaded by octets, of which SIDE elements count. */
struct source {
    const float *image; /* channel 0 */
    bool inside;        /* rows are whole, and `step` apart */
    size_t first, step;
    size_t from[SIDE]; /* else: what to load for each row, which lane of it goes where, and which are not padding */
    octet_places pick[SIDE], keep[SIDE];
};

static void place_rows(const struct winograd *w, ptrdiff_t y, ptrdiff_t x, struct source *s) {
    ptrdiff_t height = (ptrdiff_t)w->in[0], width = (ptrdiff_t)w->in[1], last = height * width - (ptrdiff_t)OCTET;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)SIDE; i++) {
        bool row = y + i >= 0 && y + i < height;
        ptrdiff_t wanted = row ? (y + i) * width + x : 0, from = wanted > last ? last : wanted;
        from = from < 0 ? 0 : from;
        s->from[i] = (size_t)from;
        for (ptrdiff_t k = 0; k < (ptrdiff_t)OCTET; k++) {
            s->pick[i][k] = (int32_t)(wanted + k - from);
            s->keep[i][k] = row && x + k >= 0 && x + k < width ? -1 : 0;
        }
    }
}

static void place_tile(const struct winograd *w, const struct tile *t, const float *x, struct source *s) {
    size_t plane = w->in[0] * w->in[1];
    ptrdiff_t top = t->y - w->before[0], left = t->x - w->before[1];
    s->image = x + t->sample * w->in_channels * plane;
    s->step = w->in[1];
    s->inside = top >= 0 && left >= 0 && top + (ptrdiff_t)SIDE <= (ptrdiff_t)w->in[0] &&
                left + (ptrdiff_t)SIDE <= (ptrdiff_t)w->in[1];
    if (s->inside) {
        s->first = (size_t)top * w->in[1] + (size_t)left;
        s->inside = s->first + (SIDE - 1) * w->in[1] + OCTET <= plane; /* whole octets stay in the plane */
    }
    if (!s->inside) place_rows(w, top, left, s);
}

/* B' d: six elements to six. */
INLINE void transform_input(const lanes *d, size_t step, lanes *out, size_t out_step) {
    lanes a = d[0], b = d[step], c = d[2 * step], e = d[3 * step], f = d[4 * step], g = d[5 * step];
    lanes even = f - 4 * c, odd = e - 4 * b, wide = f - c, twice = 2 * (e - b);
    out[0] = 4 * a - 5 * c + f;
    out[out_step] = even + odd;
    out[2 * out_step] = even - odd;
    out[3 * out_step] = wide + twice;
    out[4 * out_step] = wide - twice;
    out[5 * out_step] = 4 * b - 5 * e + g;
}

/* Row `i` of the tile in channels `plane` apart. */
INLINE void load_row(const struct source *s, bool inside, size_t i, const float *image, size_t plane, size_t count,
                     octet *out) {
    const float *from = image + (inside ? s->first + i * s->step : s->from[i]);
    for (size_t k = 0; k < LANES; k++, from += plane) {
        if (inside) out[k] = k < count ? load_octet(from) : (octet){0};
        else if (k >= count) out[k] = (octet){0};
        else {
            octet row = plane < OCTET ? load_part(from, plane) : load_octet(from);
            out[k] = (octet)((octet_places)__builtin_shuffle(row, s->pick[i]) & s->keep[i]);
        }
    }
}

/* LANES channels of one tile, of which `count` exist. */
INLINE void transform_tile(const struct source *s, bool inside, size_t plane, const float *image, size_t count,
                           float *to, size_t point_step) {
    octet rows[LANES];
    lanes columns[OCTET], half[SIDE * SIDE], out[SIDE];
    for (size_t i = 0; i < SIDE; i++) {
        load_row(s, inside, i, image, plane, count, rows);
        transpose(rows, columns);
        transform_input(columns, 1, half + i * SIDE, 1);
    }
    for (size_t k = 0; k < SIDE; k++) {
        transform_input(half + k, SIDE, out, 1);
        for (size_t i = 0; i < SIDE; i++) store(to + (i * SIDE + k) * point_step, out[i]);
    }
}

/* to[chunk of channels][point][tile][channel]. Tiles side by side share lines of the input. */
static void transform_tiles(const struct winograd *w, const struct winograd_blocks *b,
                            const struct winograd_tiles *part, const float *x, float *to) {
    size_t plane = w->in[0] * w->in[1], first = part->first, count = part->count;
    for (size_t t = 0; t < count; t += NEIGHBOURS) {
        struct source sources[NEIGHBOURS];
        size_t n = count - t < NEIGHBOURS ? count - t : NEIGHBOURS;
        for (size_t k = 0; k < n; k++) {
            struct tile tile = tile_at(w, first + t + k);
            place_tile(w, &tile, x, &sources[k]);
        }
        for (size_t c = part->from; c < part->end; c += LANES) {
            size_t channels = w->in_channels - c < LANES ? w->in_channels - c : LANES;
            float *at = to + c / b->depth * POINTS * b->tile_step + t * b->depth + c % b->depth;
            for (size_t k = 0; k < n; k++, at += b->depth) {
                const struct source *s = &sources[k];
                const float *image = s->image + c * plane;
                if (s->inside && channels == LANES) transform_tile(s, true, plane, image, LANES, at, b->tile_step);
                else transform_tile(s, s->inside, plane, image, channels, at, b->tile_step);
            }
        }
    }
}

/* ---- The products ---- */

/* products[rows][PANEL] (+)= tiles[rows][depth] weights[depth][PANEL] */
INLINE void multiply(size_t rows, size_t depth, const float *restrict tiles, size_t tile_step,
                     const float *restrict weights, bool add, float *restrict products, size_t product_step) {
    lanes sum[ROWS][VECTORS];
    const float *three[THREES]; /* of rows: one address for all of them, or one for each, would not fit the registers */
    for (size_t i = 0; i < THREES; i++) three[i] = tiles + 3 * i * tile_step;
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < VECTORS; k++)
            sum[r][k] = add ? load(products + r * product_step + k * LANES) : (lanes){0};
    for (size_t d = 0; d < depth; d++, weights += PANEL) {
        lanes w0 = load(weights), w1 = load(weights + LANES);
        for (size_t r = 0; r < rows; r++) {
            float x = three[r / 3][r % 3 * tile_step];
            sum[r][0] += x * w0;
            sum[r][1] += x * w1;
        }
        for (size_t i = 0; i < (rows + 2) / 3; i++) three[i]++;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < VECTORS; k++) store(products + r * product_step + k * LANES, sum[r][k]);
}

/* Functions of their own: within a larger one the sums would not stay in registers. */
#define DEFINE_MULTIPLY(rows)                                                                                          \
    static __attribute__((noinline)) void multiply_##rows(size_t depth, const float *tiles, size_t tile_step,          \
                                                          const float *weights, bool add, float *products,             \
                                                          size_t product_step) {                                       \
        multiply(rows, depth, tiles, tile_step, weights, add, products, product_step);                                 \
    }
#if ROWS == 6
#define EACH_COUNT(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6)
#else
#define EACH_COUNT(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14)
#endif
EACH_COUNT(DEFINE_MULTIPLY)

/* products[point][tile][channel], added to with `add` */
static void multiply_block(const struct winograd_blocks *b, const struct winograd_block *at, const float *tiles,
                           const float *weights, size_t count, bool add, float *products) {
    typedef void multiply_function(size_t, const float *, size_t, const float *, bool, float *, size_t);
#define MULTIPLY(rows) multiply_##rows,
    static multiply_function *const by_rows[] = {EACH_COUNT(MULTIPLY)};
    size_t calls = (count + ROWS - 1) / ROWS, least = count / calls, more = count % calls;
    for (size_t point = 0; point < POINTS; point++)
        for (size_t k = 0; k < at->channels; k += PANEL) {
            const float *panel = weights + point * b->weight_step + k * b->depth;
            const float *from = tiles + point * b->tile_step;
            float *to = products + point * b->product_step + k;
            for (size_t call = 0, rows; call < calls; call++, from += rows * b->depth, to += rows * b->channels) {
                rows = call < more ? least + 1 : least;
                by_rows[rows - 1](at->depth, from, b->depth, panel, add, to, b->channels);
            }
        }
}

/* ---- Back ---- */

/* A' m: six elements to four. */
INLINE void transform_output(const lanes *m, size_t step, lanes *out, size_t out_step) {
    lanes a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    lanes c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
    out[0] = m[0] + a + c;
    out[out_step] = b + 2 * d;
    out[2 * out_step] = a + 4 * c;
    out[3 * out_step] = b + 8 * d + m[5 * step];
}

/* `count` channels of one tile, full[4 i + k] being row i of those of number k, k + 4, ... side by side. */
INLINE void store_tile(const struct winograd *w, const struct tile *t, const lanes *full, size_t count, float *y) {
    size_t width = w->out[1], plane = w->out[0] * width;
    size_t high = w->out[0] - (size_t)t->y, wide = width - (size_t)t->x;
    float *to = y + (size_t)t->y * width + (size_t)t->x;
    bool whole = high >= TILE && wide >= TILE;
    for (size_t channel = 0; channel < count; channel++, to += plane) {
        const float *from = (const float *)full + channel % 4 * LANES + channel / 4 * 4;
        for (size_t i = 0; i < TILE && whole; i++) memcpy(to + i * width, from + i * TILE * LANES, TILE * sizeof *to);
        for (size_t i = 0; i < TILE && i < high && !whole; i++)
            for (size_t k = 0; k < TILE && k < wide; k++) to[i * width + k] = from[i * TILE * LANES + k];
    }
}

/* LANES channels of one tile, of which `count` exist. */
INLINE void finish_tile(const struct winograd *w, const struct tile *tile, size_t count, const float *from,
                        size_t point_step, lanes bias, float *y) {
    lanes column[SIDE], half[TILE * SIDE], full[TILE * TILE];
    for (size_t i = 0; i < SIDE; i++) {
        for (size_t k = 0; k < SIDE; k++) column[k] = load(from + (k * SIDE + i) * point_step);
        transform_output(column, 1, half + i, SIDE);
    }
    for (size_t i = 0; i < TILE; i++) transform_output(half + SIDE * i, 1, full + TILE * i, 1);
    for (size_t i = 0; i < TILE * TILE; i++) {
        full[i] += bias;
        if (w->relu) full[i] = (lanes)((int_lanes)full[i] & ~(int_lanes)(full[i] < 0)); /* NaN stays NaN */
    }
    for (size_t i = 0; i < TILE; i++) transpose_quads(full + TILE * i);
    store_tile(w, tile, full, count, y);
}

static void finish_block(const struct winograd *w, const struct winograd_blocks *b, const float *from, size_t first,
                         size_t count, size_t first_channel, const float *bias, float *y) {
    size_t plane = w->out[0] * w->out[1], left = w->out_channels - first_channel;
    size_t channels = left < b->channels ? left : b->channels;
    for (size_t k = 0; k < channels; k += LANES) {
        size_t n = channels - k < LANES ? channels - k : LANES;
        lanes shift = bias ? load_some(bias + first_channel + k, n) : (lanes){0};
        for (size_t t = 0; t < count; t++) {
            struct tile tile = tile_at(w, first + t);
            float *to = y + (tile.sample * w->out_channels + first_channel + k) * plane;
            const float *at = from + t * b->channels + k;
            if (n == LANES) finish_tile(w, &tile, LANES, at, b->product_step, shift, to);
            else finish_tile(w, &tile, n, at, b->product_step, shift, to);
        }
    }
}

const struct winograd_body NAME(winograd) = {LANES, transform_weights, transform_tiles, multiply_block, finish_block};
