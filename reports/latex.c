/* report.tex: the verdict table for a paper, to be taken in by \input; it wants the package booktabs. */
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/text_words.h"
#include "reports/verdict_table.h"
#include "reports/writers.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static void add_cell(struct text *out, const struct verdict_row *v) {
    char word[16];

    if (!v) return;
    snprintf(word, sizeof word, "%s", verdict_style(v->verdict).brief);
    if (strcmp(v->verdict, "FAIL") == 0) text_add(out, "\\textbf{%s}", word);
    else text_add(out, "%s", word);
    text_add(out, "%s", *v->annotation ? "$^*$" : "");
    if (isfinite(v->floor) && isfinite(v->score) && strcmp(v->verdict, "SKIP") != 0)
        text_add(out, " $%.2f$", fabs(v->score) < .005 ? 0 : v->score); /* in $: else a minus is a hyphen */
}

static void add_table(struct text *out, const struct verdict_table *t) {
    text_add(out, "%% Written by assay; \\usepackage{booktabs}, for names beyond ASCII \\usepackage[T1]{fontenc}.\n"
                  "\\begin{tabular}{l");
    for (size_t c = 0; c < t->control_count; c++) text_add(out, "l");
    text_add(out, "}\n\\toprule\nexplainer");
    for (size_t c = 0; c < t->control_count; c++) {
        text_add(out, " & ");
        text_add_latex(out, t->controls[c]);
    }
    text_add(out, " \\\\\n\\midrule\n");
    for (size_t x = 0; x < t->explainer_count; x++) {
        text_add_latex(out, t->explainers[x]);
        for (size_t c = 0; c < t->control_count; c++) {
            text_add(out, " & ");
            add_cell(out, verdict_table_cell(t, x, c));
        }
        text_add(out, " \\\\\n");
    }
    text_add(out, "\\bottomrule\n\\end{tabular}\n");
}

/* What reports say on a line of its own, as a sentence among others. */
static void add_sentence(struct text *out, const char *words) {
    const char first[] = {(char)toupper((unsigned char)*words), '\0'};
    text_add(out, " ");
    text_add_latex(out, first);
    text_add_latex(out, words + 1);
    text_add(out, ".");
}

/* The words of cells that are cut short. */
static void add_brief_words(struct text *out, const struct verdict_table *t) {
    for (size_t k = 0; k < VERDICT_STYLES; k++) {
        const struct verdict_style style = verdict_styles[k];
        bool there = false;
        for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
            const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
            there = there || (v && strcmp(v->verdict, style.word) == 0);
        }
        if (there && strcmp(style.word, style.brief) != 0) text_add(out, " %s: %s.", style.brief, style.word);
    }
}

/* In a group: the text behind the table keeps its size. */
static void add_note(struct text *out, const struct verdict_table *t, const struct verdict_notes *notes) {
    const char *const known[] = {notes->accuracy, notes->canaries};
    text_add(out, "\n{\\par\\smallskip\\footnotesize Numbers: the share of the map that survives (0 none, 1 all). "
                  "$^*$: annotated.");
    add_brief_words(out, t);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (known[k]) add_sentence(out, known[k]);
    text_add(out, " A PASS is necessary, not sufficient.\\par}\n");
}

bool report_latex(struct store *s, const char *folder, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct text out = {0};

    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e);
    if (ok) {
        add_table(&out, &table);
        add_note(&out, &table, &notes);
        ok = report_file_write(&out, folder, "report.tex", e);
    }
    text_finish(&out);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}
