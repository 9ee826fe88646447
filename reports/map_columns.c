/* Which variants of a control have maps to show, stage by stage. */
#include "reports/map_columns.h"

#include "base/array.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool has_maps(const struct map_set *m, const char *variant, uint32_t input) {
    for (size_t i = 0; i < m->count; i++)
        if (m->pictures[i].variant && m->pictures[i].input == input && strcmp(m->pictures[i].variant, variant) == 0)
            return true;
    return false;
}

static bool add_use(void *context, const struct use_row *use) {
    struct map_columns *s = context;

    if (strcmp(use->control, s->control) != 0 || !has_maps(s->maps, use->variant, s->input)) return true;
    if (s->count && s->column[s->count - 1].stage == use->stage_index) return true;
    struct map_column *more = array_grow(s->column, s->count, sizeof *more);
    if (!more) return error_memory(s->error);
    s->column = more;
    struct map_column *c = &s->column[s->count++];
    *c = (struct map_column){text_copy(use->variant), text_copy(use->stage), use->stage_index};
    return (c->variant && c->title) || error_memory(s->error);
}

bool map_columns_load(struct store *s, const struct map_set *maps, const char *control, uint32_t input,
                      struct map_columns *out, struct error *e) {
    *out = (struct map_columns){.maps = maps, .control = control, .input = input, .error = e};
    if (store_each_use(s, add_use, out, e)) return true;
    map_columns_finish(out);
    return false;
}

void map_columns_finish(struct map_columns *s) {
    for (size_t c = 0; c < s->count; c++) {
        free(s->column[c].variant);
        free(s->column[c].title);
    }
    free(s->column);
    *s = (struct map_columns){0};
}

const char *map_original_of(const char *variant) {
    bool trained = strncmp(variant, "permuted/", 9) == 0 || strncmp(variant, "twin/", 5) == 0;
    return trained ? "true" : "model";
}

bool map_columns_diverge(const struct map_columns *s, const struct map_set *maps, const char *explainer, uint32_t input,
                         bool *any) {
    bool diverging = false;

    *any = false;
    for (size_t c = 0; c <= s->count; c++) {
        const char *variant = c ? s->column[c - 1].variant : map_original_of(s->column[0].variant);
        const struct picture *p = map_set_find(maps, explainer, variant, input);
        diverging = diverging || (p && p->negative);
        *any = *any || p;
    }
    return diverging;
}
