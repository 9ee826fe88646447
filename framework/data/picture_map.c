/* picture_map.c: a map over its input, with a colour bar and its numbers. */
#include "data/picture.h"
#include "data/picture_parts.h"

#include "base/layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_LEAST 48u /* the height of features, which are one row */
#define BAR_WIDTH 18u
#define BAR_LEAST 96u /* its height */
#define GAP 12u
#define GLYPH_WIDTH 5u
#define GLYPH_HEIGHT 7u
#define GLYPH_SCALE 2u
#define LABEL_CHARACTERS 9u

/* Digits and signs as rows of five bits. */
static const char glyph_names[] = "0123456789.-+e";
static const uint8_t glyphs[][GLYPH_HEIGHT] = {
    {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},    {14, 17, 1, 2, 4, 8, 31},   {31, 2, 4, 2, 1, 17, 14},
    {2, 6, 10, 18, 31, 2, 2},     {31, 16, 30, 1, 1, 17, 14}, {6, 8, 16, 30, 17, 17, 14}, {31, 1, 2, 4, 8, 8, 8},
    {14, 17, 17, 14, 17, 17, 14}, {14, 17, 17, 15, 1, 2, 12}, {0, 0, 0, 0, 0, 12, 12},    {0, 0, 0, 31, 0, 0, 0},
    {0, 4, 4, 31, 4, 4, 0},       {0, 0, 14, 17, 31, 16, 14},
};

static const uint8_t against[] = {33, 102, 172}, strong[] = {178, 24, 43}; /* the poles of RdBu (colorbrewer2.org) */

/* The colour of a value from -1 to 1 over a grey. */
static void blend(double value, double grey, uint8_t rgb[3]) {
    const double opacity = fmin(1, fabs(value));
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lround((1 - opacity) * grey + opacity * (value < 0 ? against[c] : strong[c]));
}

/* Places on the page, in its pixels. */
struct page {
    struct pixels out, map; /* map: its sizes before enlargement */
    size_t across, down;    /* how often a pixel of the map is repeated */
    const double *values;   /* [map], from -1 to 1 */
    const double *greys;    /* [map], from 128 to 255; NULL: white */
    double scale;
    bool negative;
};

static uint8_t *pixel(const struct page *p, size_t x, size_t y) {
    return p->out.rgb + 3 * (y * p->out.width + x);
}

static void paint_map(struct page *p) {
    for (size_t y = 0; y < p->map.height * p->down; y++)
        for (size_t x = 0; x < p->map.width * p->across; x++) {
            const size_t i = y / p->down * p->map.width + x / p->across;
            blend(p->values[i], p->greys ? p->greys[i] : 255, pixel(p, x, y));
        }
}

static void paint_text(struct page *p, const char *text, size_t left, size_t top) {
    for (size_t k = 0; text[k]; k++) {
        const char *name = strchr(glyph_names, text[k]);
        for (size_t i = 0; name && i < GLYPH_WIDTH * GLYPH_HEIGHT * GLYPH_SCALE * GLYPH_SCALE; i++) {
            const size_t x = i % (GLYPH_WIDTH * GLYPH_SCALE), y = i / (GLYPH_WIDTH * GLYPH_SCALE);
            const uint8_t row = glyphs[name - glyph_names][y / GLYPH_SCALE];
            if (row >> (GLYPH_WIDTH - 1 - x / GLYPH_SCALE) & 1)
                memset(pixel(p, left + k * (GLYPH_WIDTH + 1) * GLYPH_SCALE + x, top + y), 34, 3);
        }
    }
}

static size_t bar_height(const struct page *p) {
    return p->out.height;
}

/* The upper end is the scale, the lower end its negative, or zero where no value is negative. */
static void paint_bar(struct page *p) {
    const size_t left = p->map.width * p->across + GAP, high = bar_height(p), text = GLYPH_HEIGHT * GLYPH_SCALE;
    const size_t right = left + BAR_WIDTH + GAP / 2;
    char label[32];

    for (size_t y = 0; y < high; y++) {
        const double part = 1 - (double)y / (double)(high - 1);
        for (size_t x = 0; x < BAR_WIDTH; x++) {
            const bool edge = x == 0 || x + 1 == BAR_WIDTH || y == 0 || y + 1 == high;
            if (edge) memset(pixel(p, left + x, y), 150, 3);
            else blend(p->negative ? 2 * part - 1 : part, 255, pixel(p, left + x, y));
        }
    }
    snprintf(label, sizeof label, "%.3g", p->scale);
    paint_text(p, label, right, 0);
    paint_text(p, "0", right, p->negative ? (high - text) / 2 : high - text);
    snprintf(label, sizeof label, "-%.3g", p->scale);
    if (p->negative && p->scale > 0) paint_text(p, label, right, high - text);
}

/* Of a picture the mean of its channels, from pale grey to white. */
static bool take_greys(const struct shape *shape, const float *input, size_t channels, size_t plane, double **out) {
    *out = NULL;
    if (layout_of(shape).kind->figure != LAYOUT_IMAGE) return true;
    double *greys = picture_sum(input, channels, plane), low = INFINITY, high = -INFINITY;
    for (size_t i = 0; greys && i < plane; i++) {
        low = fmin(low, greys[i]);
        high = fmax(high, greys[i]);
    }
    for (size_t i = 0; greys && i < plane; i++)
        greys[i] = 128 + 127 * (high > low ? (greys[i] - low) / (high - low) : 1);
    *out = greys;
    return greys != NULL;
}

static void place(struct page *p) {
    const size_t factor = picture_enlargement(&p->map), high = p->map.height;

    p->across = p->down = factor;
    if (high * factor < ROW_LEAST) p->down = (ROW_LEAST + high - 1) / high;
    p->out.width = p->map.width * p->across + GAP + BAR_WIDTH + GAP / 2 +
                   LABEL_CHARACTERS * (GLYPH_WIDTH + 1) * GLYPH_SCALE + GAP / 2;
    p->out.height = high * p->down > BAR_LEAST ? high * p->down : BAR_LEAST;
}

bool picture_write_map(const char *path, const struct shape *shape, const float *input, const float *map,
                       struct error *e) {
    struct page p = {0};
    double *greys = NULL;
    size_t channels;

    if (!picture_shape(shape, &channels, &p.map, e) || !picture_values(map, shape_count(shape), &p.negative, e))
        return error_prefix(e, "%s", path);
    const size_t plane = p.map.width * p.map.height;
    double *values = picture_sum(map, channels, plane);
    place(&p);
    p.out.rgb = malloc(3 * p.out.width * p.out.height);
    bool ok = values && p.out.rgb && picture_scale(values, plane, &p.scale) &&
              take_greys(shape, input, channels, plane, &greys);
    if (!ok) error_memory(e);
    for (size_t i = 0; ok && i < plane; i++) values[i] = p.scale > 0 ? fmax(-1, fmin(1, values[i] / p.scale)) : 0;
    if (ok) {
        memset(p.out.rgb, 255, 3 * p.out.width * p.out.height);
        p.values = values;
        p.greys = greys;
        paint_map(&p);
        paint_bar(&p);
    }
    ok = ok && picture_encode(&p.out, 1, path, e);
    free(p.out.rgb);
    free(greys);
    free(values);
    return ok;
}
