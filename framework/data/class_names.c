/* class_names.c: a CSV file of names, each checked to belong to one class. */
#include "data/class_names.h"

#include "base/text.h"
#include "data/csv_text.h"
#include "data/source.h"

#include <stdlib.h>

static bool read_index(const struct csv_text *t, size_t row, size_t column, uint32_t *index, struct error *e) {
    const char *text = csv_text_at(t, row, column);
    long value;

    if (!text_to_long(text, 0, SOURCE_CLASSES_MAX - 1, &value))
        return error_set(e, "%s:%zu: index '%s': a whole number from 0 to %u wanted", t->path, csv_text_line(t, row),
                         excerpt_of(text).text, SOURCE_CLASSES_MAX - 1);
    *index = (uint32_t)value;
    return true;
}

static bool put_name(const struct csv_text *t, size_t row, uint32_t index, const char *name, struct class_names *out,
                     struct error *e) {
    if (out->name[index])
        return error_set(e, "%s:%zu: class %u a second time: once wanted", t->path, csv_text_line(t, row), index);
    if (index >= out->count) out->count = index + 1;
    out->name[index] = text_copy(excerpt_of(name).text); /* one line, and not too long for a report */
    return out->name[index] || error_memory(e);
}

static bool take_rows(const struct csv_text *t, struct class_names *out, struct error *e) {
    static const char *const names[] = {"name", NULL}, *const indices[] = {"index", NULL};
    size_t name, index;
    bool numbered = csv_text_column(t, indices, &index, NULL);

    if (!csv_text_column(t, names, &name, e)) return false;
    if (t->rows > SOURCE_CLASSES_MAX)
        return error_set(e, "%s: %zu rows: at most %u classes wanted", t->path, t->rows, SOURCE_CLASSES_MAX);
    out->name = calloc(SOURCE_CLASSES_MAX, sizeof *out->name);
    if (!out->name) return error_memory(e);
    for (size_t row = 0; row < t->rows; row++) {
        uint32_t k = (uint32_t)row;
        if (numbered && !read_index(t, row, index, &k, e)) return false;
        if (!put_name(t, row, k, csv_text_at(t, row, name), out, e)) return false;
    }
    return true;
}

bool class_names_load(const char *path, struct class_names *out, struct error *e) {
    struct class_names names = {0};
    struct csv_text table;

    if (!csv_text_read(path, &table, e)) return false;
    bool ok = take_rows(&table, &names, e);
    csv_text_finish(&table);
    if (ok) *out = names;
    else class_names_finish(&names);
    return ok;
}

void class_names_finish(struct class_names *names) {
    for (uint32_t i = 0; i < names->count; i++) free(names->name[i]);
    free(names->name);
    *names = (struct class_names){0};
}

const char *class_names_at(const struct class_names *names, uint32_t index) {
    return index < names->count ? names->name[index] : NULL;
}
