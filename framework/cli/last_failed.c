/* last_failed.c: --last-failed. */
#include "cli/last_failed.h"

#include "cli/run_open.h"
#include "battery/battery.h"
#include "reports/text_words.h"

#include <stdlib.h>
#include <string.h>

static bool is_listed(const char *const *names, size_t count, const char *name) {
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) found = strcmp(names[i], name) == 0;
    return found;
}

/* A row that was added comes with its origin. */
static const char *origin_of(struct last_failed *l, size_t row) {
    const size_t added = sizeof BATTERY_BEFORE_RELU - 1, length = strlen(l->table.explainers[row]);
    const char *name = l->table.explainers[row];
    if (length <= added || strcmp(name + length - added, BATTERY_BEFORE_RELU) != 0) return name;
    l->origins[row] = text_format("%.*s", (int)(length - added), name);
    return l->origins[row];
}

static bool add_row(struct last_failed *l, size_t row, struct error *e) {
    const char *name = l->origins[row] ? l->origins[row] : origin_of(l, row);
    if (!name) return error_memory(e);
    if (!is_listed(l->rows, l->row_count, name)) l->rows[l->row_count++] = name;
    return true;
}

static void add_control(struct last_failed *l, size_t control) {
    const char *id = l->table.controls[control];
    if (strcmp(id, VERDICT_OVERALL) != 0 && !is_listed(l->controls, l->control_count, id))
        l->controls[l->control_count++] = id;
}

static bool list_failed(struct last_failed *l, struct error *e) {
    const struct verdict_table *t = &l->table;
    l->rows = calloc(t->explainer_count + 1, sizeof *l->rows);
    l->controls = calloc(t->control_count + 1, sizeof *l->controls);
    l->origins = calloc(t->explainer_count + 1, sizeof *l->origins);
    bool ok = (l->rows && l->controls && l->origins) || error_memory(e);
    for (size_t i = 0; ok && i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (!v || v->as_expected) continue;
        ok = add_row(l, i / t->control_count, e);
        for (size_t c = 0; c < t->control_count; c++)
            if (verdict_is_summary(v) || c == i % t->control_count) add_control(l, c);
    }
    return ok;
}

bool last_failed_load(const char *folder, struct last_failed *l, struct error *e) {
    struct store *store = NULL;
    struct verdict_notes notes = {0};
    *l = (struct last_failed){0};
    bool ok = cli_run_open(folder, &store, e) && verdict_table_load(store, &l->table, e) &&
              verdict_notes_load(store, &notes, e) && store_meta(store, "part", &l->part, e) && list_failed(l, e);
    if (ok) l->exit_code = surprise_exit_code(&l->table, notes.canaries_warning);
    verdict_notes_finish(&notes);
    store_close(store);
    if (!ok) last_failed_finish(l);
    return ok || error_prefix(e, "--last-failed");
}

bool last_failed_resume(const char *folder, struct asked *out, struct error *e) {
    struct store *store = NULL;
    *out = (struct asked){.held = NULL};
    bool ok = cli_store_look(folder, &store, e) && asked_read(store, folder, out, e);
    if (ok && !(out->options.rows && out->options.rows[0]))
        ok = error_set(e,
                       "%s: was no run of what failed: --resume without --last-failed goes on with it, --last-failed "
                       "alone begins one",
                       folder);
    store_close(store);
    if (!ok) asked_finish(out);
    return ok || error_prefix(e, "--last-failed --resume");
}

int last_failed_nothing(const struct last_failed *l, const struct cli_context *context,
                        const struct run_options *options, struct error *e) {
    bool same = false;
    if (l->exit_code != CLI_EXPECTED) {
        error_set(e, "--last-failed: no verdict of the run before was unexpected, but its canaries came out wrong");
        return l->exit_code;
    }
    if (l->part && *l->part) {
        error_set(
            e, "--last-failed: nothing failed in the run before, but it was a part of the battery (%s): run all of it",
            l->part);
        return CLI_OPEN;
    }
    if (!run_is_same(options, context->controls, &same, e)) return CLI_USAGE;
    if (!same) {
        error_set(e,
                  "--last-failed: nothing failed in the run before, but the battery, the model, the data or a method "
                  "is another one since: run all of it");
        return CLI_OPEN;
    }
    cli_message("--last-failed: nothing failed in the run before, of the same battery: nothing to do");
    return CLI_EXPECTED;
}

void last_failed_finish(struct last_failed *l) {
    for (size_t i = 0; l->origins && i < l->table.explainer_count; i++) free(l->origins[i]);
    free(l->origins);
    free(l->rows);
    free(l->controls);
    free(l->part);
    verdict_table_finish(&l->table);
    *l = (struct last_failed){0};
}
