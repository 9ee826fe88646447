/* Similarity under a control with one or two stages: dots with error bars, a row per explainer. */
#include "reports/figure_dots.h"

#include "reports/figure_legend.h"
#include "reports/figure_words.h"
#include "reports/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW_HEIGHT 30.0
#define PANEL_WIDTH 250.0
#define GAP 26.0
#define FOOT 30.0
#define NAMES_MOST 230.0 /* their width; longer ones have two lines */
#define NAMES_SHARE .42  /* likewise, of the page */
#define TIC_WIDTH 26.0   /* of the longest, with a gap */
#define PAGE_EXPLAINERS 64u

struct dots {
    struct figure figure;
    const struct curve_set *curves;
    const char *control;
    const struct measure *measure;
    const char *stages[2];
    uint32_t stage_indices[2];
    const char **all_explainers;             /* those that have a curve */
    const char *const *explainers;           /* of this page */
    size_t all_count, count;                 /* likewise */
    size_t most;                             /* of a page */
    double left, width, head, panel, lowest; /* left: of the panels; panel: a panel's width */
    struct measure_axis axis;
    struct legend legend;
};

static struct curve find(const struct dots *d, const char *explainer, size_t view) {
    struct curve curves[CURVE_VIEWS];
    curve_find_all(d->curves, explainer, d->control, d->measure->id, curves);
    return curves[view];
}

static bool is_excluded(const struct dots *d, const char *explainer, size_t stage) {
    return curve_set_excludes(d->curves, explainer, d->control, d->stage_indices[stage]);
}

/* Over all pages, so that they have the same axes. */
static void survey(struct dots *d) {
    size_t widest = 8;

    for (size_t x = 0; x < d->all_count; x++) {
        const char *explainer = d->all_explainers[x];
        for (size_t v = 0; v < CURVE_VIEWS; v++) {
            struct curve c = find(d, explainer, v);
            curve_add_marks(&c, &d->legend.marks);
            d->legend.views[v] = d->legend.views[v] || c.count;
            for (size_t i = 0; i < c.count; i++) {
                d->stages[i] = c.points[i].stage;
                d->stage_indices[i] = c.points[i].stage_index;
                d->legend.marks.excluded = d->legend.marks.excluded || is_excluded(d, explainer, i);
                const double lower = curve_band(d->measure, &c.points[i]).lower;
                d->lowest = fmin(d->lowest, fmin(c.points[i].similarity, lower));
            }
        }
        if (utf8_width(explainer) > widest) widest = utf8_width(explainer);
    }
    d->left = fmin(22 + figure_text_width(FONT_INK, widest), NAMES_MOST);
    d->axis = curve_axis(d->measure, d->lowest);
}

/* On paper names and panels share the width. Tics of an axis stand as close as they have room. */
static void place(struct dots *d) {
    const double panels = d->stages[1] ? 2 : 1, range = d->measure->highest - d->axis.lowest;
    const struct figures *all = d->figure.all;

    d->panel = PANEL_WIDTH;
    d->width = figure_width(all, fmax(520, d->left + (PANEL_WIDTH + GAP) * panels));
    if (figure_on_paper(all)) {
        d->left = fmin(d->left, NAMES_SHARE * d->width);
        d->panel = (d->width - d->left - GAP / 2 - GAP * (panels - 1)) / panels;
    }
    while (d->axis.step < range && d->axis.step / range * d->panel < TIC_WIDTH) d->axis.step *= 2;
}

/* The names of stages stand between the key and the panels. */
static size_t title_lines(const struct dots *d) {
    size_t lines = 1;
    for (size_t i = 0; i < 2 && d->stages[i]; i++)
        if (figure_lines(FONT_INK, d->panel + GAP / 2, d->stages[i]) > 1) lines = 2;
    return lines;
}

/* One block per stage and view: row similarity lower upper floor ceiling. Signed above, absolute below the middle. */
static bool write_data(struct dots *d, struct error *e) {
    static const double offsets[CURVE_VIEWS] = {-.27, -.09, .09, .27};
    char text[5][NUMBER_SIZE];
    FILE *out = figure_data(&d->figure, e);

    if (!out) return false;
    fputs("# row\tsimilarity\tlower\tupper\tfloor\tceiling\n", out);
    for (size_t k = 0; k < 2 * CURVE_VIEWS; k++) {
        size_t stage = k / CURVE_VIEWS, view = k % CURVE_VIEWS;
        fprintf(out, "%s# block %zu: stage %zu, %s\n", k ? "\n\n" : "", k, stage, curve_views[view].id);
        fputs("NaN\tNaN\tNaN\tNaN\tNaN\tNaN\n", out); /* a block is never empty */
        for (size_t x = 0; x < d->count; x++) {
            struct curve c = find(d, d->explainers[x], view);
            if (stage >= c.count) continue;
            const struct curve_row *r = &c.points[stage];
            const struct curve_band band = curve_band(d->measure, r);
            fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", curve_number((double)x + 1 + offsets[view], text[4]),
                    curve_number(r->similarity, text[0]),
                    curve_number(isnan(band.lower) ? r->similarity : band.lower, text[1]),
                    curve_number(isnan(band.upper) ? r->similarity : band.upper, text[2]),
                    curve_number(r->floor, text[3]), curve_number(r->ceiling, (char[NUMBER_SIZE]){0}));
        }
    }
    return fclose(out) == 0 || error_set(e, "%s/%s.tsv: cannot be written", d->figure.all->folder, d->figure.name);
}

static double panel_left(const struct dots *d, size_t stage) {
    return d->left + (d->panel + GAP) * (double)stage;
}

static void add_labels(struct dots *d) {
    struct figure *f = &d->figure;

    for (size_t x = 0; x < d->count; x++) {
        struct figure_words name = {.x = d->left - 10,
                                    .y = d->head + ROW_HEIGHT * ((double)x + .5),
                                    .width = d->left - 14,
                                    .align = ALIGN_RIGHT,
                                    .lines = 2};
        if (figure_lines(FONT_INK, name.width, d->explainers[x]) > 1) name.y -= figure_line(FONT_INK) / 2;
        figure_words(f, &name, d->explainers[x]);
    }
    for (size_t i = 0; i < 2 && d->stages[i]; i++) {
        const struct figure_words title = {.x = panel_left(d, i) + d->panel / 2,
                                           .y = d->head - 12 - figure_line(FONT_INK) * (double)(title_lines(d) - 1),
                                           .width = d->panel + GAP / 2,
                                           .align = ALIGN_CENTRE,
                                           .lines = 2};
        figure_words(f, &title, d->stages[i]);
    }
}

static void add_panel(struct dots *d, size_t stage) {
    struct text *x = &d->figure.script;
    const double left = panel_left(d, stage);
    const char *separator = "plot ";

    figure_place(&d->figure, left, d->head, left + d->panel, d->head + ROW_HEIGHT * (double)d->count);
    for (size_t i = 0; i < d->count; i++)
        if (is_excluded(d, d->explainers[i], stage))
            text_add(x,
                     "set object %zu rectangle from graph 0,first %zu.5 to graph 1,first %zu.5 behind fc rgb excluded "
                     "fs solid noborder\n",
                     i + 1, i, i + 1);
    for (size_t v = 0; v < CURVE_VIEWS; v++) {
        const struct curve_view *view = &curve_views[v];
        size_t block = stage * CURVE_VIEWS + v;
        if (!d->legend.views[v]) continue;
        text_add(x, "%sdata index %zu using 2:1:3:4 with xerrorbars lc rgb %s lw 1.2 %s", separator, block,
                 view->colour, view->point);
        separator = ", \\\n     ";
        if (view->primary)
            text_add(x,
                     "%s'' index %zu using 5:1 with points pt 2 ps .4 lc rgb %s%s'' index %zu using 6:1 with points "
                     "pt 10 ps .45 lc rgb %s",
                     separator, block, view->colour, separator, block, view->colour);
    }
    text_add(x, "\nunset object\n");
}

static bool draw_page(struct dots *d, struct figures *all, const struct figure_page *page, struct error *e) {
    size_t panels = d->stages[1] ? 2 : 1, left = d->all_count - page->number * d->most;
    const struct figure_title title = {"similarity", d->control, d->measure->id, *page};
    struct figure *f = &d->figure;

    d->explainers = d->all_explainers + page->number * d->most;
    d->count = left < d->most ? left : d->most;
    d->legend.page = page;
    d->head = legend_height(all, &d->legend, d->width) + 12 + figure_line(FONT_INK) * (double)title_lines(d);
    figure_begin(f, all, &title, d->width, d->head + ROW_HEIGHT * (double)d->count + FOOT);
    if (!write_data(d, e)) {
        figure_drop(f);
        return false;
    }
    figure_start_multiplot(f);
    add_labels(d);
    legend_add(f, &d->legend);
    text_add(&f->script,
             "data = '%s.tsv'\nset border 1 lw .6 lc rgb frame\nset xtics %g,%g,%g nomirror font small\nunset ytics\n"
             "set xrange [%g:%g]\n"
             "set yrange [%zu.5:.5]\nset grid xtics lt 1 lc rgb faint lw .5\nset yzeroaxis lt 1 lc rgb frame lw .6\n",
             f->name, d->axis.lowest, d->axis.step, d->measure->highest, d->axis.lowest,
             curve_axis_end(d->measure, .02), d->count);
    for (size_t i = 1; i < d->count; i++)
        text_add(&f->script, "set arrow from graph 0,first %zu.5 to graph 1,first %zu.5 nohead lc rgb faint lw .5\n", i,
                 i);
    for (size_t i = 0; i < panels; i++) add_panel(d, i);
    text_add(&f->script, "unset multiplot\n");
    return figure_end(f, e);
}

/* How many rows a page holds. */
static void measure_page(struct dots *d) {
    const struct figure_page numbered = {98, 99};

    d->legend.page = &numbered;
    const double head =
        legend_height(d->figure.all, &d->legend, d->width) + 12 + figure_line(FONT_INK) * (double)title_lines(d);
    d->most = figure_rows(d->figure.all, head + FOOT, ROW_HEIGHT, d->all_count, PAGE_EXPLAINERS);
}

bool figure_dots(struct figures *all, const struct curve_set *curves, const char *control,
                 const struct measure *measure, struct error *e) {
    struct dots d = {.figure.all = all, .curves = curves, .control = control, .measure = measure};

    d.lowest = measure->highest;
    d.legend = (struct legend){.control = control, .measure = measure};

    d.all_explainers = curve_explainers(curves, &all->verdicts, control, measure->id, &d.all_count);
    bool ok = d.all_explainers != NULL || error_memory(e);
    if (ok) survey(&d);
    if (ok) place(&d);
    if (ok) measure_page(&d);
    struct figure_page page = {.count = ok ? figure_pages(d.all_count, d.most) : 0};
    for (; ok && d.all_count && page.number < page.count; page.number++) ok = draw_page(&d, all, &page, e);
    free(d.all_explainers);
    return ok;
}
