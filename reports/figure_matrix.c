/* Explainer x control, one coloured tile per verdict. */
#include "reports/figure.h"
#include "reports/format.h"
#include "reports/text_words.h"

#include <stdlib.h>
#include <string.h>

#define TILE_WIDTH 104.0
#define TILE_HEIGHT 26.0
#define HEAD 46.0
#define FOOT 30.0
#define NAME_CHARACTERS 34
#define CHARACTER_WIDTH 6.1
#define PAGE_EXPLAINERS 256u

static double names_width(const struct verdict_table *t) {
    size_t widest = 8;

    for (size_t i = 0; i < t->explainer_count; i++)
        if (utf8_width(t->explainers[i]) > widest) widest = utf8_width(t->explainers[i]);
    return 18 + CHARACTER_WIDTH * (double)(widest > NAME_CHARACTERS ? NAME_CHARACTERS : widest);
}

/* Left edge of a column, in tiles; a summary stands a little apart. */
static double column_of(const struct verdict_table *t, size_t control) {
    bool apart = control == t->control_count || strcmp(t->controls[control], VERDICT_OVERALL) == 0;
    bool any = t->control_count && strcmp(t->controls[t->control_count - 1], VERDICT_OVERALL) == 0;
    return (double)control + (apart && any ? .12 : 0);
}

/* The explainers of a page. */
struct span {
    size_t first, count;
};

/* column row fill ink unexpected "word" */
static bool write_data(const struct figure *f, const struct verdict_table *t, const struct span *shown,
                       struct error *e) {
    FILE *out = figure_data(f, e);

    if (!out) return false;
    fputs("# column\trow\tfill\tink\tunexpected\tword\n", out);
    for (size_t i = 0; i < shown->count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, shown->first + i / t->control_count, i % t->control_count);
        if (!v) continue;
        struct verdict_style style = verdict_style(v->verdict);
        fprintf(out, "%.2f\t%zu\t%u\t%u\t%d\t\"%s%s%s\"\n", column_of(t, i % t->control_count) + .5,
                i / t->control_count + 1, style.fill, style.ink, !v->as_expected, *style.word ? style.word : "?",
                *v->annotation ? " *" : "", v->as_expected ? "" : " !");
    }
    return fclose(out) == 0 || error_set(e, "%s/%s.tsv: cannot be written", f->all->folder, f->name);
}

static void add_names(struct figure *f, const struct verdict_table *t, const struct span *shown,
                      const struct figure_page *page, double left) {
    char number[FIGURE_PAGE_SIZE];

    for (size_t i = 0; i < shown->count; i++)
        figure_label(f, left - 8, HEAD + TILE_HEIGHT * ((double)i + .5), ALIGN_RIGHT, NAME_CHARACTERS,
                     "textcolor rgb ink", t->explainers[shown->first + i]);
    for (size_t c = 0; c < t->control_count; c++) {
        size_t upper = name_break(t->controls[c]);
        char first[160];
        double x = left + TILE_WIDTH * (column_of(t, c) + .5);
        snprintf(first, sizeof first, "%.*s", (int)upper, t->controls[c]);
        if (upper) figure_label(f, x, HEAD - 28, ALIGN_CENTRE, 17, "textcolor rgb ink", first);
        figure_label(f, x, HEAD - 13, ALIGN_CENTRE, 17, "textcolor rgb ink", t->controls[c] + upper);
    }
    char *note = text_format("framed, !: not as expected     *: annotated%s", figure_page_text(page, number));
    if (note)
        figure_label(f, left, HEAD + TILE_HEIGHT * (double)shown->count + 16, ALIGN_LEFT, 80,
                     "font small textcolor rgb quiet", note);
    else f->script.failed = true;
    free(note);
}

static bool draw_page(struct figures *all, const struct figure_page *page, struct error *e) {
    const struct verdict_table *t = &all->verdicts;
    size_t first = page->number * PAGE_EXPLAINERS, left_over = t->explainer_count - first;
    const struct span shown = {first, left_over < PAGE_EXPLAINERS ? left_over : PAGE_EXPLAINERS};
    double left = names_width(t), body = TILE_HEIGHT * (double)shown.count;
    double columns = column_of(t, t->control_count), width = left + TILE_WIDTH * columns + 14;
    const struct figure_title title = {.kind = "verdicts", .page = *page};
    struct figure f;

    figure_begin(&f, all, &title, width < 330 ? 330 : width, HEAD + body + FOOT);
    if (!write_data(&f, t, &shown, e)) {
        figure_drop(&f);
        return false;
    }
    add_names(&f, t, &shown, page, left);
    figure_place(&f, left, HEAD, left + TILE_WIDTH * columns, HEAD + body);
    text_add(
        &f.script,
        "unset border; unset tics; unset key\n"
        "set xrange [0:%.2f]\nset yrange [%zu.5:.5]\n"
        "half_width = .5 - 1.5 / %.0f\nhalf_height = .5 - 1.5 / %.0f\n"
        "plot '%s.tsv' using 1:2:(half_width):(half_height):3 with boxxyerror fillcolor rgb variable fillstyle solid "
        "noborder, \\\n"
        "     '' using ($5 == 1 ? $1 : 1/0):2:(half_width):(half_height) with boxxyerror lc rgb ink lw 1.8 fillstyle "
        "empty, \\\n"
        "     '' using 1:2:6:4 with labels font small textcolor rgb variable\n",
        columns, shown.count, TILE_WIDTH, TILE_HEIGHT, f.name);
    return figure_end(&f, e);
}

bool figure_matrix(struct figures *all, struct error *e) {
    const struct verdict_table *t = &all->verdicts;
    struct figure_page page = {.count = figure_pages(t->explainer_count, PAGE_EXPLAINERS)};
    bool ok = true;

    if (!t->explainer_count || !t->control_count) return true;
    for (; ok && page.number < page.count; page.number++) ok = draw_page(all, &page, e);
    return ok;
}
