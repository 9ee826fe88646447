/* One JSON document for a program that reads a run: docs/ci.md has its fields. */
#include "reports/battery_lines.h"

#include "base/json_write.h"
#include "reports/console_writers.h"
#include "reports/json_layout.h"
#include "reports/run_record.h"
#include "reports/surprise.h"
#include "reports/text_words.h"

#include <jansson.h>
#include <string.h>

static json_t *or_null(const char *s) {
    return s ? json_text(s) : json_null();
}

static json_t *line_json(unsigned line) {
    return line ? json_integer((json_int_t)line) : json_null();
}

static json_t *accept_json(const struct verdict_row *v) {
    struct text entry = {0};
    json_t *o = !v->as_expected && expect_add_entry(&entry, v) ? json_text(entry.data ? entry.data : "") : json_null();
    if (entry.failed) {
        json_decref(o);
        o = NULL;
    }
    text_finish(&entry);
    return o;
}

static json_t *verdict_json(const struct verdict_row *v, const struct battery_lines *lines) {
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "explainer",
                     json_text(v->explainer), "control", json_text(v->control), "verdict", v->verdict, "annotation",
                     json_text(v->annotation), "expected", json_text(v->expected), "as_expected", v->as_expected,
                     "reason", json_text(v->reason), "score", json_number(v->score), "lower", json_number(v->lower),
                     "upper", json_number(v->upper), "floor", json_number(v->floor), "ceiling", json_number(v->ceiling),
                     "inputs", (json_int_t)v->inputs, "draws", (json_int_t)v->draws, "line",
                     line_json(battery_lines_find(lines, v)), "accept", accept_json(v));
}

static json_t *verdicts_json(const struct verdict_table *t, const struct battery_lines *lines) {
    json_t *all = json_array();
    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (v && json_array_append_new(all, verdict_json(v, lines)) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static json_t *words_json(const struct verdict_counts *n) {
    json_t *o = json_object();
    for (size_t i = 0; i + 1 < VERDICT_STYLES; i++)
        o = json_put(o, verdict_styles[i].word, json_integer((json_int_t)n->words[i]));
    return o;
}

static json_t *notes_json(const struct verdict_notes *notes) {
    json_t *all = json_array();
    for (size_t i = 0; i < notes->count; i++) all = json_with(all, json_text(notes->line[i]));
    return all;
}

static json_t *document(const struct verdict_table *t, const struct verdict_notes *notes, const json_t *run,
                        const struct battery_lines *lines, const char *folder) {
    const struct verdict_counts n = verdict_counts_of(t);
    return json_pack("{s:s, s:O?, s:o, s:o, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "assay",
                     ASSAY_VERSION, "battery", json_object_get(run, "battery"), "file", or_null(lines->file), "folder",
                     or_null(folder), "exit_code", surprise_exit_code(t, notes->canaries_warning), "verdict_count",
                     (json_int_t)n.verdicts, "as_expected", (json_int_t)n.expected, "words", words_json(&n), "network",
                     or_null(notes->accuracy), "network_warning", or_null(notes->accuracy_warning), "canaries",
                     or_null(notes->canaries), "canaries_warning", or_null(notes->canaries_warning),
                     "equalities_warning", or_null(notes->same_warning), "verdicts", verdicts_json(t, lines), "notes",
                     notes_json(notes));
}

bool console_json(struct store *s, FILE *stream, const struct report_style *style, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct battery_lines lines = {0};
    json_t *run = NULL, *all = NULL;

    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e) &&
              battery_lines_load(s, &lines, e) && run_record_load(s, "run", &run, e);
    if (ok) {
        all = document(&table, &notes, run, &lines, style->folder);
        ok = (all && json_layout(stream, all, 0)) || error_memory(e);
        if (ok) fputc('\n', stream);
    }
    json_decref(all);
    json_decref(run);
    battery_lines_finish(&lines);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}

void console_json_broken(FILE *stream, const char *message, int exit_code) {
    json_t *all =
        json_pack("{s:s, s:i, s:o}", "assay", ASSAY_VERSION, "exit_code", exit_code, "error", json_text(message));
    if (all && json_layout(stream, all, 0)) fputc('\n', stream);
    json_decref(all);
}
