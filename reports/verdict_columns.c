/* Which controls have a column in a table for readers. */
#include "reports/verdict_columns.h"

#include <stdlib.h>
#include <string.h>

static bool is_shown(const struct verdict_table *t, size_t control) {
    for (size_t x = 0; x < t->explainer_count; x++) {
        const struct verdict_row *v = verdict_table_cell(t, x, control);
        if (v && (!v->as_expected || verdict_is_summary(v) || strcmp(v->verdict, "SKIP") != 0)) return true;
    }
    return false;
}

bool verdict_columns_load(const struct verdict_table *t, struct verdict_columns *c, struct error *e) {
    *c = (struct verdict_columns){.table = t, .shown = calloc(t->control_count + 1, sizeof *c->shown)};
    if (!c->shown) return error_memory(e);
    for (size_t k = 0; k < t->control_count; k++)
        if (is_shown(t, k)) c->shown[c->count++] = k;
    return true;
}

void verdict_columns_finish(struct verdict_columns *c) {
    free(c->shown);
    *c = (struct verdict_columns){0};
}

void verdict_columns_add_left_out(struct text *out, const struct verdict_columns *c,
                                  void (*add_name)(struct text *, const char *)) {
    const char *separator = "";
    for (size_t k = 0, shown = 0; k < c->table->control_count; k++) {
        if (shown < c->count && c->shown[shown] == k) {
            shown++;
            continue;
        }
        text_add(out, "%s", separator);
        add_name(out, c->table->controls[k]);
        separator = ", ";
    }
}
