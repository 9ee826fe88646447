/* The verdict table for a terminal and for report.txt. */
#include "base/file.h"
#include "reports/curve_set.h"
#include "reports/figure.h"
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/surprise.h"
#include "reports/text_page.h"
#include "reports/text_words.h"
#include "reports/verdict_table.h"
#include "reports/writers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH 32
#define GAP 2

/* ---- the matrix ---- */

/* Bytes of a heading's upper line: 0 where all of them have room in one line. */
static size_t upper_part(const char *control, bool broken) {
    return broken ? name_break(control) : 0;
}

static size_t column_width(const char *control, bool broken) {
    size_t upper = upper_part(control, broken), lower = utf8_width(control + upper);
    size_t width = lower > upper ? lower : upper;
    return width < 10 ? 10 : width > NAME_WIDTH ? NAME_WIDTH : width;
}

static size_t name_width(const struct verdict_table *t) {
    size_t widest = strlen("explainer");
    for (size_t i = 0; i < t->explainer_count; i++)
        if (utf8_width(t->explainers[i]) > widest) widest = utf8_width(t->explainers[i]);
    return widest > NAME_WIDTH ? NAME_WIDTH : widest;
}

/* Whether the whole table is wider than the page as long as no heading is broken. */
static bool breaks_heads(const struct page *p, const struct verdict_table *t, size_t names) {
    size_t width = names;
    for (size_t c = 0; c < t->control_count; c++) width += GAP + column_width(t->controls[c], false);
    return width > p->width;
}

/* The upper line of the head holds the beginnings of the names that are broken, if any. */
static void put_head_line(struct page *p, const struct verdict_table *t, size_t from, size_t to, size_t names,
                          bool upper) {
    const bool broken = breaks_heads(p, t, names);
    while (upper && to > from && !upper_part(t->controls[to - 1], broken)) to--;
    if (to == from) return;
    page_cut(p, upper ? "" : "explainer", names, true);
    for (size_t c = from; c < to; c++) {
        const char *name = t->controls[c];
        size_t bytes = upper_part(name, broken);
        char part[160];
        snprintf(part, sizeof part, "%.*s", (int)(upper ? bytes : strlen(name) - bytes), upper ? name : name + bytes);
        fprintf(p->out, "%*s", GAP, "");
        page_cut(p, part, column_width(name, broken), c + 1 < to);
    }
    page_break(p, 0);
}

static void put_cell(struct page *p, const struct verdict_row *v, size_t width, bool last) {
    struct verdict_style style = verdict_style(v ? v->verdict : "");
    char text[32];

    snprintf(text, sizeof text, "%s%s%s", style.brief, v && *v->annotation ? "*" : "", v && !v->as_expected ? "!" : "");
    fprintf(p->out, "%*s", GAP, "");
    page_style(p, style.colour);
    if (v && !v->as_expected) page_style(p, "1");
    fputs(text, p->out);
    page_style_end(p, style.colour);
    if (!last && strlen(text) < width) fprintf(p->out, "%*s", (int)(width - strlen(text)), "");
}

/* As many controls side by side as fit, the rest below. */
static void put_matrix(struct page *p, const struct verdict_table *t) {
    size_t names = name_width(t), to;
    const bool broken = breaks_heads(p, t, names);

    for (size_t from = 0; from < t->control_count; from = to) {
        size_t width = names;
        for (to = from;
             to < t->control_count && (to == from || width + GAP + column_width(t->controls[to], broken) <= p->width);
             to++)
            width += GAP + column_width(t->controls[to], broken);
        put_head_line(p, t, from, to, names, true);
        put_head_line(p, t, from, to, names, false);
        for (size_t i = 0; i < t->explainer_count; i++) {
            page_cut(p, t->explainers[i], names, true);
            for (size_t c = from; c < to; c++)
                put_cell(p, verdict_table_cell(t, i, c), column_width(t->controls[c], broken), c + 1 == to);
            page_break(p, 0);
        }
        page_break(p, 0);
    }
    fputs("! not as expected   * annotated: see the reason\n\n", p->out);
}

/* ---- reasons ---- */

/* A sentence that shows a similarity shows its floor and ceiling too. */
static void put_reason(struct page *p, const struct verdict_row *v, size_t indent) {
    char scale[96];

    page_wrap(p, v->reason, indent);
    if (isnan(v->score) || isnan(v->floor) || isnan(v->ceiling) || strstr(v->reason, "floor")) return;
    double floor = fabs(v->floor) < .005 ? 0 : v->floor; /* no "-0.00" */
    snprintf(scale, sizeof scale, "[floor %.2f, ceiling %.2f]", floor, v->ceiling);
    page_wrap(p, scale, indent);
}

static void put_words(struct page *p, const struct verdict_row *v) {
    struct verdict_style style = verdict_style(v->verdict);

    page_style(p, style.colour);
    fputs(v->verdict, p->out);
    page_style_end(p, style.colour);
    if (*v->annotation) {
        fputc(' ', p->out);
        page_cut(p, v->annotation, NAME_WIDTH, false);
    }
}

/* Another drawing may have taken it away. */
static void add_figure(struct text *where, const char *folder, const char *slash, const char *figure) {
    char *path = text_format("%s%sfigures/%s.png", folder, slash, figure);
    where->failed = where->failed || !path;
    if (path && file_exists(path)) text_add(where, " and %s", path);
    free(path);
}

/* Where to look, and what would accept it. */
static void put_remedy(struct page *p, const struct verdict_table *t, const struct curve_set *curves,
                       const struct surprise *u, const struct report_style *style, const char *baseline) {
    const struct verdict_row *v = u->cell;
    const char *folder = style->folder ? style->folder : "", *slash = style->folder ? "/" : "";
    struct text where = {0}, remedy = {0};
    char figure[FIGURE_NAME_SIZE];

    if (strcmp(v->verdict, "FAIL") == 0) {
        text_add(&where, "Look at %s%sreport.html#e%zu-%zu", folder, slash, u->explainer, u->control);
        if (style->figures && figure_curves_name(curves, t, v->explainer, v->control, figure))
            add_figure(&where, folder, slash, figure);
        text_add(&where, ".");
        page_break(p, 4);
        page_wrap(p, where.failed ? "" : where.data, 4);
    }
    if (surprise_add_remedy(&remedy, v, style->folder, baseline)) {
        page_break(p, 4);
        page_wrap(p, remedy.failed ? "" : remedy.data, 4);
    }
    p->failed = p->failed || where.failed || remedy.failed;
    text_finish(&where);
    text_finish(&remedy);
}

static void put_surprise(struct page *p, const struct verdict_table *t, const struct curve_set *curves,
                         const struct surprise *u, const struct report_style *style, const char *baseline) {
    struct text name = {0}, expected = {0};

    surprise_add_name(&name, t, u);
    text_add(&name, ":");
    text_add(&expected, "expected %s", u->cell->expected);
    fputs("  ! ", p->out);
    p->column = 4;
    page_wrap(p, name.failed ? "" : name.data, 4);
    fputc(' ', p->out);
    put_words(p, u->cell);
    fputc(',', p->out);
    p->column += strlen(u->cell->verdict) + 2;
    page_wrap(p, expected.failed ? "" : expected.data, 4);
    page_break(p, 4);
    put_reason(p, u->cell, 4);
    put_remedy(p, t, curves, u, style, baseline);
    page_break(p, 0);
    p->failed = p->failed || name.failed || expected.failed;
    text_finish(&name);
    text_finish(&expected);
}

static void put_unexpected(struct page *p, const struct verdict_table *t, const struct curve_set *curves,
                           const struct report_style *style, const char *baseline) {
    struct surprise u;
    bool any = false;

    for (size_t at = 0; surprise_next(t, &at, &u); any = true) {
        if (!any) fputs("Not as expected\n", p->out);
        put_surprise(p, t, curves, &u, style, baseline);
    }
    if (any) page_break(p, 0);
}

static void put_reasons(struct page *p, const struct verdict_table *t) {
    size_t widest = 0;

    for (size_t c = 0; c < t->control_count; c++)
        if (utf8_width(t->controls[c]) > widest) widest = utf8_width(t->controls[c]);
    widest = widest > NAME_WIDTH ? NAME_WIDTH : widest;
    fputs("Reasons\n", p->out);
    for (size_t i = 0; i < t->explainer_count; i++) {
        page_style(p, "1");
        page_cut(p, t->explainers[i], p->width, false);
        page_style_end(p, "1");
        page_break(p, 0);
        for (size_t c = 0; c < t->control_count; c++) {
            const struct verdict_row *v = verdict_table_cell(t, i, c);
            if (!v || verdict_is_summary(v)) continue;
            fputs("  ", p->out);
            page_cut(p, v->control, widest, true);
            struct verdict_style style = verdict_style(v->verdict);
            fputs("  ", p->out);
            page_style(p, style.colour);
            fprintf(p->out, "%-8s", style.brief);
            page_style_end(p, style.colour);
            fputs("  ", p->out);
            p->column = widest + 14;
            if (*v->annotation) {
                page_wrap(p, v->annotation, widest + 14);
                fputc(':', p->out);
                p->column++;
            }
            put_reason(p, v, widest + 14);
            page_break(p, 0);
        }
    }
    page_break(p, 0);
}

/* ---- similarities ---- */

/* Of signed maps where there are signs, all pixels; no rows: none. */
static struct curve main_curve(const struct curve_set *curves, const char *explainer, const char *control) {
    struct curve all[CURVE_VIEWS];

    curve_find_all(curves, explainer, control, measures[0]->id, all);
    for (size_t v = 0; v < CURVE_VIEWS; v++)
        if (all[v].count) return all[v];
    return (struct curve){0};
}

static void put_stages(struct page *p, const struct curve *c, size_t indent) {
    for (size_t i = 0; i < c->count; i++) {
        const struct curve_row *r = &c->points[i];
        double similarity = fabs(r->similarity) < .005 ? 0 : r->similarity;
        struct text words = {0};
        text_add(&words, "%s ", r->stage);
        if (isnan(similarity)) text_add(&words, "none");
        else text_add(&words, "%.2f", similarity);
        text_add(&words, "%s%s", strcmp(r->decision, "grey") ? "" : " (grey)", i + 1 < c->count ? "," : "");
        page_wrap(p, words.failed ? "" : words.data, indent);
        p->failed = p->failed || words.failed;
        text_finish(&words);
    }
    page_break(p, 0);
}

/* Where no verdict could be made of them, they are the result. */
static bool is_wanted(const struct curve *c, bool all) {
    return c->count && (all || c->points->inputs < 2 || c->points->draws < 2);
}

static void put_similarities(struct page *p, const struct verdict_table *t, const struct curve_set *curves, bool all) {
    size_t names = name_width(t);
    bool any = false;

    for (size_t c = 0; c < t->control_count; c++) {
        bool first = true;
        for (size_t i = 0; i < t->explainer_count; i++) {
            struct curve curve = main_curve(curves, t->explainers[i], t->controls[c]);
            if (!is_wanted(&curve, all)) continue;
            if (!any) fprintf(p->out, "%s with the original map, mean by stage\n", measures[0]->title);
            if (first) {
                page_cut(p, t->controls[c], p->width, false);
                page_break(p, 0);
            }
            any = true;
            first = false;
            fputs("  ", p->out);
            page_cut(p, t->explainers[i], names, true);
            fputs("  ", p->out);
            p->column = names + 4;
            put_stages(p, &curve, names + 4);
        }
    }
    if (any) page_break(p, 0);
}

/* ---- what is known of the network ---- */

static void put_known(struct page *p, const char *sentence, const char *warning) {
    if (sentence) {
        page_wrap(p, sentence, 0);
        page_break(p, 0);
    }
    if (!warning) return;
    page_style(p, "1");
    page_wrap(p, "warning:", 0);
    page_style_end(p, "1");
    page_wrap(p, warning, 2);
    page_break(p, 0);
}

/* How well it does on the data, and whether what is known beforehand came out so. */
static void put_network(struct page *p, const struct verdict_notes *notes) {
    put_known(p, notes->accuracy, notes->accuracy_warning);
    put_known(p, notes->canaries, notes->canaries_warning);
    put_known(p, NULL, notes->same_warning);
    if (notes->accuracy || notes->canaries || notes->same_warning) page_break(p, 0);
}

/* ---- how to read it ---- */

static void put_notes(struct page *p, const char *const *notes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fputs("- ", p->out);
        p->column = 2;
        page_wrap(p, notes[i], 2);
        page_break(p, 0);
    }
    page_break(p, 0);
}

/* What makes the exit code: verdicts, rows as a whole, and `wrong`: what the canaries say. */
static void put_counts(struct page *p, const struct verdict_table *t, bool wrong) {
    const struct verdict_counts n = verdict_counts_of(t);
    struct text words = {0}, expected = {0};

    verdict_counts_add_words(&words, &n);
    text_add(&expected, "verdicts as expected: %zu of %zu", n.expected, n.verdicts);
    if (n.mended) text_add(&expected, "; stopped failing: %zu", n.mended);
    if (n.unjudged) text_add(&expected, "; rows in which nothing was judged: %zu", n.unjudged);
    if (n.open) text_add(&expected, "; rows undecided overall: %zu", n.open);
    if (wrong) text_add(&expected, "; canaries came out wrong");
    page_wrap(p, words.data ? words.data : "", 0);
    if (words.data) page_break(p, 0);
    page_wrap(p, expected.failed ? "" : expected.data, 0);
    page_break(p, 0);
    p->failed = p->failed || words.failed || expected.failed;
    text_finish(&words);
    text_finish(&expected);
}

bool report_text(struct store *s, FILE *out, const struct report_style *style, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct curve_set curves = {0};
    struct page page = {.out = out, .colour = style->colour, .width = style->width ? style->width : REPORT_WIDTH};
    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e) && curve_set_load(s, &curves, e);

    if (ok) {
        put_network(&page, &notes);
        put_matrix(&page, &table);
        put_unexpected(&page, &table, &curves, style, notes.baseline);
        if (style->reasons) put_reasons(&page, &table);
        put_similarities(&page, &table, &curves, style->reasons);
        put_notes(&page, notes.line, notes.count);
        put_counts(&page, &table, notes.canaries_warning);
        if (page.failed) ok = error_memory(e);
        else if (fflush(out) != 0 || ferror(out)) ok = error_set(e, "the verdict table cannot be written");
    }
    curve_set_finish(&curves);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}

bool report_text_file(struct store *s, const char *folder, struct error *e) {
    struct report_file o;

    if (!report_file_open(&o, folder, "report.txt", e)) return false;
    return report_file_close(&o, report_text(s, o.file, &(struct report_style){.reasons = true}, e), e);
}
