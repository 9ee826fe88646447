/* cmd_accept.c: `assay accept`: what a run found becomes what its battery expects. */

#include "cli/cli.h"
#include "cli/run_open.h"
#include "base/array.h"
#include "base/file.h"
#include "battery/battery.h"
#include "battery/expect_edit.h"
#include "battery/yaml_node.h"
#include "reports/run_record.h"
#include "reports/surprise.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATTERY, BASELINE, ONLY, ERRORS, DRY_RUN };

static const struct cli_option options[] = {
    [BATTERY] = {.name = "battery",
                 .kind = CLI_TEXT,
                 .value = "FILE",
                 .summary = "the battery, where it is not where it was (default: the file that was run)"},
    [BASELINE] = {.name = "baseline",
                  .kind = CLI_TEXT,
                  .value = "FILE",
                  .summary = "write into this file, which 'assay run --baseline' reads, and leave the battery alone"},
    [ONLY] = {.name = "only",
              .kind = CLI_TEXT,
              .value = "NAME",
              .summary = "one explainer or control, or one cell: EXPLAINER/CONTROL (default: everything)"},
    [ERRORS] = {.name = "errors", .kind = CLI_FLAG, .summary = "ERRORs, too, which are left alone otherwise"},
    [DRY_RUN] = {.name = "dry-run", .kind = CLI_FLAG, .summary = "say what would be written, and write nothing"},
};

/* The run, its battery as it is now, and what of the one is to go into the other. */
struct accept {
    const struct cli_values *values;
    struct store *store;
    struct verdict_table table;
    struct verdict_notes notes;
    json_t *run;
    char **settings; /* of the run, borrowed from `run` */
    size_t setting_count;
    const char *battery_path, *baseline;
    struct battery *battery;
    struct expect_change *changes; /* their texts are owned, but for row and control */
    size_t count, left;            /* left: not accepted */
    struct text said;              /* once all is done */
    struct error *error;
};

/* ---- reading ---- */

static bool read_settings(struct accept *a) {
    const json_t *all = json_object_get(json_object_get(a->run, "battery_file"), "settings");
    a->settings = calloc(json_array_size(all) + 1, sizeof *a->settings);
    if (!a->settings) return error_memory(a->error);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *text = json_string_value(json_array_get(all, i));
        if (text) a->settings[a->setting_count++] = (char *)(uintptr_t)text;
    }
    return true;
}

static bool find_battery(struct accept *a) {
    const struct cli_value *given = &a->values->option[BATTERY];
    const char *recorded = json_string_value(json_object_get(json_object_get(a->run, "battery_file"), "path"));
    a->battery_path = given->given ? given->text : recorded;
    a->baseline = a->values->option[BASELINE].text;
    if (!a->battery_path)
        return error_set(a->error, "%s: does not say which battery was run: --battery FILE wanted", a->values->operand);
    if (strcmp(a->battery_path, YAML_STANDARD_INPUT) == 0)
        return error_set(a->error, "%s: its battery came from standard input: --battery FILE wanted",
                         a->values->operand);
    if (!file_exists(a->battery_path))
        return error_set(a->error,
                         "%s: the battery of %s is not there: --battery FILE, or the folder of the run, wanted",
                         a->battery_path, a->values->operand);
    return true;
}

/* As it is, or with that text in place of the file that is to be written. */
static bool load_battery(struct accept *a, const struct text *text, struct battery **out) {
    bool there = a->baseline && (text || file_exists(a->baseline));
    struct battery_source from = {.path = a->battery_path,
                                  .settings = (const char *const *)a->settings,
                                  .setting_count = a->setting_count,
                                  .baseline = there ? a->baseline : NULL};
    if (text && a->baseline) {
        from.baseline_text = text->data;
        from.baseline_size = text->length;
    } else if (text) {
        from.text = text->data;
        from.size = text->length;
    }
    return battery_load_from(&from, out, a->error);
}

static bool open_all(struct accept *a) {
    bool ok = cli_run_open(a->values->operand, &a->store, a->error) &&
              verdict_table_load(a->store, &a->table, a->error) && verdict_notes_load(a->store, &a->notes, a->error) &&
              run_record_load(a->store, "run", &a->run, a->error) && find_battery(a) && read_settings(a);
    return ok && load_battery(a, NULL, &a->battery);
}

/* ---- choosing ---- */

/* A row that is added has the place of its origin in the battery. */
static bool has_row(const struct battery *b, const char *name) {
    const size_t added = sizeof BATTERY_BEFORE_RELU - 1;
    size_t length = strlen(name);
    if (length > added && strcmp(name + length - added, BATTERY_BEFORE_RELU) == 0) length -= added;
    for (size_t i = 0; i < b->explainer_count; i++)
        if (strlen(b->explainers[i].name) == length && memcmp(b->explainers[i].name, name, length) == 0) return true;
    return false;
}

static bool is_named(const struct accept *a, const struct verdict_row *v) {
    const char *only = a->values->option[ONLY].text;
    if (!only || strcmp(only, v->explainer) == 0 || strcmp(only, v->control) == 0) return true;
    size_t length = strlen(v->explainer);
    return strncmp(only, v->explainer, length) == 0 && only[length] == '/' &&
           strcmp(only + length + 1, v->control) == 0;
}

/* By what the battery says now, which may have been edited since. What was not run never is. */
static bool is_expected(const struct battery *b, const struct verdict_row *v) {
    if (verdict_is_not_run(v)) return false;
    const unsigned words = battery_expected(b, v->explainer, v->control);
    enum verdict_word word;
    if (!verdict_word_parse(v->verdict, &word)) return false;
    for (unsigned w = VERDICT_WORDS; w < VERDICT_NAMES; w++)
        if ((words & (1u << w)) && strstr(v->annotation, verdict_word_name((enum verdict_word)w))) return true;
    return (words & (1u << word)) != 0;
}

static bool add_change(struct accept *a, const struct verdict_row *v) {
    struct text key = {0}, reason = {0};
    struct expect_change *more = array_grow(a->changes, a->count, sizeof *more);
    if (!more) return error_memory(a->error);
    a->changes = more;
    expect_add_key(&key, v->explainer, v->control);
    if (strcmp(v->verdict, "PASS") == 0) text_add(&reason, "It stopped failing. ");
    text_add_clean(&reason, v->reason);
    more[a->count++] = (struct expect_change){v->explainer, v->control, v->verdict, key.data, reason.data};
    return (!key.failed && !reason.failed) || error_memory(a->error);
}

static void say(struct accept *a, const char *what, const struct verdict_row *v, const char *rest) {
    char *name = text_format("%s under %s: %s%s", v->explainer, v->control, v->verdict, rest);
    char *clean = name ? text_clean(name) : NULL;
    text_add(&a->said, "%s: %s\n", what, clean ? clean : "");
    free(clean);
    free(name);
}

static bool choose_cell(struct accept *a, const struct verdict_row *v) {
    if (verdict_is_summary(v)) {
        if (!v->as_expected) {
            a->left++;
            say(a, "left", v, ", overall: no entry accepts that; see the reason");
        }
        return true;
    }
    if (is_expected(a->battery, v)) return true;
    if (!has_row(a->battery, v->explainer))
        return error_set(a->error, "%s: has no explainer '%s', which %s has: run the battery again", a->battery_path,
                         excerpt_of(v->explainer).text, a->values->operand);
    if (verdict_is_not_run(v)) {
        a->left++;
        say(a, "left", v, ": not run: run the battery without --fail-fast");
        return true;
    }
    if (strcmp(v->verdict, "ERROR") == 0 && !a->values->option[ERRORS].given) {
        a->left++;
        say(a, "left", v, ": mend it, or say --errors");
        return true;
    }
    say(a, strcmp(v->verdict, "PASS") == 0 ? "stopped failing" : "accepted", v, "");
    return add_change(a, v);
}

static bool say_unnamed(const struct accept *a) {
    const struct verdict_table *t = &a->table;
    const char *only = a->values->option[ONLY].text,
               **names = calloc(t->explainer_count + t->control_count + 1, sizeof *names);
    if (!names) return error_memory(a->error);
    for (size_t i = 0; i < t->explainer_count; i++) names[i] = t->explainers[i];
    for (size_t i = 0; i < t->control_count; i++) names[t->explainer_count + i] = t->controls[i];
    const char *near = text_nearest(only, names, t->explainer_count + t->control_count);
    error_set(a->error, "--only %s: %s has no such explainer, control or cell%s%s%s", only, a->values->operand,
              near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(names);
    return false;
}

static bool choose(struct accept *a) {
    bool ok = true, any = false;
    for (size_t i = 0; ok && i < a->table.explainer_count * a->table.control_count; i++) {
        const struct verdict_row *v =
            verdict_table_cell(&a->table, i / a->table.control_count, i % a->table.control_count);
        if (!v || !is_named(a, v)) continue;
        any = true;
        ok = choose_cell(a, v);
    }
    if (ok && !any) ok = say_unnamed(a);
    if (ok && a->notes.canaries_warning) {
        a->left++;
        text_add(&a->said, "left: canaries came out wrong: no entry accepts that\n");
    }
    return ok;
}

/* ---- writing ---- */

#define BASELINE_HEAD "# What is expected besides the battery: assay run --baseline. Written by assay accept.\n"

/* The text to be changed; a baseline that is not there begins with its first entry. */
static bool read_target(struct accept *a, const char *path, char **text, size_t *size) {
    if (path != a->baseline || file_exists(path)) return yaml_file_read(path, text, size, a->error);
    struct text out = {0};
    text_add(&out, BASELINE_HEAD "%s: %s\n", a->changes[0].key, a->changes[0].word);
    *text = out.data;
    *size = out.length;
    return !out.failed || error_memory(a->error);
}

/* Whether the battery with that text expects what was found, before anything is written over. */
static bool check_text(struct accept *a, const struct text *text) {
    struct battery *b = NULL;
    bool ok = load_battery(a, text, &b);
    for (size_t i = 0; ok && i < a->count; i++) {
        enum verdict_word word;
        ok = (verdict_word_parse(a->changes[i].word, &word) &&
              battery_expected(b, a->changes[i].row, a->changes[i].control) == 1u << word) ||
             error_set(a->error,
                       "%s: `%s: %s` cannot be put there, as --set or the file says otherwise: write it by hand",
                       a->baseline ? a->baseline : a->battery_path, a->changes[i].key, a->changes[i].word);
    }
    battery_destroy(b);
    return ok;
}

static bool write_changes(struct accept *a) {
    const char *path = a->baseline ? a->baseline : a->battery_path;
    char *text = NULL;
    size_t size = 0;
    struct text out = {0};
    bool ok = read_target(a, path, &text, &size) &&
              expect_edit(path, text, size, a->baseline != NULL, a->changes, a->count, &out, a->error) &&
              check_text(a, &out);
    if (ok && !a->values->option[DRY_RUN].given) ok = file_change(path, out.data, out.length, a->error);
    if (ok)
        text_add(&a->said, "%s: %zu %s %s\n", path, a->count, a->count == 1 ? "entry" : "entries",
                 a->values->option[DRY_RUN].given ? "to be written" : "written");
    free(text);
    text_finish(&out);
    return ok;
}

static void close_all(struct accept *a) {
    for (size_t i = 0; i < a->count; i++) {
        free((char *)(uintptr_t)a->changes[i].key);
        free((char *)(uintptr_t)a->changes[i].reason);
    }
    free(a->changes);
    text_finish(&a->said);
    battery_destroy(a->battery);
    free(a->settings);
    json_decref(a->run);
    verdict_notes_finish(&a->notes);
    verdict_table_finish(&a->table);
    store_close(a->store);
}

static int accept_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    struct accept a = {.values = values, .error = e};
    (void)context;
    bool ok = open_all(&a) && choose(&a);
    if (ok && a.count) ok = write_changes(&a);
    else if (ok && !a.left) text_add(&a.said, "nothing to accept: everything is as expected\n");
    if (ok && a.said.failed) ok = error_memory(e);
    if (ok && a.said.data) fputs(a.said.data, stdout);
    int status = !ok ? CLI_USAGE : a.left ? CLI_UNEXPECTED : CLI_EXPECTED;
    close_all(&a);
    return status;
}

const struct cli_command cli_accept = {
    .name = "accept",
    .operand = "RUN",
    .summary = "write what a run found into its battery as what is expected",
    .details = "RUN is a run folder. Each verdict that is not as expected becomes an entry under `expect`, with the\n"
               "reason as a comment; the rest of the file stays byte for byte. ERRORs are left alone, and exit 1.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = accept_run,
};
