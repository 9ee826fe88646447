/* report.md: the verdict table as GitHub and GitLab show it, and the reasons below. */
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/text_words.h"
#include "reports/verdict_columns.h"
#include "reports/writers.h"

#include <math.h>

#define MOST_COLUMNS 8u /* of a table, beside the names: what a page of a forge shows without scrolling */

static void add_word(struct text *out, const struct verdict_row *v) {
    bool fixed = isfinite(v->floor) && isfinite(v->score);

    text_add(out, "%s%s%s%s", v->as_expected ? "" : "**", v->verdict, *v->annotation ? "\\*" : "",
             v->as_expected ? "" : "\\!**");
    if (fixed) text_add(out, " %.2f", fabs(v->score) < .005 ? 0 : v->score);
}

/* Columns from `first` to `end` of those that are shown. */
static void add_part(struct text *out, const struct verdict_columns *columns, size_t first, size_t end) {
    const struct verdict_table *t = columns->table;

    text_add(out, "| explainer |");
    for (size_t c = first; c < end; c++) {
        text_add(out, " ");
        text_add_markdown(out, t->controls[columns->shown[c]]);
        text_add(out, " |");
    }
    text_add(out, "\n|---|");
    for (size_t c = first; c < end; c++) text_add(out, "---|");
    text_add(out, "\n");
    for (size_t x = 0; x < t->explainer_count; x++) {
        text_add(out, "| ");
        text_add_markdown(out, t->explainers[x]);
        text_add(out, " |");
        for (size_t c = first; c < end; c++) {
            const struct verdict_row *v = verdict_table_cell(t, x, columns->shown[c]);
            text_add(out, " ");
            if (v) add_word(out, v);
            text_add(out, " |");
        }
        text_add(out, "\n");
    }
    text_add(out, "\n");
}

static void add_matrix(struct text *out, const struct verdict_columns *columns) {
    const size_t parts = (columns->count + MOST_COLUMNS - 1) / MOST_COLUMNS;

    for (size_t p = 0; p < parts; p++)
        add_part(out, columns, columns->count * p / parts, columns->count * (p + 1) / parts);
    text_add(out, "\\! not as expected, \\* annotated; numbers: the share of the map that survives (0 none, 1 all)\n");
    if (columns->count == columns->table->control_count) return;
    text_add(out, "\nSKIP for every row: ");
    verdict_columns_add_left_out(out, columns, text_add_markdown);
    text_add(out, "\n");
}

static void add_reasons(struct text *out, const struct verdict_table *t) {
    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (!v || verdict_is_summary(v)) continue;
        if (i % t->control_count == 0) {
            text_add(out, "\n### ");
            text_add_markdown(out, v->explainer);
            text_add(out, "\n\n");
        }
        text_add(out, "- ");
        text_add_markdown(out, v->control);
        text_add(out, ": %s", v->verdict);
        if (*v->annotation) {
            text_add(out, " (");
            text_add_markdown(out, v->annotation);
            text_add(out, ")");
        }
        text_add(out, ". ");
        text_add_markdown(out, v->reason);
        text_add(out, "\n");
    }
}

static void add_notes(struct text *out, const struct verdict_notes *notes) {
    text_add(out, "\n## How to read it\n\n");
    for (size_t k = 0; k < notes->count; k++) {
        text_add(out, "- ");
        text_add_markdown(out, notes->line[k]);
        text_add(out, "\n");
    }
}

bool report_markdown(struct store *s, const char *folder, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_columns columns = {0};
    struct verdict_notes notes = {0};
    struct text out = {0};

    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e) &&
              verdict_columns_load(&table, &columns, e);
    if (ok) {
        text_add(&out, "## Verdicts\n\n");
        const char *const known[] = {notes.accuracy, notes.accuracy_warning, notes.canaries, notes.canaries_warning,
                                     notes.same_warning};
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (known[k]) {
                text_add_markdown(&out, known[k]);
                text_add(&out, "\n\n");
            }
        add_matrix(&out, &columns);
        text_add(&out, "\n## Reasons\n");
        add_reasons(&out, &table);
        add_notes(&out, &notes);
        ok = report_file_write(&out, folder, "report.md", e);
    }
    text_finish(&out);
    verdict_columns_finish(&columns);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}
