/* Tiles of maps and inputs, their palettes and colour bars, as gnuplot draws them. */
#include "reports/map_tile.h"

#include <math.h>

#define BAR_WIDTH 98.0

void map_tile_begin(struct figure *f) {
    text_add(&f->script,
             "maps = '" MAP_FILE "'\nunset colorbox; unset key; unset tics\nset border 15 lw .4 lc rgb faint front\n");
}

double map_tile_height(const struct picture *p, double width) {
    if (p && p->values) return width * .5;
    double aspect = p && p->width ? (double)p->height / p->width : 1;
    return width * fmin(2, fmax(.2, aspect));
}

void map_palette(struct text *x, const struct picture *p, bool diverging) {
    double limit = p->limit > 0 ? p->limit : 1;

    if (!p->explainer)
        text_add(x, "set palette @grey; set cbrange [%.9g:%.9g]\n", p->low, p->high > p->low ? p->high : p->low + 1);
    else
        text_add(x, "set palette @%s; set cbrange [%.9g:%.9g]\n", diverging ? "diverging" : "sequential",
                 diverging ? -limit : 0, limit);
}

/* Of what is no picture: its values side by side. */
static void add_bars(struct text *out, const struct picture *p, bool diverging) {
    double limit = p->limit > 0 ? p->limit : 1;
    bool signs = p->explainer ? diverging : p->negative;

    text_add(out, "set xrange [-.7:%g]; set yrange [%.9g:%.9g]\n", p->width - .3, signs ? -limit : 0, limit);
    text_add(out,
             "plot maps binary record=(%u) skip=%zu format='%%float' using 0:1:(%s) with impulses lc rgb variable\n",
             (unsigned)p->width, p->offset, p->explainer ? "$1 < 0 ? 0x2166ac : 0xb2182b" : "0x888888");
}

void map_tile(struct figure *f, const struct picture *p, bool diverging, double x, double y, double width,
              double height) {
    struct text *out = &f->script;

    if (!p || !p->width || !p->height || !isfinite(p->low)) return;
    figure_place(f, x, y, x + width, y + height);
    if (p->values) {
        add_bars(out, p, diverging);
        return;
    }
    if (!p->colour) map_palette(out, p, diverging);
    text_add(out, "set xrange [-.5:%u.5]; set yrange [-.5:%u.5]\n", (unsigned)(p->width - 1),
             (unsigned)(p->height - 1));
    text_add(out, "plot maps binary array=(%u,%u) skip=%zu format='%s' flip=y with %s\n", (unsigned)p->width,
             (unsigned)p->height, p->offset, p->colour ? "%uchar%uchar%uchar" : "%float",
             p->colour ? "rgbimage" : "image");
}

/* Where the bar begins; that of magnitudes stands behind the other one. */
static double bar_left(const struct map_scales *s, bool diverging, double x) {
    return x + (diverging ? 42 : s->diverging ? 280 : 28);
}

static void add_bar_labels(struct figure *f, double left, double y, const char *low, const char *high) {
    static const char style[] = "font small textcolor rgb quiet";

    figure_label(f, left - 6, y + 5, ALIGN_RIGHT, 20, style, low);
    figure_label(f, left + BAR_WIDTH + 6, y + 5, ALIGN_LEFT, 40, style, high);
}

void map_bar_labels(struct figure *f, const struct map_scales *s, double x, double y) {
    if (s->diverging) add_bar_labels(f, bar_left(s, true, x), y, "against", "for");
    if (s->sequential) add_bar_labels(f, bar_left(s, false, x), y, "none", "strong");
}

double map_bar_right(const struct map_scales *s, double x) {
    double signs = s->diverging ? bar_left(s, true, x) + BAR_WIDTH + 78 : x;
    return s->sequential ? bar_left(s, false, x) + BAR_WIDTH + 48 : signs;
}

const char *map_bar_text(const struct map_scales *s) {
    if (s->slices)
        return s->diverging
                   ? "middle slices; each map on its own scale, to the 99th percentile of |value|; channels summed"
                   : "middle slices; each map on its own scale, to its 99th percentile";
    return s->diverging ? "each map on its own scale, to the 99th percentile of |value|; channels are summed"
                        : "each map on its own scale, to its 99th percentile";
}

static void add_bar(struct figure *f, bool diverging, double left, double y) {
    figure_place(f, left, y, left + BAR_WIDTH, y + 10);
    text_add(&f->script,
             "set palette @%s; set cbrange [%d:1]; set xrange [%s:%u.5]; set yrange [-.5:1.5]\n"
             "plot maps binary array=(%u,2) format='%%float' with image\n",
             diverging ? "diverging" : "sequential", diverging ? -1 : 0, diverging ? "-.5" : "49.5", MAP_RAMP - 1,
             MAP_RAMP);
}

void map_bars(struct figure *f, const struct map_scales *s, double x, double y) {
    if (s->diverging) add_bar(f, true, bar_left(s, true, x), y);
    if (s->sequential) add_bar(f, false, bar_left(s, false, x), y);
}
