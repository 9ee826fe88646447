/* csv_labels.c: texts of a label column into numbers of classes. */
#include "data/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *label_text(const struct csv_labels *l, size_t i) {
    return l->pool.data + l->item[i].at;
}

static bool all_numbers(const struct csv_labels *l) {
    double value;

    for (size_t i = 0; i < l->count; i++)
        if (!text_to_double(label_text(l, i), &value)) return false;
    return true;
}

/* "2" and "2.0" are class 2; "2.5" is the target of a regression. */
static bool number_classes(const struct csv_labels *l, struct dataset *d, struct error *e) {
    for (size_t i = 0; i < l->count; i++) {
        double value = -1;
        text_to_double(label_text(l, i), &value);
        if (!(value >= 0 && value < SOURCE_CLASSES_MAX && floor(value) == value))
            return error_set(e, "%s:%zu: column '%s': label %s: a whole number from 0 to %u, or text, wanted", l->path,
                             l->item[i].line, excerpt_of(l->column).text, excerpt_of(label_text(l, i)).text,
                             SOURCE_CLASSES_MAX - 1);
        d->labels[i] = (uint32_t)value;
        if (d->labels[i] >= d->classes) d->classes = d->labels[i] + 1;
    }
    return true;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts and drops repetitions; returns how many are left. */
static size_t sort_unique(const char **names, size_t n) {
    size_t kept = 0;

    qsort(names, n, sizeof *names, compare_texts);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0) names[kept++] = names[i];
    return kept;
}

static bool copy_names(const char *const *names, size_t n, struct dataset *d) {
    d->class_names = calloc(n, sizeof *d->class_names);
    if (!d->class_names) return false;
    d->classes = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        d->class_names[i] = text_copy(names[i]);
        if (!d->class_names[i]) return false;
    }
    return true;
}

static bool text_classes(const struct csv_labels *l, struct dataset *d, struct error *e) {
    const char **names = malloc(l->count * sizeof *names);
    bool ok = true;

    if (!names) return error_memory(e);
    for (size_t i = 0; i < l->count; i++) names[i] = label_text(l, i);
    size_t n = sort_unique(names, l->count);
    if (n > SOURCE_CLASSES_MAX)
        ok = error_set(e, "%s: column '%s': %zu different labels: at most %u classes wanted", l->path,
                       excerpt_of(l->column).text, n, SOURCE_CLASSES_MAX);
    else if (!copy_names(names, n, d)) ok = error_memory(e);
    for (size_t i = 0; ok && i < l->count; i++) {
        const char *text = label_text(l, i);
        const char **found = bsearch(&text, names, n, sizeof *names, compare_texts);
        d->labels[i] = (uint32_t)(found - names);
    }
    free(names);
    return ok;
}

bool csv_labels_to_classes(const struct csv_labels *l, struct dataset *d, struct error *e) {
    d->labels = malloc(l->count * sizeof *d->labels);
    if (!d->labels) return error_memory(e);
    return all_numbers(l) ? number_classes(l, d, e) : text_classes(l, d, e);
}

bool csv_labels_from_text(const struct csv_text *t, size_t column, struct dataset *d, struct error *e) {
    struct csv_labels l = {.path = t->path, .column = t->pool.data + t->field[column]};
    bool ok = true;

    l.item = malloc(t->rows * sizeof *l.item);
    if (!l.item) return error_memory(e);
    for (; ok && l.count < t->rows; l.count++) {
        const char *text = csv_text_at(t, l.count, column);
        ok = *text || error_set(e, "%s:%zu: column '%s': an empty field: a label wanted", t->path,
                                csv_text_line(t, l.count), excerpt_of(l.column).text);
        l.item[l.count] = (struct csv_label){l.pool.length, csv_text_line(t, l.count)};
        text_append(&l.pool, text, strlen(text) + 1);
    }
    if (ok) ok = l.pool.failed ? error_memory(e) : csv_labels_to_classes(&l, d, e);
    text_finish(&l.pool);
    free(l.item);
    return ok;
}
