/* winograd_code.h: the body of winograd.c, compiled once for every kind of processor: the including file says which,
 * and defines NAME(). (target_clones would not do: gcc takes wide vectors apart before it clones.) */
#include "nn/kernels/winograd.h"

#include <stdint.h>
#include <string.h>

#define LANES 8u
#define ROWS WINOGRAD_ROWS
#define PANEL 16u /* tiles of one call of the inner kernel */
#define VECTORS (PANEL / LANES)
#define BLOCK WINOGRAD_BLOCK
#define POINTS WINOGRAD_POINTS
#define SIDE 6u
#define TILE 4u /* elements of the output along a side */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t places __attribute__((vector_size(LANES * sizeof(int32_t))));

void NAME(winograd_weights)(size_t, size_t, const float *, bool, float *);
void NAME(winograd_run)(const struct winograd *, const float *, const float *, const float *, bool, float *, float *);

#define INLINE static inline __attribute__((always_inline))

static size_t panels_of(size_t out_channels) {
    return (out_channels + ROWS - 1) / ROWS;
}

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

/* The kernels from one input channel to up to ROWS output channels. */
INLINE void transform_kernels(const float *w, size_t step, size_t count, bool turned, size_t plane, float *to) {
    union {
        float at[9][LANES];
        lanes all[9];
    } g;
    lanes half[SIDE * 3], full[SIDE];
    memset(&g, 0, sizeof g);
    for (size_t r = 0; r < count; r++, w += step)
        for (size_t k = 0; k < 9; k++) g.at[k][r] = w[turned ? 8 - k : k];
    for (size_t i = 0; i < 3; i++) transform_kernel(g.all + i, 3, half + i, 3);
    for (size_t i = 0; i < SIDE; i++) {
        transform_kernel(half + 3 * i, 1, full, 1);
        for (size_t k = 0; k < SIDE; k++) memcpy(to + (i * SIDE + k) * plane, &full[k], ROWS * sizeof *to);
    }
}

/* transformed[point][panel][in channel][ROWS] */
void NAME(winograd_weights)(size_t in_channels, size_t out_channels, const float *weights, bool turned,
                            float *transformed) {
    size_t panels = panels_of(out_channels), plane = panels * in_channels * ROWS;
    size_t in_step = turned ? out_channels * 9 : 9, out_step = turned ? 9 : in_channels * 9;
    for (size_t p = 0; p < panels; p++) {
        size_t first = p * ROWS, count = out_channels - first < ROWS ? out_channels - first : ROWS;
        for (size_t c = 0; c < in_channels; c++)
            transform_kernels(weights + first * out_step + c * in_step, out_step, count, turned, plane,
                              transformed + (p * in_channels + c) * ROWS);
    }
}

/* ---- Tiles: numbered through all samples, so that small images fill blocks, too ---- */

struct tile {
    size_t sample;
    ptrdiff_t y, x; /* of its output */
};

static struct tile tile_at(const struct winograd *w, size_t number) {
    size_t across = (w->out[1] + TILE - 1) / TILE, down = (w->out[0] + TILE - 1) / TILE;
    return (struct tile){number / (across * down), (ptrdiff_t)(number / across % down * TILE),
                         (ptrdiff_t)(number % across * TILE)};
}

static size_t tile_count(const struct winograd *w) {
    return w->samples * ((w->out[1] + TILE - 1) / TILE) * ((w->out[0] + TILE - 1) / TILE);
}

/* Where one tile reads. Rows are loaded by whole vectors, of which SIDE elements count. */
struct source {
    size_t offset;      /* of channel 0's first element, when inside */
    ptrdiff_t y, x;     /* may lie outside the image */
    const float *image; /* of channel 0 */
    bool inside;
};

static struct source source_of(const struct winograd *w, const struct tile *t, const float *x) {
    size_t plane = w->in[0] * w->in[1];
    struct source s = {.y = t->y - w->before[0], .x = t->x - w->before[1]};
    s.image = x + t->sample * w->in_channels * plane;
    s.inside = s.y >= 0 && s.x >= 0 && s.y + (ptrdiff_t)SIDE <= (ptrdiff_t)w->in[0] &&
               s.x + (ptrdiff_t)SIDE <= (ptrdiff_t)w->in[1];
    if (!s.inside) return s;
    s.offset = (size_t)s.y * w->in[1] + (size_t)s.x;
    s.inside = s.offset + (SIDE - 1) * w->in[1] + LANES <= plane; /* whole vectors stay in the plane */
    return s;
}

/* The part of a tile that lies inside the image, the rest zero. */
static void copy_part(const struct winograd *w, const struct source *s, const float *plane, lanes rows[SIDE]) {
    ptrdiff_t x0 = s->x < 0 ? -s->x : 0, x1 = (ptrdiff_t)w->in[1] - s->x;
    x1 = x1 > (ptrdiff_t)SIDE ? (ptrdiff_t)SIDE : x1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)SIDE; i++) {
        float row[LANES] = {0};
        if (s->y + i >= 0 && s->y + i < (ptrdiff_t)w->in[0]) {
            const float *from = plane + (s->y + i) * (ptrdiff_t)w->in[1] + s->x;
            for (ptrdiff_t k = x0; k < x1; k++) row[k] = from[k];
        }
        memcpy(&rows[i], row, sizeof row);
    }
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

INLINE void transpose(lanes *m) {
    lanes t[LANES], u[LANES];
    for (int i = 0; i < 4; i++) {
        t[2 * i] = __builtin_shuffle(m[2 * i], m[2 * i + 1], (places){0, 8, 1, 9, 4, 12, 5, 13});
        t[2 * i + 1] = __builtin_shuffle(m[2 * i], m[2 * i + 1], (places){2, 10, 3, 11, 6, 14, 7, 15});
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            u[i + 2 * k] = __builtin_shuffle(t[i + k], t[i + k + 2], (places){0, 1, 8, 9, 4, 5, 12, 13});
            u[i + 2 * k + 1] = __builtin_shuffle(t[i + k], t[i + k + 2], (places){2, 3, 10, 11, 6, 7, 14, 15});
        }
    for (int i = 0; i < 4; i++) {
        m[i] = __builtin_shuffle(u[i], u[i + 4], (places){0, 1, 2, 3, 8, 9, 10, 11});
        m[i + 4] = __builtin_shuffle(u[i], u[i + 4], (places){4, 5, 6, 7, 12, 13, 14, 15});
    }
}

/* LANES tiles of one channel. */
INLINE void transform_tiles(const struct winograd *w, const struct source *s, size_t count, size_t channel, float *to,
                            size_t point_step) {
    size_t plane = w->in[0] * w->in[1];
    lanes middle[SIDE][LANES], rows[SIDE], out[SIDE];
    for (size_t t = 0; t < count; t++) {
        const float *image = s[t].image + channel * plane;
        if (s[t].inside)
            for (size_t i = 0; i < SIDE; i++) memcpy(&rows[i], image + s[t].offset + i * w->in[1], sizeof rows[i]);
        else copy_part(w, &s[t], image, rows);
        transform_input(rows, 1, &middle[0][t], LANES);
    }
    for (size_t t = count; t < LANES; t++)
        for (size_t i = 0; i < SIDE; i++) middle[i][t] = (lanes){0};
    for (size_t i = 0; i < SIDE; i++) {
        transpose(middle[i]);
        transform_input(middle[i], 1, out, 1);
        for (size_t k = 0; k < SIDE; k++) memcpy(to + (i * SIDE + k) * point_step, &out[k], sizeof out[k]);
    }
}

/* to[point][panel][channel][PANEL] */
static void transform_block(const struct winograd *w, const float *x, size_t first, size_t count, float *to) {
    size_t point_step = BLOCK * w->in_channels;
    for (size_t t = 0; t < BLOCK && t < (count + PANEL - 1) / PANEL * PANEL; t += LANES) {
        struct source sources[LANES];
        size_t n = t >= count ? 0 : count - t < LANES ? count - t : LANES;
        for (size_t k = 0; k < n; k++) {
            struct tile tile = tile_at(w, first + t + k);
            sources[k] = source_of(w, &tile, x);
        }
        float *at = to + t / PANEL * PANEL * w->in_channels + t % PANEL;
        for (size_t c = 0; c < w->in_channels; c++) transform_tiles(w, sources, n, c, at + c * PANEL, point_step);
    }
}

/* ---- The products ---- */

/* c[ROWS][PANEL] = a[depth][ROWS]' b[depth][PANEL] */
INLINE void multiply(size_t depth, const float *restrict a, const float *restrict b, float *restrict c) {
    lanes sum[ROWS][VECTORS] = {{{0}}};
    for (size_t d = 0; d < depth; d++, a += ROWS, b += PANEL) {
        lanes b0, b1;
        memcpy(&b0, b, sizeof b0);
        memcpy(&b1, b + LANES, sizeof b1);
        for (size_t r = 0; r < ROWS; r++) {
            sum[r][0] += a[r] * b0;
            sum[r][1] += a[r] * b1;
        }
    }
    memcpy(c, sum, sizeof sum);
}

/* to[point][panel of tiles][out channel][PANEL] */
static void multiply_block(const struct winograd *w, const float *weights, const float *from, size_t count, float *to) {
    size_t panels = panels_of(w->out_channels), depth = w->in_channels, tiles = (count + PANEL - 1) / PANEL;
    for (size_t point = 0; point < POINTS; point++, from += BLOCK * depth, to += BLOCK * panels * ROWS)
        for (size_t p = 0; p < panels; p++, weights += depth * ROWS)
            for (size_t t = 0; t < tiles; t++)
                multiply(depth, weights, from + t * PANEL * depth, to + (t * panels + p) * ROWS * PANEL);
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

static void store_tile(const struct winograd *w, const struct tile *t, float *plane, const lanes rows[2]) {
    const float *from = (const float *)rows;
    size_t width = w->out[1], y = (size_t)t->y, x = (size_t)t->x;
    size_t high = w->out[0] - y, wide = width - x;
    float *to = plane + y * width + x;
    if (wide >= TILE)
        for (size_t i = 0; i < TILE && i < high; i++) memcpy(to + i * width, from + i * TILE, TILE * sizeof *to);
    else
        for (size_t i = 0; i < TILE && i < high; i++)
            for (size_t k = 0; k < wide; k++) to[i * width + k] = from[i * TILE + k];
}

/* LANES tiles of one channel. */
INLINE void finish_tiles(const struct winograd *w, const struct tile *tiles, size_t count, size_t channel,
                         const float *from, size_t point_step, float bias, bool relu, float *y) {
    lanes m[POINTS], half[TILE * SIDE], full[TILE * TILE];
    for (size_t i = 0; i < POINTS; i++) memcpy(&m[i], from + i * point_step, sizeof m[i]);
    for (size_t i = 0; i < SIDE; i++) transform_output(m + i, SIDE, half + i, SIDE);
    for (size_t i = 0; i < TILE; i++) transform_output(half + SIDE * i, 1, full + TILE * i, 1);
    for (size_t i = 0; i < TILE * TILE; i++) {
        full[i] += bias;
        if (relu) full[i] = (lanes)((places)full[i] & ~(places)(full[i] < 0)); /* NaN stays NaN */
    }
    transpose(full);
    transpose(full + LANES);
    size_t plane = w->out[0] * w->out[1];
    for (size_t t = 0; t < count; t++) {
        lanes rows[2] = {full[t], full[LANES + t]};
        store_tile(w, &tiles[t], y + (tiles[t].sample * w->out_channels + channel) * plane, rows);
    }
}

static void finish_block(const struct winograd *w, const float *from, size_t first, size_t count, const float *bias,
                         bool relu, float *y) {
    size_t rows = panels_of(w->out_channels) * ROWS, point_step = BLOCK * rows;
    for (size_t t = 0; t < count; t += LANES) {
        struct tile tiles[LANES];
        size_t n = count - t < LANES ? count - t : LANES;
        for (size_t k = 0; k < n; k++) tiles[k] = tile_at(w, first + t + k);
        const float *at = from + t / PANEL * PANEL * rows + t % PANEL;
        for (size_t c = 0; c < w->out_channels; c++)
            finish_tiles(w, tiles, n, c, at + c * PANEL, point_step, bias ? bias[c] : 0, relu, y);
    }
}

void NAME(winograd_run)(const struct winograd *w, const float *x, const float *transformed, const float *bias,
                        bool relu, float *y, float *scratch) {
    size_t total = tile_count(w);
    float *products = scratch + POINTS * BLOCK * w->in_channels;
    for (size_t first = 0; first < total; first += BLOCK) {
        size_t count = total - first < BLOCK ? total - first : BLOCK;
        transform_block(w, x, first, count, scratch);
        multiply_block(w, transformed, scratch, count, products);
        finish_block(w, products, first, count, bias, relu, y);
    }
}
