/* The key of similarity figures: samples and titles in rows, drawn as one plot in pixels. */
#include "reports/figure_legend.h"

#include "reports/figure_words.h"

#include <stdlib.h>

#define MARGIN 14.0
#define TOP 16.0   /* the heading's first line */
#define BELOW 17.0 /* from the heading's last line to the first row */
#define ROW 13.0
#define SAMPLE 24.0 /* with the gap behind it */
#define APART 14.0
#define FOOT 10.0
#define ENTRIES 10u

struct entry {
    const char *title, *line, *point, *colour; /* line and point: styles of gnuplot, NULL: none; both NULL: a note */
    bool area;                                 /* line is that of a filled box */
};

static size_t collect(const struct legend *l, struct entry out[ENTRIES]) {
    const struct curve_marks *m = &l->marks;
    size_t n = 0;

    for (size_t v = 0; v < CURVE_VIEWS; v++)
        if (l->views[v])
            out[n++] = (struct entry){curve_views[v].title, l->lines ? curve_views[v].line : NULL, curve_views[v].point,
                                      curve_views[v].colour, false};
    if (m->band && l->lines)
        out[n++] =
            (struct entry){"90 % band (draws and inputs)", "fs transparent solid .25 noborder", NULL, "quiet", true};
    else if (m->band) out[n++] = (struct entry){"90 % band (draws and inputs)", "lw 1.2", NULL, "quiet", false};
    if (m->floor)
        out[n++] = (struct entry){"floor (other inputs)", l->lines ? "lw 1 dt 3" : NULL, l->lines ? NULL : "pt 2 ps .4",
                                  "quiet", false};
    if (m->ceiling)
        out[n++] = (struct entry){"ceiling (repetition)", l->lines ? "lw .8 dt 4" : NULL,
                                  l->lines ? NULL : "pt 10 ps .45", "quiet", false};
    if (m->excluded)
        out[n++] = (struct entry){"grey: no more of the map than of the function", "fs solid noborder", NULL,
                                  "excluded", true};
    if (!m->floor && !m->ceiling) out[n++] = (struct entry){.title = "neither floor nor ceiling was measured"};
    return n;
}

/* Room for a title that begins a row, or goes on in it. */
static double title_room(double width) {
    return width - SAMPLE;
}

/* The places of the entries, from (0, 0) on; returns how many lines they take. A title that is wider than the page has
 * several. */
static size_t lay_out(const struct entry *entries, size_t count, double width, double x[ENTRIES], double y[ENTRIES]) {
    double at = 0;
    size_t line = 0, lines = 0; /* lines: of the row */

    for (size_t i = 0; i < count; i++) {
        double wide = SAMPLE + figure_text_width(FONT_SMALL, utf8_width(entries[i].title));
        if (at > 0 && at + wide > width) {
            at = 0;
            line += lines;
            lines = 0;
        }
        size_t here = at > 0 ? 1 : figure_lines(FONT_SMALL, title_room(width), entries[i].title);
        lines = here > lines ? here : lines;
        x[i] = at;
        y[i] = ROW * (double)line;
        at += wide + APART;
    }
    return line + lines;
}

/* The caller frees. */
static char *heading(const struct legend *l) {
    const struct curve_marks *m = &l->marks;
    struct text out = {0};
    char number[FIGURE_PAGE_SIZE];

    text_add(&out, "%s: %s%s%s%s with the original map (%u input%s, ", l->control, l->measure->title,
             *l->measure->unit ? " [" : "", l->measure->unit, *l->measure->unit ? "]" : "", (unsigned)m->inputs,
             m->inputs == 1 ? "" : "s");
    if (m->fewest < m->most) text_add(&out, "%u to ", (unsigned)m->fewest);
    text_add(&out, "%u draw%s)%s", (unsigned)m->most, m->most == 1 ? "" : "s", figure_page_text(l->page, number));
    return out.data;
}

static double key_top(const struct legend *l, double width) {
    char *text = heading(l);
    size_t lines = text ? figure_lines(FONT_BIG, width - 2 * MARGIN, text) : 1;

    free(text);
    return TOP + (double)(lines - 1) * figure_line(FONT_BIG) + BELOW + 4;
}

double legend_height(const struct figures *all, const struct legend *l, double width) {
    struct entry entries[ENTRIES];
    double x[ENTRIES], y[ENTRIES];
    size_t count = collect(l, entries), rows = lay_out(entries, count, width - 2 * MARGIN, x, y);

    (void)all;
    return key_top(l, width) + ROW * (double)(rows - 1) + FOOT;
}

/* A block of three points for a sample of a line, and of four for that of an area. */
static void add_block(struct text *out, const struct entry *e, double x, double y) {
    if (e->area)
        text_add(out, "%.1f %.1f\n%.1f %.1f\n%.1f %.1f\n%.1f %.1f\n\n\n", x, y - 4, x + 18, y - 4, x + 18, y + 4, x,
                 y + 4);
    else text_add(out, "%.1f %.1f\n%.1f %.1f\n%.1f %.1f\n\n\n", x, y, x + 9, y, x + 18, y);
}

static void add_samples(struct figure *f, const struct entry *entries, size_t count, const double *x, const double *y) {
    struct text *out = &f->script;

    text_add(out, "$key << EOD\n");
    for (size_t i = 0; i < count; i++) add_block(out, &entries[i], x[i], y[i]);
    text_add(out,
             "EOD\nunset border; unset tics; unset key; unset grid\nset xrange [0:%.1f]; set yrange [%.0f:0]\nplot ",
             f->width, f->height);
    for (size_t i = 0; i < count; i++) {
        const struct entry *e = &entries[i];
        if (e->line)
            text_add(out, "$key index %zu with %s %s rgb %s %s, \\\n     ", i,
                     e->area ? "filledcurves closed" : "lines", e->area ? "fc" : "lc", e->colour, e->line);
        if (e->point)
            text_add(out, "$key index %zu every ::1::1 with points lc rgb %s %s, \\\n     ", i, e->colour, e->point);
    }
    text_add(out, "NaN notitle\nunset label\nset tics nomirror scale .5 textcolor rgb ink\n");
}

void legend_add(struct figure *f, const struct legend *l) {
    struct entry entries[ENTRIES];
    double x[ENTRIES], y[ENTRIES], top = key_top(l, f->width);
    char *text = heading(l);
    const size_t count = collect(l, entries);
    const struct figure_words words = {.x = MARGIN, .y = TOP, .width = f->width - 2 * MARGIN, .font = FONT_BIG};

    f->script.failed = f->script.failed || !text;
    if (text) figure_words(f, &words, text);
    free(text);
    lay_out(entries, count, f->width - 2 * MARGIN, x, y);
    for (size_t i = 0; i < count; i++) {
        bool note = !entries[i].line && !entries[i].point;
        x[i] += MARGIN;
        y[i] += top;
        const struct figure_words title = {.x = x[i] + (note ? 0 : SAMPLE),
                                           .y = y[i],
                                           .width = x[i] > MARGIN ? f->width : title_room(f->width - 2 * MARGIN),
                                           .font = FONT_SMALL,
                                           .colour = note ? "quiet" : NULL};
        figure_words(f, &title, entries[i].title);
    }
    figure_place(f, 0, 0, f->width, f->height);
    add_samples(f, entries, count, x, y);
}
