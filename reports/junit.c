/* junit.xml: one suite per control, one case per explainer; and one for the maps with known answers. */
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/text_words.h"
#include "reports/verdict_table.h"
#include "reports/writers.h"

#include <string.h>

/* How a CI page shows a verdict. A verdict as expected passes, whatever its word: an edge detector has to FAIL. SKIP
 * stays visible as skipped; of the rest, what could not run is an error, what came out otherwise a failure. */
enum outcome { OUTCOME_PASSED, OUTCOME_FAILURE, OUTCOME_ERROR, OUTCOME_SKIPPED, OUTCOMES };
static const char *const elements[OUTCOMES] = {NULL, "failure", "error", "skipped"};

static enum outcome outcome_of(const struct verdict_row *v) {
    if (strcmp(v->verdict, "SKIP") == 0) return OUTCOME_SKIPPED;
    if (v->as_expected) return OUTCOME_PASSED;
    return strcmp(v->verdict, "ERROR") == 0 ? OUTCOME_ERROR : OUTCOME_FAILURE;
}

static void add_attribute(struct text *x, const char *name, const char *value) {
    text_add(x, " %s=\"", name);
    text_add_xml(x, value);
    text_add(x, "\"");
}

static void add_counts(struct text *x, const size_t counts[OUTCOMES]) {
    text_add(x, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
             counts[OUTCOME_PASSED] + counts[OUTCOME_FAILURE] + counts[OUTCOME_ERROR] + counts[OUTCOME_SKIPPED],
             counts[OUTCOME_FAILURE], counts[OUTCOME_ERROR], counts[OUTCOME_SKIPPED]);
}

static void add_case(struct text *x, const struct verdict_row *v) {
    enum outcome outcome = outcome_of(v);
    struct text line = {0};

    text_add(&line, "%s%s%s (expected %s): %s", v->verdict, *v->annotation ? " " : "", v->annotation,
             *v->expected ? v->expected : "anything", v->reason);
    x->failed = x->failed || line.failed;
    text_add(x, "    <testcase");
    add_attribute(x, "classname", v->control);
    add_attribute(x, "name", v->explainer);
    text_add(x, ">\n      <%s", elements[outcome] ? elements[outcome] : "system-out");
    if (elements[outcome]) add_attribute(x, "message", line.failed ? "" : line.data);
    if (outcome == OUTCOME_FAILURE || outcome == OUTCOME_ERROR) add_attribute(x, "type", v->verdict);
    if (elements[outcome]) text_add(x, "/>\n");
    else {
        text_add(x, ">");
        text_add_xml(x, line.failed ? "" : line.data);
        text_add(x, "</system-out>\n");
    }
    text_add(x, "    </testcase>\n");
    text_finish(&line);
}

static void count_control(const struct verdict_table *t, size_t control, size_t counts[OUTCOMES]) {
    for (size_t i = 0; i < t->explainer_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i, control);
        if (v && !verdict_is_summary(v)) counts[outcome_of(v)]++;
    }
}

static void add_property(struct text *x, const char *name, const char *value) {
    text_add(x, "      <property name=\"%s\"", name);
    add_attribute(x, "value", value);
    text_add(x, "/>\n");
}

/* What is known of the network, and the notes every report carries. */
static void add_notes(struct text *x, const struct verdict_notes *notes) {
    text_add(x, "    <properties>\n");
    if (notes->accuracy) add_property(x, "accuracy", notes->accuracy);
    if (notes->accuracy_warning) add_property(x, "warning", notes->accuracy_warning);
    if (notes->same_warning) add_property(x, "warning", notes->same_warning);
    for (size_t k = 0; k < notes->count; k++) add_property(x, "note", notes->line[k]);
    text_add(x, "    </properties>\n");
}

/* A suite of one case: maps with known answers decide the exit code, too. */
static void add_canaries(struct text *x, const struct verdict_notes *notes) {
    const size_t counts[OUTCOMES] = {
        [OUTCOME_PASSED] = !notes->canaries_warning, [OUTCOME_ERROR] = notes->canaries_warning != NULL};

    if (!notes->canaries) return;
    text_add(x, "  <testsuite name=\"canaries\"");
    add_counts(x, counts);
    text_add(x, "    <testcase classname=\"canaries\" name=\"maps whose verdict is known\">\n      <%s",
             notes->canaries_warning ? "error type=\"canaries\"" : "system-out>");
    if (notes->canaries_warning) {
        struct text line = {0};
        text_add(&line, "%s: %s", notes->canaries, notes->canaries_warning);
        x->failed = x->failed || line.failed;
        add_attribute(x, "message", line.failed ? "" : line.data);
        text_add(x, "/>\n");
        text_finish(&line);
    } else {
        text_add_xml(x, notes->canaries);
        text_add(x, "</system-out>\n");
    }
    text_add(x, "    </testcase>\n  </testsuite>\n");
}

static void add_document(struct text *x, const struct verdict_table *t, const struct verdict_notes *notes) {
    size_t all[OUTCOMES] = {0};

    for (size_t c = 0; c < t->control_count; c++) count_control(t, c, all);
    if (notes->canaries) all[notes->canaries_warning ? OUTCOME_ERROR : OUTCOME_PASSED]++;
    text_add(x, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\"");
    add_counts(x, all);
    for (size_t c = 0; c < t->control_count; c++) {
        size_t counts[OUTCOMES] = {0};
        if (strcmp(t->controls[c], VERDICT_OVERALL) == 0) continue;
        count_control(t, c, counts);
        text_add(x, "  <testsuite");
        add_attribute(x, "name", t->controls[c]);
        add_counts(x, counts);
        add_notes(x, notes);
        for (size_t i = 0; i < t->explainer_count; i++)
            if (verdict_table_cell(t, i, c)) add_case(x, verdict_table_cell(t, i, c));
        text_add(x, "  </testsuite>\n");
    }
    add_canaries(x, notes);
    text_add(x, "</testsuites>\n");
}

bool report_junit(struct store *s, const char *folder, struct error *e) {
    struct verdict_table table;
    struct verdict_notes notes;
    struct text document = {0};

    if (!verdict_notes_load(s, &notes, e)) return false;
    if (!verdict_table_load(s, &table, e)) {
        verdict_notes_finish(&notes);
        return false;
    }
    add_document(&document, &table, &notes);
    bool ok = report_file_write(&document, folder, "junit.xml", e);
    text_finish(&document);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}
