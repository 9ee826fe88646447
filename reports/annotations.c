/* annotations.c: annotations of the column `overall`. */
#include "reports/annotations.h"

#include "reports/verdict_table.h"

#include <string.h>

/* "": the row has none. */
static const char *annotation_of(const struct verdict_table *t, size_t row) {
    const struct verdict_row *v = verdict_table_cell(t, row, t->control_count - 1);
    return v && verdict_is_summary(v) ? v->annotation : "";
}

static bool is_first(const struct verdict_table *t, size_t row) {
    for (size_t k = 0; k < row; k++)
        if (strcmp(annotation_of(t, k), annotation_of(t, row)) == 0) return false;
    return *annotation_of(t, row);
}

static void add_rows(const struct verdict_table *t, size_t first, struct text *out) {
    const char *separator = ": ";
    for (size_t k = first; k < t->explainer_count; k++) {
        if (strcmp(annotation_of(t, k), annotation_of(t, first)) != 0) continue;
        text_add(out, "%s%s", separator, t->explainers[k]);
        separator = ", ";
    }
}

bool annotations_add(struct store *s, struct text *out, struct error *e) {
    struct verdict_table t;
    size_t before = out->length;

    if (!verdict_table_load(s, &t, e)) return false;
    for (size_t i = 0; t.control_count && i < t.explainer_count; i++) {
        if (!is_first(&t, i)) continue;
        text_add(out, "%s%s", out->length > before ? "; " : "Overall, ", annotation_of(&t, i));
        add_rows(&t, i, out);
    }
    if (out->length > before) text_add(out, ".");
    verdict_table_finish(&t);
    return true;
}
