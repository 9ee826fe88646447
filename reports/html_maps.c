/* Maps and inputs on the page: each once, as a picture with an id; strips show them by it. The opacity of a map's
 * colours grows with the value, so that the same picture lies on white and over the input. */
#include "reports/html.h"
#include "reports/map_columns.h"
#include "reports/map_tile.h"
#include "reports/png.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE 88.0
#define SIDE_MOST 160.0 /* of a picture; larger ones are made smaller by a whole factor */
#define SIDE_LEAST 32.0
#define PIXELS_MOST 3e6 /* of all pictures together, about as many bytes */
#define BARS_MOST 200u  /* of what is no picture */
#define NOT_FINITE 255u /* in the palette */

static size_t place_of(const struct html *h, const struct picture *p) {
    return (size_t)(p - h->maps.pictures);
}

/* All maps of an explainer share a palette: diverging as soon as one has a negative value. */
static bool diverges(const struct html *h, const char *explainer) {
    for (size_t i = 0; i < h->maps.count; i++) {
        const struct picture *p = &h->maps.pictures[i];
        if (p->explainer && p->negative && strcmp(p->explainer, explainer) == 0) return true;
    }
    return false;
}

/* ---- pictures ---- */

static uint32_t shrink_factor(const struct html *h, const struct picture *p) {
    double side = fmin(SIDE_MOST, fmax(SIDE_LEAST, sqrt(PIXELS_MOST / (double)h->maps.count)));
    uint32_t longer = p->width > p->height ? p->width : p->height;
    return (uint32_t)fmax(1, ceil(longer / side));
}

/* Of a map: red for, blue against, the more opaque the stronger. Of a grey input: black to white. */
static void make_palette(uint8_t palette[PNG_COLOURS][4], bool map, bool diverging) {
    for (int i = 0; i < (int)PNG_COLOURS; i++) {
        double v = diverging ? i / 127. - 1 : i / 254.;
        const uint8_t red[] = {178, 24, 43}, blue[] = {33, 102, 172}, *hue = v < 0 ? blue : red;
        for (int c = 0; c < 3; c++) palette[i][c] = map ? hue[c] : (uint8_t)lround(fmin(1, v) * 255);
        palette[i][3] = map ? (uint8_t)lround(fmin(1, fabs(v)) * 255) : 255;
    }
    memcpy(palette[NOT_FINITE], (const uint8_t[]){120, 120, 120, 255}, 4);
}

/* The mean of a block of values, in the palette. */
static uint8_t block_colour(const char *values, const struct picture *p, uint32_t x0, uint32_t y0, uint32_t factor,
                            bool diverging) {
    double sum = 0, low = p->explainer ? 0 : p->low, high = p->explainer ? p->limit : p->high;
    uint32_t count = 0;

    for (uint32_t y = y0; y < y0 + factor && y < p->height; y++)
        for (uint32_t x = x0; x < x0 + factor && x < p->width; x++, count++) {
            float value;
            memcpy(&value, values + sizeof value * ((size_t)y * p->width + x), sizeof value);
            sum += (double)value;
        }
    double v = high > low ? (sum / count - low) / (high - low) : 0;
    if (!isfinite(v)) return NOT_FINITE;
    return diverging ? (uint8_t)lround(127 * (1 + fmax(-1, fmin(1, v)))) : (uint8_t)lround(254 * fmax(0, fmin(1, v)));
}

static void put_values(struct html *h, const struct picture *p, uint32_t factor, uint32_t width, uint32_t height) {
    const bool diverging = p->explainer && diverges(h, p->explainer);
    uint8_t *pixels = malloc((size_t)width * height + 1), palette[PNG_COLOURS][4];

    if (!pixels) {
        h->out.failed = true;
        return;
    }
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            pixels[(size_t)y * width + x] =
                block_colour(h->pictures + p->offset, p, x * factor, y * factor, factor, diverging);
    make_palette(palette, p->explainer, diverging);
    png_add_indexed(&h->out, width, height, pixels, (const uint8_t(*)[4])palette);
    free(pixels);
}

static void put_colours(struct html *h, const struct picture *p, uint32_t factor, uint32_t width, uint32_t height) {
    const uint8_t *rgb = (const uint8_t *)h->pictures + p->offset;
    uint8_t *pixels = malloc(3 * (size_t)width * height + 1);

    if (!pixels) {
        h->out.failed = true;
        return;
    }
    for (uint32_t k = 0; k < 3 * width * height; k++) {
        uint32_t x0 = k / 3 % width * factor, y0 = k / 3 / width * factor, sum = 0, count = 0;
        for (uint32_t y = y0; y < y0 + factor && y < p->height; y++)
            for (uint32_t x = x0; x < x0 + factor && x < p->width; x++, count++)
                sum += rgb[3 * ((size_t)y * p->width + x) + k % 3];
        pixels[k] = (uint8_t)(sum / count);
    }
    png_add_rgb(&h->out, width, height, pixels);
    free(pixels);
}

static void define_picture(struct html *h, const struct picture *p) {
    uint32_t factor = shrink_factor(h, p), width = (p->width + factor - 1) / factor,
             height = (p->height + factor - 1) / factor;

    text_add(&h->out, "<symbol id=\"m%zu\" viewBox=\"0 0 %u %u\"><image width=\"%u\" height=\"%u\"%s href=\"",
             place_of(h, p), (unsigned)width, (unsigned)height, (unsigned)width, (unsigned)height,
             width < (uint32_t)TILE ? " class=\"px\"" : "");
    if (p->colour) put_colours(h, p, factor, width, height);
    else put_values(h, p, factor, width, height);
    text_add(&h->out, "\"/></symbol>\n");
}

/* ---- what is no picture: bars side by side ---- */

/* Of several positions in one bar the largest magnitude, with its sign. */
static double bar_value(const struct picture *p, uint32_t bar, uint32_t bars) {
    double most = 0;
    for (uint32_t i = (uint32_t)((uint64_t)bar * p->width / bars); i < (uint64_t)(bar + 1) * p->width / bars; i++)
        if (isfinite(p->values[i]) && fabs((double)p->values[i]) > fabs(most)) most = (double)p->values[i];
    return most;
}

static void define_bars(struct html *h, const struct picture *p) {
    const uint32_t bars = p->width < BARS_MOST ? p->width : BARS_MOST;
    const double limit = p->limit > 0 ? p->limit : 1, wide = 200. / bars;
    const bool signs = p->explainer ? diverges(h, p->explainer) : p->negative;
    static const char *const classes[] = {"for", "against"};

    text_add(&h->out, "<symbol id=\"m%zu\" viewBox=\"0 0 200 100\" preserveAspectRatio=\"none\">", place_of(h, p));
    for (int negative = 0; negative < 2; negative++) {
        struct text path = {0};
        for (uint32_t i = 0; i < bars; i++) {
            double v = fmax(-1, fmin(1, bar_value(p, i, bars) / limit));
            if (v == 0 || (v < 0) != negative) continue;
            text_add(&path, "M%.2f %dh%.2fv%.2fh-%.2fz", i * wide, signs ? 50 : 100, .8 * wide, -v * (signs ? 50 : 100),
                     .8 * wide);
        }
        if (path.data)
            text_add(&h->out, "<path class=\"%s\" d=\"%s\"/>", p->explainer ? classes[negative] : "value", path.data);
        h->out.failed = h->out.failed || path.failed;
        text_finish(&path);
    }
    text_add(&h->out, "</symbol>\n");
}

void html_define_maps(struct html *h) {
    text_add(&h->out, "<svg class=\"defs\" aria-hidden=\"true\">\n");
    for (size_t i = 0; i < h->maps.count; i++) {
        const struct picture *p = &h->maps.pictures[i];
        if (p->values) define_bars(h, p);
        else if (p->width && p->height && isfinite(p->low)) define_picture(h, p);
    }
    text_add(&h->out, "</svg>\n");
}

/* ---- strips ---- */

struct strip {
    struct html *h;
    const struct verdict_row *verdict;
    uint32_t input;
    struct map_columns columns;
};

static const struct picture *map_at(const struct strip *s, size_t column) {
    const char *variant =
        column ? s->columns.column[column - 1].variant : map_original_of(s->columns.column[0].variant);
    return map_set_find(&s->h->maps, s->verdict->explainer, variant, s->input);
}

static void add_tile(struct strip *s, const struct picture *under, const struct picture *map, const char *what,
                     const char *stage) {
    struct text *out = &s->h->out;
    const struct picture *shape = map ? map : under;

    text_add(out, "<svg class=\"tile\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s", TILE,
             map_tile_height(shape, TILE), what);
    text_add_xml(out, stage);
    text_add(out, "\">");
    if (under) text_add(out, "<use%s href=\"#m%zu\"/>", map ? " class=\"under\"" : "", place_of(s->h, under));
    if (map) text_add(out, "<use href=\"#m%zu\"/>", place_of(s->h, map));
    text_add(out, "</svg>");
}

static void add_caption(struct text *out, const struct picture *p, bool stage) {
    char number[NUMBER_SIZE];

    text_add(out, "<br>");
    if (!p->finite) text_add(out, "not finite");
    else if (p->constant) text_add(out, "constant");
    else if (stage && !isnan(p->similarity))
        text_add(out, "%s %s", measures[0]->symbol, html_number(p->similarity, number));
    else text_add(out, "&#160;");
}

static void add_maps(struct strip *s, const struct picture *under) {
    struct text *out = &s->h->out;

    for (size_t c = 0; c <= s->columns.count; c++) {
        const struct picture *p = map_at(s, c);
        text_add(out, "<td>");
        if (p)
            add_tile(s, under, p,
                     under ? "over the input: " : "map: ", c ? s->columns.column[c - 1].title : "original");
        else text_add(out, "no map");
        if (p && !under) add_caption(out, p, c > 0);
        text_add(out, "</td>");
    }
}

static void add_strip(struct strip *s) {
    struct text *out = &s->h->out;
    const struct picture *input = map_set_input(&s->h->maps, s->input);
    const bool over = input && !input->values;

    text_add(out,
             "<figure><div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Maps of input %u\">"
             "<table class=\"strip\"><thead><tr><th scope=\"col\">input</th><th scope=\"col\">original</th>",
             (unsigned)s->input);
    for (size_t c = 0; c < s->columns.count; c++) {
        text_add(out, "<th scope=\"col\">");
        text_add_xml(out, s->columns.column[c].title);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead>\n<tbody><tr><td rowspan=\"%d\">", over ? 2 : 1);
    if (input) add_tile(s, input, NULL, "input: ", input->class);
    text_add(out, "</td>");
    add_maps(s, NULL);
    text_add(out, "</tr>\n");
    if (over) {
        text_add(out, "<tr>");
        add_maps(s, input);
        text_add(out, "</tr>\n");
    }
    bool diverging = diverges(s->h, s->verdict->explainer);
    text_add(out, "</tbody></table></div>\n<figcaption>Input %u, ", (unsigned)s->input);
    text_add_xml(out, input ? input->class : "its class");
    text_add(out, ", one draw; verdicts rest on all.%s %s<span class=\"ramp%s\"></span>%s</figcaption></figure>\n",
             over ? " Above alone, below over the input." : "", diverging ? "against" : "none", diverging ? "" : " one",
             diverging ? "for" : "strong");
}

static bool has_map(const struct strip *s) {
    for (size_t c = 0; c <= s->columns.count; c++)
        if (map_at(s, c)) return true;
    return false;
}

/* Of most inputs no map is kept. */
static bool is_mapped(const struct map_set *m, uint32_t input, const char *explainer) {
    for (size_t i = 0; i < m->count; i++) {
        const struct picture *p = &m->pictures[i];
        if (p->explainer && p->input == input && strcmp(p->explainer, explainer) == 0) return true;
    }
    return false;
}

bool html_add_strips(struct html *h, const struct verdict_row *v) {
    for (size_t i = 0; i < h->maps.count; i++) {
        struct strip s = {.h = h, .verdict = v, .input = h->maps.pictures[i].input};
        if (h->maps.pictures[i].explainer || !is_mapped(&h->maps, s.input, v->explainer)) continue;
        if (!map_columns_load(h->store, &h->maps, v->control, s.input, &s.columns, h->error)) return false;
        if (s.columns.count && has_map(&s)) add_strip(&s);
        map_columns_finish(&s.columns);
    }
    return true;
}
