/* The verdict table for a terminal and for report.txt. */
#include "reports/curve_set.h"
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/text_words.h"
#include "reports/verdict_table.h"
#include "reports/writers.h"

#include <math.h>
#include <string.h>

#define WIDTH 100
#define NAME_WIDTH 32
#define GAP 2

/* Where the next word goes. */
struct page {
    FILE *out;
    bool colour;
    size_t column;
    bool failed;
};

static void put_style(struct page *p, const char *code) {
    if (p->colour && *code) fprintf(p->out, "\x1b[%sm", code);
}

static void end_style(struct page *p, const char *code) {
    put_style(p, *code ? "0" : "");
}

/* One line of at most `width` code points, padded when `pad`; what is longer ends in "...". */
static void put_cut(struct page *p, const char *s, size_t width, bool pad) {
    struct text clean = {0};
    uint32_t code;

    text_add_clean(&clean, s);
    const char *at = clean.data ? clean.data : "";
    size_t whole = utf8_width(at), shown = whole > width ? width - 3 : whole;
    size_t bytes = 0;
    for (size_t i = 0; i < shown; i++) bytes += utf8_next(at + bytes, &code);
    fprintf(p->out, "%.*s%s", (int)bytes, at, whole > width ? "..." : "");
    if (pad && whole < width) fprintf(p->out, "%*s", (int)(width - whole), "");
    p->column += pad || whole > width ? width : whole;
    p->failed = p->failed || clean.failed;
    text_finish(&clean);
}

static void new_line(struct page *p, size_t indent) {
    fprintf(p->out, "\n%*s", (int)indent, "");
    p->column = indent;
}

/* Text in lines of at most WIDTH columns; those after the first start at `indent`. */
static void put_wrapped(struct page *p, const char *s, size_t indent) {
    struct text clean = {0};

    text_add_clean(&clean, s);
    p->failed = p->failed || clean.failed;
    for (char *at = clean.data; at && *at;) {
        size_t bytes = strcspn(at, " ");
        char after = at[bytes];
        at[bytes] = '\0';
        size_t width = utf8_width(at);
        if (width && p->column > indent && p->column + 1 + width > WIDTH) new_line(p, indent);
        else if (width && p->column > indent) {
            fputc(' ', p->out);
            p->column++;
        }
        fputs(at, p->out);
        p->column += width;
        at += bytes + (after != '\0');
    }
    text_finish(&clean);
}

/* ---- the matrix ---- */

static size_t column_width(const char *control) {
    size_t upper = name_break(control), lower = utf8_width(control + upper);
    size_t width = lower > upper ? lower : upper;
    return width < 10 ? 10 : width > NAME_WIDTH ? NAME_WIDTH : width;
}

static size_t name_width(const struct verdict_table *t) {
    size_t widest = strlen("explainer");
    for (size_t i = 0; i < t->explainer_count; i++)
        if (utf8_width(t->explainers[i]) > widest) widest = utf8_width(t->explainers[i]);
    return widest > NAME_WIDTH ? NAME_WIDTH : widest;
}

/* The upper line of the head holds the beginnings of the names that are broken, if any. */
static void put_head_line(struct page *p, const struct verdict_table *t, size_t from, size_t to, size_t names,
                          bool upper) {
    while (upper && to > from && !name_break(t->controls[to - 1])) to--;
    if (to == from) return;
    put_cut(p, upper ? "" : "explainer", names, true);
    for (size_t c = from; c < to; c++) {
        const char *name = t->controls[c];
        size_t bytes = name_break(name);
        char part[160];
        snprintf(part, sizeof part, "%.*s", (int)(upper ? bytes : strlen(name) - bytes), upper ? name : name + bytes);
        fprintf(p->out, "%*s", GAP, "");
        put_cut(p, part, column_width(name), c + 1 < to);
    }
    new_line(p, 0);
}

static void put_cell(struct page *p, const struct verdict_row *v, size_t width, bool last) {
    struct verdict_style style = verdict_style(v ? v->verdict : "");
    char text[32];

    snprintf(text, sizeof text, "%s%s%s", style.brief, v && *v->annotation ? "*" : "", v && !v->as_expected ? "!" : "");
    fprintf(p->out, "%*s", GAP, "");
    put_style(p, style.colour);
    if (v && !v->as_expected) put_style(p, "1");
    fputs(text, p->out);
    end_style(p, style.colour);
    if (!last && strlen(text) < width) fprintf(p->out, "%*s", (int)(width - strlen(text)), "");
}

/* As many controls side by side as fit, the rest below. */
static void put_matrix(struct page *p, const struct verdict_table *t) {
    size_t names = name_width(t), to;

    for (size_t from = 0; from < t->control_count; from = to) {
        size_t width = names;
        for (to = from; to < t->control_count && (to == from || width + GAP + column_width(t->controls[to]) <= WIDTH);
             to++)
            width += GAP + column_width(t->controls[to]);
        put_head_line(p, t, from, to, names, true);
        put_head_line(p, t, from, to, names, false);
        for (size_t i = 0; i < t->explainer_count; i++) {
            put_cut(p, t->explainers[i], names, true);
            for (size_t c = from; c < to; c++)
                put_cell(p, verdict_table_cell(t, i, c), column_width(t->controls[c]), c + 1 == to);
            new_line(p, 0);
        }
        new_line(p, 0);
    }
    fputs("! not as expected   * annotated: see the reason\n\n", p->out);
}

/* ---- reasons ---- */

/* A sentence that shows a similarity shows its floor and ceiling too. */
static void put_reason(struct page *p, const struct verdict_row *v, size_t indent) {
    char scale[96];

    put_wrapped(p, v->reason, indent);
    if (isnan(v->score) || isnan(v->floor) || isnan(v->ceiling) || strstr(v->reason, "floor")) return;
    double floor = fabs(v->floor) < .005 ? 0 : v->floor; /* no "-0.00" */
    snprintf(scale, sizeof scale, "[floor %.2f, ceiling %.2f]", floor, v->ceiling);
    put_wrapped(p, scale, indent);
}

static void put_words(struct page *p, const struct verdict_row *v) {
    struct verdict_style style = verdict_style(v->verdict);

    put_style(p, style.colour);
    fputs(v->verdict, p->out);
    end_style(p, style.colour);
    if (*v->annotation) {
        fputc(' ', p->out);
        put_cut(p, v->annotation, NAME_WIDTH, false);
    }
}

static void put_unexpected(struct page *p, const struct verdict_table *t) {
    bool any = false;

    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (!v || v->as_expected) continue;
        if (!any) fputs("Not as expected\n", p->out);
        any = true;
        fputs("  ! ", p->out);
        put_cut(p, v->explainer, WIDTH, false);
        fputs(" under ", p->out);
        put_cut(p, v->control, WIDTH, false);
        fputs(": ", p->out);
        put_words(p, v);
        fputs(", expected ", p->out);
        put_cut(p, v->expected, WIDTH, false);
        new_line(p, 4);
        put_reason(p, v, 4);
        new_line(p, 0);
    }
    if (any) new_line(p, 0);
}

static void put_reasons(struct page *p, const struct verdict_table *t) {
    size_t widest = 0;

    for (size_t c = 0; c < t->control_count; c++)
        if (utf8_width(t->controls[c]) > widest) widest = utf8_width(t->controls[c]);
    widest = widest > NAME_WIDTH ? NAME_WIDTH : widest;
    fputs("Reasons\n", p->out);
    for (size_t i = 0; i < t->explainer_count; i++) {
        put_style(p, "1");
        put_cut(p, t->explainers[i], WIDTH, false);
        end_style(p, "1");
        new_line(p, 0);
        for (size_t c = 0; c < t->control_count; c++) {
            const struct verdict_row *v = verdict_table_cell(t, i, c);
            if (!v || verdict_is_summary(v)) continue;
            fputs("  ", p->out);
            put_cut(p, v->control, widest, true);
            struct verdict_style style = verdict_style(v->verdict);
            fputs("  ", p->out);
            put_style(p, style.colour);
            fprintf(p->out, "%-8s", style.brief);
            end_style(p, style.colour);
            fputs("  ", p->out);
            p->column = widest + 14;
            if (*v->annotation) {
                put_wrapped(p, v->annotation, widest + 14);
                fputc(':', p->out);
                p->column++;
            }
            put_reason(p, v, widest + 14);
            new_line(p, 0);
        }
    }
    new_line(p, 0);
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
        put_wrapped(p, words.failed ? "" : words.data, indent);
        p->failed = p->failed || words.failed;
        text_finish(&words);
    }
    new_line(p, 0);
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
                put_cut(p, t->controls[c], WIDTH, false);
                new_line(p, 0);
            }
            any = true;
            first = false;
            fputs("  ", p->out);
            put_cut(p, t->explainers[i], names, true);
            fputs("  ", p->out);
            p->column = names + 4;
            put_stages(p, &curve, names + 4);
        }
    }
    if (any) new_line(p, 0);
}

/* ---- what is known of the network ---- */

static void put_known(struct page *p, const char *sentence, const char *warning) {
    if (!sentence) return;
    put_wrapped(p, sentence, 0);
    new_line(p, 0);
    if (!warning) return;
    put_style(p, "1");
    put_wrapped(p, "warning:", 0);
    end_style(p, "1");
    put_wrapped(p, warning, 2);
    new_line(p, 0);
}

/* How well it does on the data, and whether what is known beforehand came out so. */
static void put_network(struct page *p, const struct verdict_notes *notes) {
    put_known(p, notes->accuracy, notes->accuracy_warning);
    put_known(p, notes->canaries, notes->canaries_warning);
    if (notes->accuracy || notes->canaries) new_line(p, 0);
}

/* ---- how to read it ---- */

static void put_notes(struct page *p, const char *const *notes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fputs("- ", p->out);
        p->column = 2;
        put_wrapped(p, notes[i], 2);
        new_line(p, 0);
    }
    new_line(p, 0);
}

/* What makes the exit code: verdicts, rows as a whole, and `wrong`: what the canaries say. */
static void put_counts(struct page *p, const struct verdict_table *t, bool wrong) {
    size_t verdicts = 0, expected = 0, unjudged = 0, open = 0, words[VERDICT_STYLES] = {0};

    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        bool unexpected = v && verdict_is_summary(v) && !v->as_expected;
        unjudged += unexpected && strcmp(v->verdict, "SKIP") == 0;
        open += unexpected && strcmp(v->verdict, "SKIP") != 0;
        if (!v || verdict_is_summary(v)) continue;
        verdicts++;
        expected += v->as_expected;
        words[verdict_style_index(v->verdict)]++;
    }
    const char *separator = "";
    for (size_t i = 0; i < VERDICT_STYLES; i++)
        if (words[i]) {
            fprintf(p->out, "%s%zu %s", separator, words[i], verdict_styles[i].word);
            separator = ", ";
        }
    fprintf(p->out, "%sverdicts as expected: %zu of %zu", *separator ? "\n" : "", expected, verdicts);
    if (unjudged) fprintf(p->out, "; rows in which nothing was judged: %zu", unjudged);
    if (open) fprintf(p->out, "; rows undecided overall: %zu", open);
    if (wrong) fputs("; canaries came out wrong", p->out);
    fputc('\n', p->out);
}

bool report_text(struct store *s, FILE *out, bool colour, bool reasons, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct curve_set curves = {0};
    struct page page = {.out = out, .colour = colour};
    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e) && curve_set_load(s, &curves, e);

    if (ok) {
        put_network(&page, &notes);
        put_matrix(&page, &table);
        put_unexpected(&page, &table);
        if (reasons) put_reasons(&page, &table);
        put_similarities(&page, &table, &curves, reasons);
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
    return report_file_close(&o, report_text(s, o.file, false, true, e), e);
}
