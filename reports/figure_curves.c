/* Similarity against stage: one figure per control and measure, one panel per explainer. Controls with one or two
 * stages (permuted labels, twins) are drawn by figure_dots.c instead: a line between two different things would
 * mislead. */
#include "reports/curve_set.h"
#include "reports/figure.h"
#include "reports/figure_dots.h"
#include "reports/figure_legend.h"
#include "reports/figure_words.h"
#include "reports/format.h"
#include "reports/text_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 4u
#define PANEL_HEIGHT 128.0
#define PANEL_WIDTH 232.0
#define PANEL_MOST 400.0 /* of a deep cascade */
#define PANEL_LEAST 116.0
#define NATURAL 1080.0 /* the widest page that is not on paper */
#define LEFT_LEAST 40.0
#define RIGHT 10.0
#define GAP_X 20.0
#define GAP_Y 14.0
#define STAGE_CHARACTERS 20
#define TIC_APART 16.0 /* of names that are turned, so that they do not touch */
#define TURNED_X .77   /* how far they reach to the left and down, of their length */
#define TURNED_Y .65
#define PAGE_EXPLAINERS 64u
#define VERDICT_CHARACTERS 10u

struct sheet {
    struct figure figure;
    const struct curve_set *curves;
    const char *control;
    const struct measure *measure;
    const char **all_explainers;   /* those that have a curve */
    const char *const *explainers; /* of this page */
    size_t all_count, count;       /* likewise */
    size_t columns, rows;          /* of panels */
    size_t most;                   /* of a page */
    size_t stages;
    size_t from;                   /* 0: curves begin at the original; 1: at the first stage */
    const struct curve_row *first; /* of the first curve: the stage names */
    double lowest;                 /* the lowest value */
    struct measure_axis axis;
    struct legend legend;
    double left, head, panel_width; /* places */
    double title;                   /* the height of a panel's */
    double foot;                    /* that of the tics */
    FILE *data;
    size_t block; /* of the data file */
};

/* ---- what there is to draw ---- */

static void survey_curve(struct sheet *s, const struct curve *c) {
    curve_add_marks(c, &s->legend.marks);
    if (curve_has_ceiling(c)) s->from = 0;
    if (c->count > s->stages) {
        s->stages = c->count;
        s->first = c->points;
    }
    for (size_t i = 0; i < c->count; i++) /* fmin drops NaN */
        s->lowest = fmin(s->lowest, fmin(c->points[i].similarity, curve_band(s->measure, &c->points[i]).lower));
}

/* Over all pages, so that they have the same axes. */
static void survey(struct sheet *s) {
    struct curve_marks *marks = &s->legend.marks;

    for (size_t x = 0; x < s->all_count; x++) {
        struct curve curves[CURVE_VIEWS];
        curve_find_all(s->curves, s->all_explainers[x], s->control, s->measure->id, curves);
        for (size_t v = 0; v < CURVE_VIEWS; v++) {
            s->legend.views[v] = s->legend.views[v] || curves[v].count;
            survey_curve(s, &curves[v]);
        }
    }
    for (size_t i = 0; i < s->stages; i++)
        for (size_t x = 0; x < s->all_count && !marks->excluded; x++)
            marks->excluded = curve_set_excludes(s->curves, s->all_explainers[x], s->control, s->first[i].stage_index);
    s->axis = curve_axis(s->measure, s->lowest);
}

/* ---- places ---- */

static const char *tic_name(const struct sheet *s, size_t i) {
    return i ? s->first[i - 1].stage : "original";
}

/* Of place i, from the panel's left edge. */
static double tic_x(const struct sheet *s, size_t i) {
    return s->panel_width * ((double)(i - s->from) + .25) / ((double)(s->stages - s->from) + .5);
}

static double tic_length(const struct sheet *s, size_t i) {
    size_t width = utf8_width(tic_name(s, i));
    return figure_text_width(FONT_SMALL, width < STAGE_CHARACTERS ? width : STAGE_CHARACTERS);
}

/* Whether place i has its name: the first, the last, and so many between as do not touch. */
static bool is_named(const struct sheet *s, size_t i) {
    double apart = s->panel_width / ((double)(s->stages - s->from) + .5);
    size_t step = (size_t)ceil(TIC_APART / apart);
    return i == s->from || ((s->stages - i) % step == 0 && i >= s->from + step);
}

/* The page's left margin, in which turned names have room, and its foot. */
static void measure_tics(struct sheet *s) {
    double longest = 0;

    s->left = LEFT_LEAST;
    for (size_t i = s->from; i <= s->stages; i++) {
        if (!is_named(s, i)) continue;
        longest = fmax(longest, tic_length(s, i));
        s->left = fmax(s->left, 8 + TURNED_X * tic_length(s, i) - tic_x(s, i));
    }
    s->foot = 18 + TURNED_Y * longest;
}

/* On paper panels share its width; the left margin depends on theirs, and theirs on it. */
static void place_panels(struct sheet *s) {
    const bool paper = figure_on_paper(s->figure.all);
    const double page = figure_width(s->figure.all, NATURAL);

    s->panel_width = paper ? PANEL_LEAST : fmin(fmax(PANEL_WIDTH, 14 * (double)s->stages), PANEL_MOST);
    measure_tics(s);
    size_t fit = (size_t)fmax(1, (page - s->left - RIGHT + GAP_X) / (s->panel_width + GAP_X));
    s->columns = fit < COLUMNS ? fit : COLUMNS;
    if (s->columns > s->all_count) s->columns = s->all_count;
    for (int i = 0; paper && i < 4; i++) {
        double across = page - s->left - RIGHT - GAP_X * (double)(s->columns - 1);
        s->panel_width = fmax(40, across / (double)s->columns);
        measure_tics(s);
    }
}

static const struct verdict_row *verdict_of(const struct sheet *s, const char *explainer) {
    return verdict_table_find(&s->figure.all->verdicts, explainer, s->control);
}

/* Above a panel: the name in at most two lines, the verdict beside it or on a line of its own. */
static bool is_beside(const struct sheet *s, const char *explainer) {
    double both = figure_text_width(FONT_INK, utf8_width(explainer)) +
                  figure_text_width(FONT_SMALL, VERDICT_CHARACTERS) * (verdict_of(s, explainer) != NULL);
    return both <= s->panel_width;
}

static size_t name_lines(const struct sheet *s, const char *explainer) {
    return figure_lines(FONT_INK, s->panel_width, explainer) > 1 ? 2 : 1;
}

static void measure_titles(struct sheet *s) {
    s->title = 0;
    for (size_t x = 0; x < s->all_count; x++) {
        double lines = (double)name_lines(s, s->all_explainers[x]) * figure_line(FONT_INK);
        s->title = fmax(s->title, lines + (is_beside(s, s->all_explainers[x]) ? 0 : figure_line(FONT_SMALL)));
    }
    s->title += 5;
}

/* How many panels a page holds. */
static void measure_page(struct sheet *s) {
    static const struct figure_page numbered = {98, 99};
    const struct figures *all = s->figure.all;
    s->legend.page = &numbered;
    const double head = legend_height(all, &s->legend, figure_width(all, NATURAL));
    const size_t rows = figure_rows(all, head + 2 * s->foot, PANEL_HEIGHT + GAP_Y + s->title,
                                    (s->all_count + s->columns - 1) / s->columns, PAGE_EXPLAINERS);
    s->most = figure_on_paper(all) ? s->columns * rows : PAGE_EXPLAINERS;
}

static void take_page(struct sheet *s, size_t page) {
    s->explainers = s->all_explainers + page * s->most;
    s->count = s->all_count - page * s->most;
    if (s->count > s->most) s->count = s->most;
    s->rows = (s->count + s->columns - 1) / s->columns;
    s->block = 0;
}

/* Where the last row is not full, the names of tics hang down beside it. */
static double panel_top(const struct sheet *s, size_t row) {
    bool beside = row > 0 && row + 1 == s->rows && s->count % s->columns;
    double first = s->head + s->title, step = PANEL_HEIGHT + GAP_Y + s->title;
    return first + step * (double)row + (beside ? s->foot : 0);
}

/* ---- one panel ---- */

static void put_point(FILE *out, size_t x, const struct curve_row *r, const double value[3]) {
    char text[5][NUMBER_SIZE];

    fprintf(out, "%zu\t%s\t%s\t%s\t%s\t%s\t%u\t%u\n", x, curve_number(value[0], text[0]),
            curve_number(value[1], text[1]), curve_number(value[2], text[2]), curve_number(r->floor, text[3]),
            curve_number(r->ceiling, text[4]), (unsigned)r->inputs, (unsigned)r->draws);
}

/* Stage 0 is the original network, where the similarity is that of a repetition: the ceiling. Where none was measured
 * there is no such point. */
static void put_block(struct sheet *s, const char *explainer, const struct curve *c) {
    struct text name = {0};

    figure_quote(&name, explainer, 200, QUOTED_TEXT);
    fprintf(s->data, "%s# block %zu: %s, %s\n", s->block ? "\n\n" : "", s->block, name.failed ? "" : name.data,
            c->points->view);
    text_finish(&name);
    const double repeated = c->points->ceiling;
    if (!isnan(repeated)) put_point(s->data, 0, c->points, (double[]){repeated, repeated, repeated});
    for (size_t i = 0; i < c->count; i++) {
        const struct curve_row *r = &c->points[i];
        const struct curve_band band = curve_band(s->measure, r);
        put_point(s->data, i + 1, r, (double[]){r->similarity, band.lower, band.upper});
    }
    s->block++;
}

static void add_tics(struct sheet *s, bool named) {
    struct text *x = &s->figure.script;

    text_add(x, "set xtics (");
    for (size_t i = s->from; i <= s->stages; i++) {
        figure_quote(x, named && is_named(s, i) ? tic_name(s, i) : "", STAGE_CHARACTERS, QUOTED_TIC);
        text_add(x, " %zu%s", i, i < s->stages ? ", " : "");
    }
    text_add(x, ") nomirror%s\n", named ? " rotate by 40 right offset .6,.1" : "");
}

static void add_plot(struct sheet *s, size_t block, const bool present[CURVE_VIEWS]) {
    struct text *x = &s->figure.script;
    const char *separator = "plot ";
    size_t at;

    for (int layer = 0; layer < 3; layer++) {
        at = block;
        for (size_t v = 0; v < CURVE_VIEWS; v++) {
            const struct curve_view *view = &curve_views[v];
            if (!present[v]) continue;
            if (layer == 2) {
                text_add(x, "%sdata index %zu using 1:2 with linespoints lc rgb %s %s %s", separator, at, view->colour,
                         view->line, view->point);
            } else if (view->primary && layer == 0) {
                text_add(x, "%sdata index %zu using 1:3:4 with filledcurves fc rgb %s fs transparent solid .2 noborder",
                         separator, at, view->colour);
            } else if (layer == 1) {
                text_add(x, "%sdata index %zu using 1:5 with lines lc rgb %s lw 1 dt 3", separator, at, view->colour);
                if (view->primary)
                    text_add(x, ", \\\n     '' index %zu using 1:6 with lines lc rgb %s lw .8 dt 4", at, view->colour);
            }
            if (layer != 0 || view->primary) separator = ", \\\n     ";
            at++;
        }
    }
    text_add(x, "\n");
}

static void add_title(struct sheet *s, const char *explainer, double left, double top) {
    const struct verdict_row *v = verdict_of(s, explainer);
    const bool beside = is_beside(s, explainer);
    const double verdict_line = beside ? 0 : figure_line(FONT_SMALL);
    const double lines = (double)name_lines(s, explainer);
    const struct figure_words name = {.x = left,
                                      .y = top - verdict_line - (lines - .5) * figure_line(FONT_INK) - 4,
                                      .width = s->panel_width,
                                      .font = FONT_INK,
                                      .lines = 2};
    char colour[16], word[32];

    text_add(&s->figure.script, "unset label\n");
    figure_words(&s->figure, &name, explainer);
    if (!v) return;
    const struct verdict_style style = verdict_style(v->verdict);
    snprintf(colour, sizeof colour, "0x%06x", style.mark);
    snprintf(word, sizeof word, "%s%s%s", style.brief, *v->annotation ? "*" : "", v->as_expected ? "" : "!");
    const struct figure_words verdict = {.x = beside ? left + s->panel_width : left,
                                         .y = top - (beside ? 10 : 9),
                                         .width = s->panel_width,
                                         .align = beside ? ALIGN_RIGHT : ALIGN_LEFT,
                                         .font = FONT_SMALL,
                                         .lines = 1,
                                         .colour = colour};
    figure_words(&s->figure, &verdict, word);
}

/* Grey behind the curves. */
static void add_excluded(struct sheet *s, const char *explainer) {
    if (s->legend.marks.excluded) text_add(&s->figure.script, "unset object\n"); /* of the panel before */
    for (size_t i = 0; i < s->stages; i++)
        if (curve_set_excludes(s->curves, explainer, s->control, s->first[i].stage_index))
            text_add(&s->figure.script,
                     "set object %zu rectangle from %zu.5,graph 0 to %zu.5,graph 1 behind fc rgb excluded fs solid "
                     "noborder\n",
                     i + 1, i, i + 1);
}

static void add_panel(struct sheet *s, size_t number) {
    size_t row = number / s->columns, column = number % s->columns, block = s->block;
    bool lowest = number + s->columns >= s->count, present[CURVE_VIEWS] = {false};
    double left = s->left + (double)column * (s->panel_width + GAP_X), top = panel_top(s, row);

    struct curve curves[CURVE_VIEWS];
    curve_find_all(s->curves, s->explainers[number], s->control, s->measure->id, curves);
    for (size_t v = 0; v < CURVE_VIEWS; v++) {
        present[v] = curves[v].count > 0;
        if (present[v]) put_block(s, s->explainers[number], &curves[v]);
    }
    text_add(&s->figure.script, "\n");
    figure_place(&s->figure, left, top, left + s->panel_width, top + PANEL_HEIGHT);
    add_excluded(s, s->explainers[number]);
    add_title(s, s->explainers[number], left, top);
    add_tics(s, lowest);
    text_add(&s->figure.script, "set format y '%s'\n", column ? "" : "%g");
    add_plot(s, block, present);
}

/* ---- the sheet ---- */

static void add_frame(struct sheet *s) {
    struct figure *f = &s->figure;
    figure_start_multiplot(f);
    legend_add(f, &s->legend);
    text_add(&f->script,
             "data = '%s.tsv'\n"
             "set border 3 lw .6 lc rgb frame\nset xtics nomirror font small\nset ytics %g,%g,%g nomirror font small\n"
             "set xrange [%s:%zu.25]\nset yrange [%g:%g]\n"
             "set grid ytics lt 1 lc rgb faint lw .5\nset xzeroaxis lt 1 lc rgb frame lw .6\n",
             f->name, s->axis.lowest, s->axis.step, s->measure->highest, s->from ? ".75" : "-.25", s->stages,
             s->axis.lowest, curve_axis_end(s->measure, .03));
}

static bool draw_page(struct sheet *s, struct figures *all, const struct figure_page *page, struct error *e) {
    take_page(s, page->number);
    s->legend.page = page;
    double across = s->left + (double)s->columns * (s->panel_width + GAP_X) - GAP_X + RIGHT;
    double width = figure_width(all, fmax(520, across));
    s->head = legend_height(all, &s->legend, width);
    const struct figure_title title = {"similarity", s->control, s->measure->id, *page};
    figure_begin(&s->figure, all, &title, width, panel_top(s, s->rows - 1) + PANEL_HEIGHT + s->foot);
    if (!(s->data = figure_data(&s->figure, e))) {
        figure_drop(&s->figure);
        return false;
    }
    fputs("# stage\tsimilarity\tlower\tupper\tfloor\tceiling\tinputs\tdraws (stage 0: the original network)\n",
          s->data);
    add_frame(s);
    for (size_t i = 0; i < s->count; i++) add_panel(s, i);
    text_add(&s->figure.script, "unset multiplot\n");
    bool written = fclose(s->data) == 0 || error_set(e, "%s/%s.tsv: cannot be written", all->folder, s->figure.name);
    if (!written) figure_drop(&s->figure);
    return written && figure_end(&s->figure, e);
}

static bool draw_sheet(struct figures *all, const struct curve_set *curves, const char *control,
                       const struct measure *measure, struct error *e) {
    struct sheet s = {.figure.all = all, .curves = curves, .control = control, .measure = measure, .from = 1};

    s.lowest = measure->highest;
    s.legend = (struct legend){.control = control, .measure = measure, .lines = true};
    s.all_explainers = curve_explainers(curves, &all->verdicts, control, measure->id, &s.all_count);
    bool ok = s.all_explainers != NULL || error_memory(e);
    if (ok) survey(&s);
    if (ok && s.all_count && s.stages <= 2) ok = figure_dots(all, curves, control, measure, e);
    else if (ok && s.all_count) {
        place_panels(&s);
        measure_titles(&s);
        measure_page(&s);
        struct figure_page page = {.count = figure_pages(s.all_count, s.most)};
        for (; ok && page.number < page.count; page.number++) ok = draw_page(&s, all, &page, e);
    }
    free(s.all_explainers);
    return ok;
}

bool figure_curves(struct figures *all, struct error *e) {
    struct curve_set curves;
    bool ok = true;

    if (!curve_set_load(all->store, &curves, e)) return false;
    for (size_t c = 0; c < all->verdicts.control_count && ok; c++)
        for (size_t m = 0; measures[m] && ok; m++)
            ok = draw_sheet(all, &curves, all->verdicts.controls[c], measures[m], e);
    curve_set_finish(&curves);
    return ok;
}

bool figure_curves_name(const struct curve_set *curves, const struct verdict_table *table, const char *explainer,
                        const char *control, char out[FIGURE_NAME_SIZE]) {
    size_t count = 0, at = 0;
    const char **all = curve_explainers(curves, table, control, measures[0]->id, &count);

    while (all && at < count && strcmp(all[at], explainer) != 0) at++;
    bool found = all && at < count;
    const struct figure_title title = {"similarity", control, measures[0]->id, {at / PAGE_EXPLAINERS, 0}};
    if (found) figure_name(&title, out);
    free(all);
    return found;
}
