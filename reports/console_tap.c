/* Test Anything Protocol 13 (https://testanything.org/tap-version-13-specification.html): a test for each verdict, and
 * for what else decides the exit code: canaries, and rows as a whole. Warnings are comments. Not 14: prove of Perl 5.36
 * fails what says so. */
#include "reports/console_writers.h"
#include "reports/surprise.h"
#include "reports/text_words.h"

#include <stdlib.h>
#include <string.h>

struct tap {
    struct text out;
    size_t number;
};

/* Cleaned; a '#' would begin a directive. */
static void add_description(struct text *out, const char *s) {
    char *clean = text_clean(s);
    for (const char *at = clean; at && *at; at++) {
        if (*at == '#' || *at == '\\') text_add(out, "\\");
        text_append(out, at, 1);
    }
    out->failed = out->failed || !clean;
    free(clean);
}

/* One line of the YAML block: double quotes, which JSON and YAML read alike. */
static void add_field(struct text *out, const char *key, const char *value) {
    char *clean = text_clean(value);
    text_add(out, "  %s: \"", key);
    for (const char *at = clean; at && *at; at++) text_add(out, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
    text_add(out, "\"\n");
    out->failed = out->failed || !clean;
    free(clean);
}

static void add_point(struct tap *t, bool ok, const char *what) {
    text_add(&t->out, "%s %zu - ", ok ? "ok" : "not ok", ++t->number);
    add_description(&t->out, what);
}

static void add_block(struct tap *t, const struct verdict_row *v) {
    struct text entry = {0};
    text_add(&t->out, "  ---\n");
    add_field(&t->out, "verdict", v->verdict);
    add_field(&t->out, "expected", v->expected);
    add_field(&t->out, "message", v->reason);
    if (expect_add_entry(&entry, v)) add_field(&t->out, "accept", entry.data ? entry.data : "");
    text_add(&t->out, "  ...\n");
    t->out.failed = t->out.failed || entry.failed;
    text_finish(&entry);
}

/* Of rows as a whole those alone that decide something. */
static bool is_point(const struct verdict_row *v) {
    return v && (!verdict_is_summary(v) || !v->as_expected);
}

static void add_verdict(struct tap *t, const struct verdict_row *v) {
    struct text what = {0};
    bool skip = v->as_expected && strcmp(v->verdict, "SKIP") == 0,
         marked = v->as_expected && !skip && strcmp(v->verdict, "PASS") != 0;

    text_add(&what, "%s under %s: %s%s", v->explainer, v->control, v->verdict, marked ? " as expected" : "");
    t->out.failed = t->out.failed || what.failed;
    add_point(t, v->as_expected, what.failed ? "" : what.data);
    if (skip) {
        text_add(&t->out, " # SKIP ");
        add_description(&t->out, v->reason);
    }
    text_add(&t->out, "\n");
    if (!v->as_expected) add_block(t, v);
    text_finish(&what);
}

static void add_canaries(struct tap *t, const struct verdict_notes *notes) {
    if (!notes->canaries) return;
    add_point(t, !notes->canaries_warning, notes->canaries);
    text_add(&t->out, "\n");
    if (!notes->canaries_warning) return;
    text_add(&t->out, "  ---\n");
    add_field(&t->out, "message", notes->canaries_warning);
    text_add(&t->out, "  ...\n");
}

/* What fails nothing is a diagnostic: a comment, which harnesses show beside the tests. */
static void add_warning(struct tap *t, const char *warning) {
    char *clean = warning ? text_clean(warning) : NULL;
    if (clean) text_add(&t->out, "# warning: %s\n", clean);
    t->out.failed = t->out.failed || (warning && !clean);
    free(clean);
}

static void add_all(struct tap *t, const struct verdict_table *table, const struct verdict_notes *notes) {
    size_t cells = table->explainer_count * table->control_count, planned = notes->canaries ? 1 : 0;

    for (size_t i = 0; i < cells; i++)
        planned += is_point(verdict_table_cell(table, i / table->control_count, i % table->control_count));
    text_add(&t->out, "TAP version 13\n1..%zu\n", planned);
    add_warning(t, notes->accuracy_warning);
    add_warning(t, notes->same_warning);
    add_canaries(t, notes);
    for (size_t i = 0; i < cells; i++) {
        const struct verdict_row *v = verdict_table_cell(table, i / table->control_count, i % table->control_count);
        if (is_point(v)) add_verdict(t, v);
    }
}

bool console_tap(struct store *s, FILE *stream, const struct report_style *style, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct tap tap = {.number = 0};

    (void)style;
    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e);
    if (ok) add_all(&tap, &table, &notes);
    if (ok && tap.out.failed) ok = error_memory(e);
    if (ok) fputs(tap.out.data, stream);
    text_finish(&tap.out);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}

void console_tap_broken(FILE *stream, const char *message, int exit_code) {
    char *clean = text_clean(message);
    fprintf(stream, "TAP version 13\nBail out! exit code %d: %s\n", exit_code, clean ? clean : "");
    free(clean);
}
