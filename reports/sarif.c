/* report.sarif: what was not as expected, as an analyser of code reports it: SARIF 2.1.0 (OASIS Standard, 2020). A
 * result stands at the battery's line of its row; verdicts as expected are none. Warnings about the run as a whole are
 * results of the level "warning". */
#include "reports/battery_lines.h"

#include "base/json_write.h"
#include "reports/json_layout.h"
#include "reports/report_file.h"
#include "reports/surprise.h"
#include "reports/text_words.h"
#include "reports/writers.h"

#include <string.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"
#define RULE_CANARIES "canaries"
#define RULE_ACCURACY "accuracy"
#define RULE_EQUALITIES "equalities"

/* Beside the controls, by their names: what is found on the run as a whole. */
static const struct {
    const char *id, *text;
} rules[] = {{RULE_CANARIES, "Maps whose verdict is known get that verdict."},
             {RULE_ACCURACY, "The network is right on the data more often than chance."},
             {RULE_EQUALITIES, "Maps are equal where a theorem asks for it, and nowhere else."}};
#define RULES (sizeof rules / sizeof *rules)

/* What a run is: loaded once. */
struct sarif {
    struct verdict_table table;
    struct verdict_notes notes;
    struct battery_lines lines;
};

/* A path as a reference of RFC 3986: absolute ones with their scheme. */
static void add_uri(struct text *out, const char *path) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    if (*path == '/') text_add(out, "file://");
    for (const char *c = path; *c; c++)
        if (strchr(plain, *c)) text_append(out, c, 1);
        else text_add(out, "%%%02X", (unsigned)(unsigned char)*c);
}

/* NULL, and no error, where the battery is no file. */
static json_t *locations_json(const struct battery_lines *lines, unsigned line) {
    struct text uri = {0};
    if (!lines->file) return NULL;
    add_uri(&uri, lines->file);
    json_t *all = uri.failed ? NULL
                             : json_pack("[{s:{s:{s:s}, s:{s:I}}}]", "physicalLocation", "artifactLocation", "uri",
                                         uri.data, "region", "startLine", (json_int_t)(line ? line : 1));
    text_finish(&uri);
    return all;
}

/* What leaves a question open is a warning, as exit code 4 is another one than 1 and 3. */
static const char *level_of(const struct verdict_row *v) {
    static const char *const open[] = {"INCONCLUSIVE", "UNINFORMATIVE", "SKIP"};
    for (size_t k = 0; k < sizeof open / sizeof *open; k++)
        if (strcmp(v->verdict, open[k]) == 0) return "warning";
    return "error";
}

static bool add_result(json_t *results, const char *rule, const char *level, const char *message, const char *cell,
                       json_t *locations) {
    json_t *o =
        json_pack("{s:o, s:s, s:{s:o}, s:o*, s:{s:o}}", "ruleId", json_text(rule), "level", level, "message", "text",
                  json_text(message), "locations", locations, "partialFingerprints", "cell/v1", json_text(cell));
    return o && json_array_append_new(results, o) == 0;
}

static bool add_surprise(json_t *results, const struct sarif *s, const struct surprise *u) {
    const struct verdict_row *v = u->cell;
    struct text message = {0}, entry = {0}, cell = {0};
    surprise_add_name(&message, &s->table, u);
    text_add(&message, ": %s. %s Expected: %s.", v->verdict, v->reason, v->expected);
    if (expect_add_entry(&entry, v)) text_add(&message, " `expect` accepts it by: %s", entry.data ? entry.data : "");
    expect_add_key(&cell, v->explainer, v->control);
    bool ok = !message.failed && !entry.failed && !cell.failed &&
              add_result(results, v->control, level_of(v), message.data, cell.data,
                         locations_json(&s->lines, battery_lines_find(&s->lines, v)));
    text_finish(&message);
    text_finish(&entry);
    text_finish(&cell);
    return ok;
}

/* Of the run as a whole; nothing where there is no message. */
static bool add_finding(json_t *results, const struct sarif *s, const char *rule, const char *level,
                        const char *message) {
    return !message || add_result(results, rule, level, message, rule, locations_json(&s->lines, 1));
}

static json_t *results_json(const struct sarif *s) {
    json_t *results = json_array();
    struct surprise u;
    bool ok = results != NULL;
    for (size_t at = 0; ok && surprise_next(&s->table, &at, &u);) ok = add_surprise(results, s, &u);
    ok = ok && add_finding(results, s, RULE_CANARIES, "error", s->notes.canaries_warning) &&
         add_finding(results, s, RULE_ACCURACY, "warning", s->notes.accuracy_warning) &&
         add_finding(results, s, RULE_EQUALITIES, "warning", s->notes.same_warning);
    if (ok) return results;
    json_decref(results);
    return NULL;
}

static json_t *rules_json(const struct verdict_table *t) {
    json_t *all = json_array();
    for (size_t c = 0; c < t->control_count; c++)
        all = json_with(all, json_pack("{s:o}", "id", json_text(t->controls[c])));
    for (size_t k = 0; k < RULES; k++)
        all = json_with(all, json_pack("{s:s, s:{s:s}}", "id", rules[k].id, "shortDescription", "text", rules[k].text));
    return all;
}

static json_t *document(const struct sarif *s) {
    int code = surprise_exit_code(&s->table, s->notes.canaries_warning);
    return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[{s:b, s:i}], s:s, s:o}]}", "$schema", SCHEMA, "version",
                     "2.1.0", "runs", "tool", "driver", "name", "assay", "semanticVersion", ASSAY_VERSION, "rules",
                     rules_json(&s->table), "invocations", "executionSuccessful", code != 3, "exitCode", code,
                     "columnKind", "unicodeCodePoints", "results", results_json(s));
}

bool report_sarif(struct store *store, const char *folder, struct error *e) {
    struct sarif s = {0};
    struct report_file o;
    bool ok = verdict_notes_load(store, &s.notes, e) && verdict_table_load(store, &s.table, e) &&
              battery_lines_load(store, &s.lines, e) && report_file_open(&o, folder, "report.sarif", e);
    if (ok) {
        json_t *all = document(&s);
        ok = (all && json_layout(o.file, all, 0) && fputc('\n', o.file) != EOF) || error_memory(e);
        ok = report_file_close(&o, ok, e);
        json_decref(all);
    }
    battery_lines_finish(&s.lines);
    verdict_table_finish(&s.table);
    verdict_notes_finish(&s.notes);
    return ok;
}
