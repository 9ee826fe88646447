/* csv_columns.c: the columns of labels, by the names that were asked for or by the usual ones. */
#include "data/csv_columns.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool put_label(struct csv_columns *c, size_t column, struct error *e) {
    if (c->place[column] == CSV_IGNORED)
        return error_set(e, "column '%s' is a label and ignored: one of them wanted",
                         excerpt_of(c->names[column]).text);
    if (c->place[column])
        return error_set(e, "column '%s' is asked for twice: once wanted", excerpt_of(c->names[column]).text);
    if (c->labels == 0) c->first = column;
    c->place[column] = ++c->labels;
    return true;
}

static bool put_ignored(struct csv_columns *c, size_t column, struct error *e) {
    if (c->place[column])
        return error_set(e, "column '%s' is ignored twice: once wanted", excerpt_of(c->names[column]).text);
    c->place[column] = CSV_IGNORED;
    c->ignored++;
    return true;
}

typedef bool put_column(struct csv_columns *, size_t column, struct error *);

static bool find_named(struct csv_columns *c, const char *name, put_column *put, struct error *e) {
    size_t found = 0, column = 0;

    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->names[i], name) == 0) {
            column = i;
            found++;
        }
    }
    if (found == 0) {
        const char *nearest = text_nearest(name, (const char *const *)c->names, c->count);
        struct excerpt near = excerpt_of(nearest ? nearest : "");
        return error_set(e, "no column '%s': %s%s%s", excerpt_of(name).text,
                         nearest ? "did you mean '" : "the name of one in the header wanted", near.text,
                         nearest ? "'?" : "");
    }
    if (found > 1) return error_set(e, "%zu columns '%s': one wanted", found, excerpt_of(name).text);
    return put(c, column, e);
}

/* "a,label=b", where ",label=" separates: one after the other. */
static bool find_all_named(struct csv_columns *c, const char *wanted, const char *separator, put_column *put,
                           struct error *e) {
    for (const char *at = wanted, *next; at; at = next) {
        next = strstr(at, separator);
        char *name = text_format("%.*s", (int)(next ? (size_t)(next - at) : strlen(at)), at);
        if (next) next += strlen(separator);
        bool ok = name ? find_named(c, name, put, e) : error_memory(e);
        free(name);
        if (!ok) return false;
    }
    return true;
}

/* The first of the usual names, else the last column. */
static bool find_usual(struct csv_columns *c, struct error *e) {
    static const char *const usual[] = {"label", "target", "class"};
    size_t column = c->count - 1;

    while (column && c->place[column] == CSV_IGNORED) column--;
    for (size_t k = 0; k < sizeof usual / sizeof *usual; k++) {
        size_t found = 0;
        for (size_t i = 0; i < c->count; i++) {
            if (c->place[i] == CSV_IGNORED || strcasecmp(c->names[i], usual[k]) != 0) continue;
            if (c->usual++ == 0) column = i;
            found++;
        }
        if (found > 1) return error_set(e, "%zu columns '%s': one wanted", found, usual[k]);
    }
    return put_label(c, column, e);
}

bool csv_columns_find(struct csv_columns *c, const char *wanted, const char *ignore, struct error *e) {
    c->place = calloc(c->count + 1, sizeof *c->place);
    if (!c->place) return error_memory(e);
    if (ignore && !find_all_named(c, ignore, CSV_IGNORE_OPTION, put_ignored, e)) return false;
    if (!wanted && c->kind == LABELS_FLAGS)
        return error_set(e, "which columns are the labels is not said: csv:FILE,label=A,label=B wanted (task "
                            "multi-label)");
    if (!(wanted ? find_all_named(c, wanted, CSV_LABEL_OPTION, put_label, e) : find_usual(c, e))) return false;
    if (c->labels > 1 && c->kind == LABELS_CLASSES)
        return error_set(e,
                         "%zu columns of labels: one wanted, or a task that has several (regression or "
                         "multi-label)",
                         c->labels);
    return c->labels + c->ignored < c->count ||
           error_set(e, "every column is a label%s: numbers beside them wanted", c->ignored ? " or ignored" : "");
}

bool csv_columns_hand_over(struct csv_columns *c, struct dataset *d, struct error *e) {
    size_t features = 0;

    if (c->kind != LABELS_CLASSES) {
        d->target_names = calloc(c->labels, sizeof *d->target_names);
        if (!d->target_names) return error_memory(e);
    }
    for (size_t i = 0; i < c->count; i++)
        if (c->place[i] == CSV_IGNORED) free(c->names[i]);
        else if (!c->place[i]) c->names[features++] = c->names[i];
        else if (d->target_names) d->target_names[c->place[i] - 1] = c->names[i];
        else free(c->names[i]);
    d->columns = c->names;
    d->column_count = features;
    c->names = NULL;
    c->count = 0;
    return true;
}
