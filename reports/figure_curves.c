/* Similarity against stage: one figure per control and measure, one panel per explainer. Controls with one or two
 * stages (permuted labels, twins) are drawn by figure_dots.c instead: a line between two different things would
 * mislead. */
#include "reports/curve_set.h"
#include "reports/figure.h"
#include "reports/figure_dots.h"
#include "reports/format.h"
#include "reports/text_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 4u
#define PANEL_HEIGHT 128.0
#define LEFT 52.0
#define HEAD 84.0
#define GAP_X 20.0
#define GAP_Y 40.0
#define STAGE_CHARACTERS 20
#define PAGE_EXPLAINERS 64u
#define WIDTH_MOST 15000.0 /* twice that is near the most that cairo draws */

struct sheet {
    struct figure figure;
    const struct curve_set *curves;
    const char *control;
    const struct measure *measure;
    const char **all_explainers;   /* those that have a curve */
    const char *const *explainers; /* of this page */
    size_t all_count, count;       /* likewise */
    size_t columns, rows;          /* of panels */
    size_t stages, longest;        /* how many; the longest name */
    const struct curve_row *first; /* of the first curve: the stage names */
    double panel_width, lowest;    /* the lowest value */
    struct measure_axis axis;
    bool views[CURVE_VIEWS];
    struct curve_marks marks;
    FILE *data;
    size_t block; /* of the data file */
};

/* ---- what there is to draw ---- */

static void survey_curve(struct sheet *s, const struct curve *c) {
    curve_add_marks(c, &s->marks);
    if (c->count > s->stages) {
        s->stages = c->count;
        s->first = c->points;
    }
    for (size_t i = 0; i < c->count; i++)
        s->lowest = fmin(s->lowest, fmin(c->points[i].similarity, c->points[i].similarity_lower)); /* fmin drops NaN */
}

/* Over all pages, so that they have the same axes. */
static void survey(struct sheet *s) {
    for (size_t x = 0; x < s->all_count; x++) {
        struct curve curves[CURVE_VIEWS];
        curve_find_all(s->curves, s->all_explainers[x], s->control, s->measure->id, curves);
        for (size_t v = 0; v < CURVE_VIEWS; v++) {
            s->views[v] = s->views[v] || curves[v].count;
            survey_curve(s, &curves[v]);
        }
    }
    for (size_t i = 0; i < s->stages; i++) {
        if (utf8_width(s->first[i].stage) > s->longest) s->longest = utf8_width(s->first[i].stage);
        for (size_t x = 0; x < s->all_count && !s->marks.excluded; x++)
            s->marks.excluded =
                curve_set_excludes(s->curves, s->all_explainers[x], s->control, s->first[i].stage_index);
    }
    s->axis = curve_axis(s->measure, s->lowest);
    s->panel_width = fmin(s->stages > 15 ? 14 * (double)s->stages : 232, WIDTH_MOST);
}

static void take_page(struct sheet *s, size_t page) {
    size_t fit = (size_t)(WIDTH_MOST / (s->panel_width + GAP_X)), most = fit < 1 ? 1 : fit < COLUMNS ? fit : COLUMNS;
    s->explainers = s->all_explainers + page * PAGE_EXPLAINERS;
    s->count = s->all_count - page * PAGE_EXPLAINERS;
    if (s->count > PAGE_EXPLAINERS) s->count = PAGE_EXPLAINERS;
    s->columns = s->count < most ? s->count : most;
    s->rows = (s->count + s->columns - 1) / s->columns;
    s->block = 0;
}

/* ---- one panel ---- */

static void put_point(FILE *out, size_t x, const struct curve_row *r, const double value[3]) {
    char text[5][NUMBER_SIZE];

    fprintf(out, "%zu\t%s\t%s\t%s\t%s\t%s\t%u\t%u\n", x, curve_number(value[0], text[0]),
            curve_number(value[1], text[1]), curve_number(value[2], text[2]), curve_number(r->floor, text[3]),
            curve_number(r->ceiling, text[4]), (unsigned)r->inputs, (unsigned)r->draws);
}

/* Stage 0 is the original network, where the similarity is that of a repetition: the ceiling, or where none was
 * measured that of a map with itself. */
static void put_block(struct sheet *s, const char *explainer, const struct curve *c) {
    struct text name = {0};

    figure_quote(&name, explainer, 200, QUOTED_TEXT);
    fprintf(s->data, "%s# block %zu: %s, %s\n", s->block ? "\n\n" : "", s->block, name.failed ? "" : name.data,
            c->points->view);
    text_finish(&name);
    double repeated = isnan(c->points->ceiling) ? s->measure->highest : c->points->ceiling;
    put_point(s->data, 0, c->points, (double[]){repeated, repeated, repeated});
    for (size_t i = 0; i < c->count; i++) {
        const struct curve_row *r = &c->points[i];
        put_point(s->data, i + 1, r, (double[]){r->similarity, r->similarity_lower, r->similarity_upper});
    }
    s->block++;
}

static void add_tics(struct sheet *s, bool named) {
    struct text *x = &s->figure.script;

    text_add(x, "set xtics (");
    for (size_t i = 0; i <= s->stages; i++) {
        figure_quote(x, !named ? "" : i ? s->first[i - 1].stage : "original", STAGE_CHARACTERS, QUOTED_TIC);
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
                separator = ", \\\n     ";
            } else if (view->primary && layer == 0) {
                text_add(x, "%sdata index %zu using 1:3:4 with filledcurves fc rgb %s fs transparent solid .2 noborder",
                         separator, at, view->colour);
                separator = ", \\\n     ";
            } else if (layer == 1) {
                text_add(x, "%sdata index %zu using 1:5 with lines lc rgb %s lw 1 dt 3", separator, at, view->colour);
                separator = ", \\\n     ";
                if (view->primary)
                    text_add(x, "%s'' index %zu using 1:6 with lines lc rgb %s lw .8 dt 4", separator, at,
                             view->colour);
            }
            at++;
        }
    }
    text_add(x, "\n");
}

static const struct verdict_row *verdict_of(const struct sheet *s, const char *explainer) {
    const struct verdict_table *t = &s->figure.all->verdicts;

    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (v && strcmp(v->explainer, explainer) == 0 && strcmp(v->control, s->control) == 0) return v;
    }
    return NULL;
}

static void add_heading(struct sheet *s, const char *explainer) {
    const struct verdict_row *v = verdict_of(s, explainer);
    struct text *x = &s->figure.script;
    char style[64];

    text_add(x, "unset label\nset label 1 ");
    figure_quote(x, explainer, (size_t)((s->panel_width - 46) / 5.9), QUOTED_TEXT);
    text_add(x, " at graph 0,1.1 left textcolor rgb ink\n");
    if (!v) return;
    snprintf(style, sizeof style, "font small textcolor rgb 0x%06x", verdict_style(v->verdict).mark);
    text_add(x, "set label 2 '%s%s%s' at graph 1,1.1 right %s\n", verdict_style(v->verdict).brief,
             *v->annotation ? "*" : "", v->as_expected ? "" : "!", style);
}

/* Grey behind the curves. */
static void add_excluded(struct sheet *s, const char *explainer) {
    if (s->marks.excluded) text_add(&s->figure.script, "unset object\n"); /* of the panel before */
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
    double left = LEFT + (double)column * (s->panel_width + GAP_X), top = HEAD + (double)row * (PANEL_HEIGHT + GAP_Y);

    struct curve curves[CURVE_VIEWS];
    curve_find_all(s->curves, s->explainers[number], s->control, s->measure->id, curves);
    for (size_t v = 0; v < CURVE_VIEWS; v++) {
        present[v] = curves[v].count > 0;
        if (present[v]) put_block(s, s->explainers[number], &curves[v]);
    }
    text_add(&s->figure.script, "\n");
    figure_place(&s->figure, left, top, left + s->panel_width, top + PANEL_HEIGHT);
    add_excluded(s, s->explainers[number]);
    add_heading(s, s->explainers[number]);
    add_tics(s, lowest);
    text_add(&s->figure.script, "set format y '%s'\n", column ? "" : "%g");
    add_plot(s, block, present);
}

/* ---- the sheet ---- */

void curves_add_heading(struct figure *f, const char *control, const struct measure *measure,
                        const struct curve_marks *m, const struct figure_page *page) {
    struct text out = {0};
    char number[FIGURE_PAGE_SIZE];

    text_add(&out, "%s: %s%s%s%s with the original map (%u input%s, ", control, measure->title,
             *measure->unit ? " [" : "", measure->unit, *measure->unit ? "]" : "", (unsigned)m->inputs,
             m->inputs == 1 ? "" : "s");
    if (m->fewest < m->most) text_add(&out, "%u to ", (unsigned)m->fewest);
    text_add(&out, "%u draw%s)%s", (unsigned)m->most, m->most == 1 ? "" : "s", figure_page_text(page, number));
    if (!out.failed) figure_label(f, 14, 16, ALIGN_LEFT, 110, "font big textcolor rgb ink", out.data);
    f->script.failed = f->script.failed || out.failed;
    text_finish(&out);
}

void curves_add_legend(struct figure *f, const bool views[CURVE_VIEWS], bool lines, const struct curve_marks *marks) {
    static const struct {
        const char *title, *line, *point;
    } kinds[] = {
        {"90 % band (draws and inputs)", "filledcurves fc rgb quiet fs transparent solid .25 noborder",
         "lines lc rgb quiet lw 1.2"},
        {"floor (other inputs)", "lines lw 1 dt 3 lc rgb quiet", "points pt 2 ps .4 lc rgb quiet"},
        {"ceiling (repetition)", "lines lw .8 dt 4 lc rgb quiet", "points pt 10 ps .45 lc rgb quiet"},
        {"grey: no more of the map than of the function", "filledcurves fc rgb excluded fs solid noborder",
         "filledcurves fc rgb excluded fs solid noborder"},
    };
    const bool there[] = {marks->band, marks->floor, marks->ceiling, marks->excluded};

    text_add(&f->script,
             "unset border; unset tics\nset key inside center center horizontal Left reverse font small samplen 2.2 "
             "width -1 spacing 1.15 maxrows 3\nplot [0:1] [0:1] ");
    for (size_t v = 0; v < CURVE_VIEWS; v++)
        if (views[v])
            text_add(&f->script, "NaN with %s lc rgb %s %s %s title '%s', \\\n     ", lines ? "linespoints" : "points",
                     curve_views[v].colour, lines ? curve_views[v].line : "", curve_views[v].point,
                     curve_views[v].title);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (there[k])
            text_add(&f->script, "NaN with %s title '%s', \\\n     ", lines ? kinds[k].line : kinds[k].point,
                     kinds[k].title);
    text_add(&f->script, "NaN notitle\nunset key\nset tics nomirror scale .5 textcolor rgb ink\n");
}

static void add_frame(struct sheet *s, const struct figure_page *page) {
    struct figure *f = &s->figure;
    const double highest = s->measure->highest;
    figure_start_multiplot(f);
    curves_add_heading(f, s->control, s->measure, &s->marks, page);
    figure_draw_labels(f);
    figure_place(f, 14, 26, f->width - 14, HEAD - 20);
    curves_add_legend(f, s->views, true, &s->marks);
    text_add(&f->script,
             "data = '%s.tsv'\n"
             "set border 3 lw .6 lc rgb frame\nset xtics nomirror font small\nset ytics %g,%g,%g nomirror font small\n"
             "set xrange [-.25:%zu.25]\nset yrange [%g:%g]\n"
             "set grid ytics lt 1 lc rgb faint lw .5\nset xzeroaxis lt 1 lc rgb frame lw .6\n",
             f->name, s->axis.lowest, s->axis.step, highest, s->stages, s->axis.lowest,
             curve_axis_end(s->measure, .03));
}

static bool draw_page(struct sheet *s, struct figures *all, const struct figure_page *page, struct error *e) {
    double foot = 26 + 3.6 * (double)(s->longest < 8                  ? 8
                                      : s->longest > STAGE_CHARACTERS ? STAGE_CHARACTERS
                                                                      : s->longest);
    take_page(s, page->number);
    double width = LEFT + (double)s->columns * (s->panel_width + GAP_X);
    const struct figure_title title = {"similarity", s->control, s->measure->id, *page};
    figure_begin(&s->figure, all, &title, width < 520 ? 520 : width,
                 HEAD + (double)s->rows * (PANEL_HEIGHT + GAP_Y) - GAP_Y + foot);
    if (!(s->data = figure_data(&s->figure, e))) {
        figure_drop(&s->figure);
        return false;
    }
    fputs("# stage\tsimilarity\tlower\tupper\tfloor\tceiling\tinputs\tdraws (stage 0: the original network)\n",
          s->data);
    add_frame(s, page);
    for (size_t i = 0; i < s->count; i++) add_panel(s, i);
    text_add(&s->figure.script, "unset multiplot\n");
    if (fclose(s->data) != 0) {
        error_set(e, "%s/%s.tsv: cannot be written", all->folder, s->figure.name);
        figure_drop(&s->figure);
        return false;
    }
    return figure_end(&s->figure, e);
}

static bool draw_sheet(struct figures *all, const struct curve_set *curves, const char *control,
                       const struct measure *measure, struct error *e) {
    struct sheet s = {.curves = curves, .control = control, .measure = measure, .lowest = measure->highest};

    s.all_explainers = curve_explainers(curves, &all->verdicts, control, measure->id, &s.all_count);
    bool ok = s.all_explainers != NULL || error_memory(e);
    if (ok) survey(&s);
    struct figure_page page = {.count = figure_pages(s.all_count, PAGE_EXPLAINERS)};
    if (ok && s.all_count && s.stages <= 2) ok = figure_dots(all, curves, control, measure, e);
    else
        for (; ok && s.all_count && page.number < page.count; page.number++) ok = draw_page(&s, all, &page, e);
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
