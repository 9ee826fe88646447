/* class_names.c: a CSV file of names, each checked to belong to one class. */
#include "data/class_names.h"

#include "base/text.h"
#include "data/csv_text.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    names.path = text_copy(path);
    bool ok = names.path ? take_rows(&table, &names, e) : error_memory(e);
    csv_text_finish(&table);
    if (ok) *out = names;
    else class_names_finish(&names);
    return ok;
}

void class_names_finish(struct class_names *names) {
    for (uint32_t i = 0; i < names->count; i++) free(names->name[i]);
    free(names->name);
    free(names->path);
    *names = (struct class_names){0};
}

const char *class_names_at(const struct class_names *names, uint32_t index) {
    return index < names->count ? names->name[index] : NULL;
}

/* Names are kept as excerpts. */
size_t class_names_find(const struct class_names *names, const char *name, uint32_t *index) {
    struct excerpt wanted = excerpt_of(name);
    size_t found = 0;

    for (uint32_t i = 0; i < names->count; i++)
        if (names->name[i] && strcmp(names->name[i], wanted.text) == 0 && found++ == 0) *index = i;
    return found;
}

const char *class_names_nearest(const struct class_names *names, const char *name) {
    const char **there = calloc(names->count + 1, sizeof *there);
    const char *nearest = NULL;
    size_t n = 0;

    for (uint32_t i = 0; there && i < names->count; i++) {
        if (!names->name[i]) continue;
        if (!nearest && strcasecmp(names->name[i], name) == 0) nearest = names->name[i];
        there[n++] = names->name[i];
    }
    if (there && !nearest) nearest = text_nearest(name, there, n);
    free(there);
    return nearest;
}

bool class_names_are_numbers(const struct class_names *names) {
    double value;

    for (uint32_t i = 0; i < names->count; i++)
        if (names->name[i] && !text_to_double(names->name[i], &value)) return false;
    return true;
}

bool class_names_fit(const struct class_names *names, uint32_t outputs, struct error *e) {
    if (!names->path || names->count == outputs) return true;
    return error_set(e, "%s: names for %u classes: one for each of the model's %u outputs wanted", names->path,
                     names->count, outputs);
}
