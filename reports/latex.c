/* report.tex: the verdict table for a paper, to be taken in by \input; it wants the packages booktabs and graphicx. It
 * fits a column of 3.3 inches: what is wider becomes several tabulars, which TeX sets side by side where a line is
 * longer. */
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/text_words.h"
#include "reports/verdict_columns.h"
#include "reports/writers.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points, of \footnotesize in an article of 10 points (8 points on 9.5). */
#define COLUMN_WIDTH 238.0 /* 3.3 inches */
#define CHARACTER 4.6      /* at most, on average over a name or a number */
#define SEPARATION 5.0     /* between two columns: twice \tabcolsep */
#define LINE 9.5           /* a turned name */
#define NAMES_MOST 110.0   /* longer ones have several lines */

struct latex {
    struct text out;
    const struct verdict_table *table;
    struct verdict_columns columns;
    bool brief;   /* letters below turned names, else words */
    double names; /* width of the explainers' */
};

/* ---- cells ---- */

static const char *word_of(const struct latex *l, const struct verdict_style *style) {
    if (!l->brief) return style->brief;
    return strcmp(style->word, "SKIP") == 0 ? "--" : style->letter;
}

static bool has_number(const struct verdict_row *v) {
    return isfinite(v->floor) && isfinite(v->score) && strcmp(v->verdict, "SKIP") != 0;
}

static void number_of(const struct verdict_row *v, bool brief, char out[16]) {
    const double score = fabs(v->score) < .005 ? 0 : v->score;
    snprintf(out, 16, "%.2f", score);
    char *zero = brief ? strstr(out, "0.") : NULL; /* .67 */
    if (zero && (zero == out || zero[-1] == '-')) memmove(zero, zero + 1, strlen(zero));
}

static void add_cell(struct latex *l, const struct verdict_row *v) {
    char number[16];

    if (!v) return;
    const struct verdict_style style = verdict_style(v->verdict);
    text_add(&l->out, strcmp(v->verdict, "FAIL") == 0 ? "\\textbf{%s}" : "%s", word_of(l, &style));
    text_add(&l->out, "%s%s", *v->annotation ? "$^*$" : "", v->as_expected ? "" : "!");
    if (!has_number(v)) return;
    number_of(v, l->brief, number);
    text_add(&l->out, " $%s$", number); /* in $: else a minus is a hyphen */
}

/* Characters of a cell. */
static size_t cell_size(const struct latex *l, const struct verdict_row *v) {
    char number[16];

    if (!v) return 0;
    const struct verdict_style style = verdict_style(v->verdict);
    size_t size = strlen(word_of(l, &style)) + (*v->annotation != '\0') + !v->as_expected;
    if (has_number(v)) {
        number_of(v, l->brief, number);
        size += 1 + strlen(number);
    }
    return size;
}

/* ---- what stands side by side ---- */

static double column_width(const struct latex *l, size_t column) {
    const size_t control = l->columns.shown[column];
    size_t widest = l->brief ? 0 : utf8_width(l->table->controls[control]);

    for (size_t x = 0; x < l->table->explainer_count; x++) {
        size_t size = cell_size(l, verdict_table_cell(l->table, x, control));
        widest = size > widest ? size : widest;
    }
    return SEPARATION + fmax(l->brief ? LINE : 0, CHARACTER * (double)widest);
}

/* The end of a tabular that begins with that column and is so wide at most; at least one column. */
static size_t end_of(const struct latex *l, size_t first, double width) {
    size_t end = first;
    for (double used = l->names; end < l->columns.count; end++) {
        used += column_width(l, end);
        if (used > width && end > first) break;
    }
    return end;
}

static size_t tabulars(const struct latex *l, double width) {
    size_t count = 0;
    for (size_t first = 0; first < l->columns.count; first = end_of(l, first, width)) count++;
    return count;
}

/* The narrowest width that takes no more tabulars: so they are about as wide. */
static double even_width(const struct latex *l) {
    const size_t count = tabulars(l, COLUMN_WIDTH);
    double width = COLUMN_WIDTH;
    while (width > l->names && tabulars(l, width - 1) == count) width -= 1;
    return width;
}

static void plan(struct latex *l) {
    size_t widest = utf8_width("explainer");
    for (size_t x = 0; x < l->table->explainer_count; x++) {
        size_t here = utf8_width(l->table->explainers[x]);
        widest = here > widest ? here : widest;
    }
    l->names = fmin(CHARACTER * (double)widest, NAMES_MOST);
    l->brief = tabulars(l, COLUMN_WIDTH) > 1;
}

/* ---- the table ---- */

static void add_head(struct latex *l, size_t first, size_t end) {
    if (l->names >= NAMES_MOST) text_add(&l->out, "\\begin{tabular}[t]{@{}p{%.0fpt}", NAMES_MOST);
    else text_add(&l->out, "\\begin{tabular}[t]{@{}l");
    for (size_t c = first; c < end; c++) text_add(&l->out, "l");
    text_add(&l->out, "@{}}\n\\toprule\nexplainer");
    for (size_t c = first; c < end; c++) {
        text_add(&l->out, l->brief ? " & \\rotatebox{90}{" : " & ");
        text_add_latex(&l->out, l->table->controls[l->columns.shown[c]]);
        if (l->brief) text_add(&l->out, "}");
    }
    text_add(&l->out, " \\\\\n\\midrule\n");
}

static void add_tabular(struct latex *l, size_t first, size_t end) {
    add_head(l, first, end);
    for (size_t x = 0; x < l->table->explainer_count; x++) {
        if (l->names >= NAMES_MOST) text_add(&l->out, "\\raggedright ");
        text_add_latex(&l->out, l->table->explainers[x]);
        for (size_t c = first; c < end; c++) {
            text_add(&l->out, " & ");
            add_cell(l, verdict_table_cell(l->table, x, l->columns.shown[c]));
        }
        text_add(&l->out, " \\\\\n");
    }
    text_add(&l->out, "\\bottomrule\n\\end{tabular}\n");
}

/* Tabulars are words of a paragraph: they stand side by side where a line holds them. */
static void add_table(struct latex *l) {
    const double width = even_width(l);
    text_add(&l->out,
             "%% Written by assay; \\usepackage{booktabs,graphicx}, for names beyond ASCII "
             "\\usepackage[T1]{fontenc}.\n"
             "{\\par\\footnotesize\\setlength{\\tabcolsep}{%.1fpt}\\setlength{\\parindent}{0pt}%%\n"
             "\\raggedright\\setlength{\\lineskip}{8pt}\\setlength{\\lineskiplimit}{8pt}%%\n",
             SEPARATION / 2);
    for (size_t first = 0, end; first < l->columns.count; first = end) {
        end = end_of(l, first, width);
        if (first) text_add(&l->out, "\\hskip 1.5em\\relax\n");
        add_tabular(l, first, end);
    }
    text_add(&l->out, "\\par}\n");
}

/* ---- the note ---- */

/* What reports say on a line of its own, as a sentence among others. */
static void add_sentence(struct text *out, const char *words) {
    const char first[] = {(char)toupper((unsigned char)*words), '\0'};
    const size_t length = strlen(words);
    text_add(out, " ");
    text_add_latex(out, first);
    text_add_latex(out, words + 1);
    if (words[length - 1] != '.') text_add(out, ".");
}

static bool is_there(const struct latex *l, const char *word) {
    for (size_t i = 0; i < l->table->explainer_count * l->columns.count; i++) {
        const size_t control = l->columns.shown[i % l->columns.count];
        const struct verdict_row *v = verdict_table_cell(l->table, i / l->columns.count, control);
        if (v && strcmp(v->verdict, word) == 0) return true;
    }
    return false;
}

/* The words of cells that are cut short. */
static void add_brief_words(struct latex *l) {
    const char *separator = " ";
    for (size_t k = 0; k < VERDICT_STYLES; k++) {
        const struct verdict_style style = verdict_styles[k];
        const char *said = word_of(l, &style);
        if (!is_there(l, style.word) || strcmp(style.word, said) == 0) continue;
        text_add(&l->out, "%s%s: %s", separator, said, style.word);
        separator = ", ";
    }
    if (*separator == ',') text_add(&l->out, ".");
}

/* In a group: the text behind the table keeps its size. */
static void add_note(struct latex *l, const struct verdict_notes *notes) {
    const char *const known[] = {notes->accuracy, notes->accuracy_warning, notes->canaries, notes->canaries_warning,
                                 notes->same_warning};
    text_add(&l->out, "{\\par\\smallskip\\footnotesize\\noindent Numbers: the share of the map that survives (0 none, "
                      "1 all). $^*$: annotated. !: not as expected.");
    add_brief_words(l);
    if (l->columns.count < l->table->control_count) {
        text_add(&l->out, " SKIP for every row: ");
        verdict_columns_add_left_out(&l->out, &l->columns, text_add_latex);
        text_add(&l->out, ".");
    }
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (known[k] && *known[k]) add_sentence(&l->out, known[k]);
    text_add(&l->out, " A PASS is necessary, not sufficient.\\par}\n");
}

bool report_latex(struct store *s, const char *folder, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct latex l = {.table = &table};

    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e) &&
              verdict_columns_load(&table, &l.columns, e);
    if (ok) {
        plan(&l);
        add_table(&l);
        add_note(&l, &notes);
        ok = report_file_write(&l.out, folder, "report.tex", e);
    }
    text_finish(&l.out);
    verdict_columns_finish(&l.columns);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}
