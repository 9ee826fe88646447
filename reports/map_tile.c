/* Tiles of maps and inputs, their palettes and colour bars, as gnuplot draws them. */
#include "reports/map_tile.h"

#include <math.h>

#define BAR_WIDTH 98.0 /* where there is room */
#define BAR_HEIGHT 10.0
#define BAR_LEFT 44.0  /* the word before it */
#define BAR_RIGHT 38.0 /* and behind it */
#define BAR_APART 16.0
#define SECOND_LEFT 208.0 /* of the bar of magnitudes behind the other one */

void map_tile_begin(struct figure *f, const struct map_set *maps) {
    text_add(&f->script, "maps = '%s'\nunset colorbox; unset key; unset tics\nset border 15 lw .4 lc rgb faint front\n",
             map_set_file(maps));
    if (f->all->request->view == FIGURE_OVERLAY)
        text_add(&f->script,
                 "red(v) = ((v < 0 ? against : strong) >> 16) %% 256; green(v) = ((v < 0 ? against : strong) >> 8) %% "
                 "256\nblue(v) = (v < 0 ? against : strong) %% 256; seen(v) = abs(v) < 1 ? 255 * abs(v) : 255\n");
}

double map_tile_height(const struct picture *p, double width) {
    if (p && p->values) return width * .5;
    double aspect = p && p->width ? (double)p->height / p->width : 1;
    return width * fmin(2, fmax(.2, aspect));
}

const struct picture *map_tile_under(const struct figures *all, const struct picture *input) {
    return all->request->view == FIGURE_OVERLAY && input && !input->values ? input : NULL;
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
             (unsigned)p->width, p->offset, p->explainer ? "$1 < 0 ? against : strong" : "0x888888");
}

static void add_image(struct text *out, const struct picture *p, const char *format, const char *with) {
    text_add(out, "plot maps binary array=(%u,%u) skip=%zu format='%s' flip=y %s\n", (unsigned)p->width,
             (unsigned)p->height, p->offset, format, with);
}

/* An input of any kind, in grey, and pale: on black no colour would be seen. */
static void add_under(struct text *out, const struct picture *p) {
    text_add(out, "set palette @pale; set cbrange [%.9g:%.9g]\n", p->colour ? 0 : p->low,
             p->colour          ? 255
             : p->high > p->low ? p->high
                                : p->low + 1);
    if (p->colour) add_image(out, p, "%uchar%uchar%uchar", "using (.299*$1+.587*$2+.114*$3) with image");
    else add_image(out, p, "%float", "with image");
}

/* A map whose opacity grows with its magnitude. */
static void add_over(struct text *out, const struct picture *p, bool diverging) {
    const double limit = p->limit > 0 ? p->limit : 1;
    text_add(out, "scaled(v) = %sv / %.9g\n", diverging ? "" : "v < 0 ? 0 : ", limit);
    add_image(out, p, "%float",
              "using (red(scaled($1))):(green(scaled($1))):(blue(scaled($1))):(seen(scaled($1))) with rgbalpha");
}

void map_tile(struct figure *f, const struct picture *p, const struct picture *under, bool diverging,
              const struct map_place *at) {
    struct text *out = &f->script;

    if (!p || !p->width || !p->height || !isfinite(p->low)) return;
    figure_place(f, at->x, at->y, at->x + at->width, at->y + at->height);
    if (p->values) {
        add_bars(out, p, diverging);
        return;
    }
    text_add(out, "set xrange [-.5:%u.5]; set yrange [-.5:%u.5]\n", (unsigned)(p->width - 1),
             (unsigned)(p->height - 1));
    if (under && p->explainer && under->width == p->width && under->height == p->height) {
        add_under(out, under);
        add_over(out, p, diverging);
    } else if (p->colour) {
        add_image(out, p, "%uchar%uchar%uchar", "with rgbimage");
    } else {
        map_palette(out, p, diverging);
        add_image(out, p, "%float", "with image");
    }
}

/* ---- bars ---- */

static bool is_stacked(const struct map_scales *s) {
    return s->diverging && s->sequential && s->room < MAP_BARS_SIDE_BY_SIDE;
}

/* Where the bar begins, and its middle. */
static double bar_left(const struct map_scales *s, bool diverging, double x) {
    return x + BAR_LEFT + (!diverging && s->diverging && !is_stacked(s) ? SECOND_LEFT - BAR_LEFT : 0);
}

static double bar_y(const struct map_scales *s, bool diverging, double y) {
    return y + (!diverging && is_stacked(s) ? BAR_APART : 0);
}

static double bar_width(const struct map_scales *s) {
    return fmin(BAR_WIDTH, s->room - BAR_LEFT - BAR_RIGHT);
}

double map_bar_height(const struct map_scales *s) {
    return is_stacked(s) ? 2 * BAR_APART + 1 : BAR_APART + 1;
}

static void add_bar_labels(struct figure *f, double left, double right, double y, const char *low, const char *high) {
    static const char style[] = "font small textcolor rgb quiet";

    figure_label(f, left - 5, y, ALIGN_RIGHT, 20, style, low);
    figure_label(f, right + 5, y, ALIGN_LEFT, 40, style, high);
}

void map_bar_labels(struct figure *f, const struct map_scales *s, double x, double y) {
    const double signs = bar_left(s, true, x), magnitudes = bar_left(s, false, x), width = bar_width(s);
    if (s->diverging) add_bar_labels(f, signs, signs + width, bar_y(s, true, y), "against", "for");
    if (s->sequential) add_bar_labels(f, magnitudes, magnitudes + width, bar_y(s, false, y), "none", "strong");
}

const char *map_bar_text(const struct map_scales *s) {
    if (s->slices && s->diverging)
        return s->summed
                   ? "middle slices; each map on its own scale, to the 99th percentile of |value|; channels summed"
                   : "middle slices; each map on its own scale, to the 99th percentile of |value|";
    if (s->slices) return "middle slices; each map on its own scale, to its 99th percentile";
    if (s->over) return "each map over the input, the more opaque the stronger, to the 99th percentile of |value|";
    if (!s->summed && s->diverging) return "each map on its own scale, to the 99th percentile of |value|";
    return s->diverging ? "each map on its own scale, to the 99th percentile of |value|; channels are summed"
                        : "each map on its own scale, to its 99th percentile";
}

const char *map_view_text(const struct figures *all) {
    static const char *const texts[] = {
        [FIGURE_SIGNED] = "", [FIGURE_ABSOLUTE] = ", absolute values", [FIGURE_OVERLAY] = ", over the input"};
    return texts[all->request->view];
}

const char *map_view_suffix(const struct figures *all) {
    static const char *const texts[] = {
        [FIGURE_SIGNED] = "", [FIGURE_ABSOLUTE] = "-absolute", [FIGURE_OVERLAY] = "-overlay"};
    return texts[all->request->view];
}

static void add_bar(struct figure *f, bool diverging, double left, double right, double y) {
    figure_place(f, left, y - BAR_HEIGHT / 2, right, y + BAR_HEIGHT / 2);
    text_add(&f->script,
             "set palette @%s; set cbrange [%d:1]; set xrange [%s:%u.5]; set yrange [-.5:1.5]\n"
             "plot maps binary array=(%u,2) format='%%float' with image\n",
             diverging ? "diverging" : "sequential", diverging ? -1 : 0, diverging ? "-.5" : "49.5", MAP_RAMP - 1,
             MAP_RAMP);
}

void map_bars(struct figure *f, const struct map_scales *s, double x, double y) {
    const double signs = bar_left(s, true, x), magnitudes = bar_left(s, false, x), width = bar_width(s);
    if (s->diverging) add_bar(f, true, signs, signs + width, bar_y(s, true, y));
    if (s->sequential) add_bar(f, false, magnitudes, magnitudes + width, bar_y(s, false, y));
}
