/* All verdicts of a run as a table in memory. */
#include "reports/verdict_table.h"

#include "base/array.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct names {
    char **names;
    size_t count;
    struct error *error;
};

static bool add_name(void *context, const char *name) {
    struct names *n = context;
    char **more = array_grow(n->names, n->count, sizeof *more);

    if (!more) return error_memory(n->error);
    n->names = more;
    if (!(more[n->count] = text_copy(name))) return error_memory(n->error);
    n->count++;
    return true;
}

static size_t index_of(char *const *names, size_t count, const char *name) {
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0) i++;
    return i;
}

struct filling {
    struct verdict_table *table;
    struct error *error;
};

static const char **const no_text = NULL;

/* The texts a verdict owns here, ended by no_text. */
#define ROW_TEXTS(r)                                                                                                   \
    { &(r)->verdict, &(r)->annotation, &(r)->expected, &(r)->reason, &(r)->first_stage, no_text }

static bool add_verdict(void *context, const struct verdict_row *row) {
    struct filling *f = context;
    struct verdict_table *t = f->table;
    size_t x = index_of(t->explainers, t->explainer_count, row->explainer);
    size_t c = index_of(t->controls, t->control_count, row->control);
    bool whole = true;

    if (x == t->explainer_count || c == t->control_count)
        return error_set(f->error, "a verdict of `%s` under `%s` came while the store was read: one reader was wanted",
                         row->explainer, row->control);
    struct verdict_row *cell = &t->cells[x * t->control_count + c];
    *cell = *row;
    cell->explainer = t->explainers[x];
    cell->control = t->controls[c];
    const char **texts[] = ROW_TEXTS(cell);
    for (size_t i = 0; texts[i]; i++) whole = (*texts[i] = text_copy(*texts[i])) && whole;
    return whole || error_memory(f->error);
}

bool verdict_table_load(struct store *s, struct verdict_table *t, struct error *e) {
    struct names explainers = {.error = e}, controls = {.error = e};

    bool ok = store_each_explainer(s, add_name, &explainers, e) && store_each_control(s, add_name, &controls, e);
    *t = (struct verdict_table){explainers.names, controls.names, explainers.count, controls.count, NULL};
    if (ok) {
        t->cells = calloc(t->explainer_count * t->control_count + 1, sizeof *t->cells);
        ok = t->cells ? store_each_verdict(s, add_verdict, &(struct filling){t, e}, e) : error_memory(e);
    }
    if (!ok) verdict_table_finish(t);
    return ok;
}

static void release_cell(struct verdict_row *cell) {
    const char **texts[] = ROW_TEXTS(cell);
    for (size_t i = 0; cell->explainer && texts[i]; i++) free((void *)(uintptr_t)*texts[i]);
}

static bool is_among(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* The cells of what goes are released, and those of what stays close up. */
static void keep(struct verdict_table *t, char **own, size_t *own_count, const char *const *names, size_t count) {
    const size_t cells = t->explainer_count * t->control_count, controls = t->control_count;
    size_t kept = 0, cell = 0;

    for (size_t k = 0; k < cells; k++) {
        size_t i = own == t->explainers ? k / controls : k % controls;
        if (is_among(own[i], names, count)) t->cells[cell++] = t->cells[k];
        else release_cell(&t->cells[k]);
    }
    for (size_t i = 0; i < *own_count; i++)
        if (is_among(own[i], names, count)) own[kept++] = own[i];
        else free(own[i]);
    *own_count = kept;
}

void verdict_table_keep_explainers(struct verdict_table *t, const char *const *names, size_t count) {
    keep(t, t->explainers, &t->explainer_count, names, count);
}

void verdict_table_keep_controls(struct verdict_table *t, const char *const *names, size_t count) {
    keep(t, t->controls, &t->control_count, names, count);
}

void verdict_table_finish(struct verdict_table *t) {
    for (size_t k = 0; t->cells && k < t->explainer_count * t->control_count; k++) release_cell(&t->cells[k]);
    for (size_t i = 0; i < t->explainer_count; i++) free(t->explainers[i]);
    for (size_t i = 0; i < t->control_count; i++) free(t->controls[i]);
    free(t->cells);
    free(t->explainers);
    free(t->controls);
    *t = (struct verdict_table){0};
}

bool verdict_is_summary(const struct verdict_row *v) {
    return strcmp(v->control, VERDICT_OVERALL) == 0;
}

bool verdict_is_not_run(const struct verdict_row *v) {
    return v->annotation && strcmp(v->annotation, VERDICT_NOT_RUN) == 0;
}

const struct verdict_row *verdict_table_cell(const struct verdict_table *t, size_t explainer, size_t control) {
    const struct verdict_row *cell = &t->cells[explainer * t->control_count + control];
    return cell->explainer ? cell : NULL;
}

const struct verdict_row *verdict_table_find(const struct verdict_table *t, const char *explainer,
                                             const char *control) {
    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (v && strcmp(v->explainer, explainer) == 0 && strcmp(v->control, control) == 0) return v;
    }
    return NULL;
}
