/* folder.c: a folder of photographs with labels.csv, which names each file and its class. */
#include "base/array.h"
#include "base/file.h"
#include "data/csv.h"
#include "data/csv_text.h"
#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LABELS "labels.csv"

struct folder {
    const char *path;
    char *labels_path;
    struct csv_text table;
    size_t file, label;  /* columns */
    const char **sorted; /* [table.rows]: names of files */
};

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t line_of(const struct folder *f, const char *name, size_t skip) {
    for (size_t i = 0; i < f->table.rows; i++)
        if (strcmp(csv_text_at(&f->table, i, f->file), name) == 0 && skip-- == 0) return csv_text_line(&f->table, i);
    return 0;
}

static bool read_table(struct folder *f, struct error *e) {
    static const char *const files[] = {"file", "filename", NULL}, *const labels[] = {"label", "target", "class", NULL};

    if (!csv_text_read(f->labels_path, &f->table, e)) return false;
    if (!csv_text_column(&f->table, files, &f->file, e) || !csv_text_column(&f->table, labels, &f->label, e))
        return false;
    if (f->table.rows > UINT32_MAX) return error_set(e, "%s: %zu rows", f->labels_path, f->table.rows);
    f->sorted = malloc(f->table.rows * sizeof *f->sorted);
    if (!f->sorted) return error_memory(e);
    for (size_t i = 0; i < f->table.rows; i++) {
        f->sorted[i] = csv_text_at(&f->table, i, f->file);
        if (!*f->sorted[i] || !*csv_text_at(&f->table, i, f->label))
            return error_set(e, "%s:%zu: an empty field: the name of a file and a label wanted", f->labels_path,
                             csv_text_line(&f->table, i));
    }
    qsort(f->sorted, f->table.rows, sizeof *f->sorted, compare_names);
    for (size_t i = 1; i < f->table.rows; i++)
        if (strcmp(f->sorted[i - 1], f->sorted[i]) == 0)
            return error_set(e, "%s:%zu: '%s' a second time: once wanted (first on line %zu)", f->labels_path,
                             line_of(f, f->sorted[i], 1), excerpt_of(f->sorted[i]).text, line_of(f, f->sorted[i], 0));
    return true;
}

/* A picture without a row would silently be left out. Of several, the first in the alphabet is named. */
static bool check_listed(const struct folder *f, struct error *e) {
    char *unlisted = NULL;
    bool memory = true;
    DIR *folder = opendir(f->path);

    if (!folder) return error_set(e, "%s: %s: a folder of pictures wanted", f->path, strerror(errno));
    for (const struct dirent *entry; memory && (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (name[0] == '.' || !image_has_extension(name) || (unlisted && strcmp(unlisted, name) <= 0)) continue;
        if (bsearch(&name, f->sorted, f->table.rows, sizeof *f->sorted, compare_names)) continue;
        free(unlisted);
        unlisted = text_copy(name);
        memory = unlisted != NULL;
    }
    closedir(folder);
    if (!memory) return error_memory(e);
    bool ok = !unlisted;
    if (!ok)
        error_set(e, "%s: '%s' of the folder is missing: a row for every picture wanted", f->labels_path, unlisted);
    free(unlisted);
    return ok;
}

static bool take_labels(const struct folder *f, struct dataset *d, struct error *e) {
    struct csv_labels l = {.path = f->labels_path, .column = f->table.pool.data + f->table.field[f->label]};
    bool ok = true;

    l.item = malloc(f->table.rows * sizeof *l.item);
    if (!l.item) return error_memory(e);
    for (; l.count < f->table.rows; l.count++) {
        const char *text = csv_text_at(&f->table, l.count, f->label);
        l.item[l.count] = (struct csv_label){l.pool.length, csv_text_line(&f->table, l.count)};
        text_append(&l.pool, text, strlen(text) + 1);
    }
    ok = l.pool.failed ? error_memory(e) : csv_labels_to_classes(&l, d, e);
    text_finish(&l.pool);
    free(l.item);
    return ok;
}

/* The first picture says which size all have. */
static bool take_image(const struct folder *f, const struct image *image, struct dataset *d, struct error *e) {
    struct shape shape = {3, {image->channels, image->height, image->width}};
    size_t size = shape_count(&shape);

    if (!d->bytes) {
        d->sample = shape;
        d->bytes = size <= SIZE_MAX / f->table.rows ? malloc(size * f->table.rows) : NULL;
        if (!d->bytes) return error_memory(e);
    }
    if (!shape_equal(&shape, &d->sample))
        return error_set(e,
                         "%u x %u pixels: %zu x %zu wanted, as the first has (or preprocessing with resize and crop)",
                         image->width, image->height, d->sample.dim[2], d->sample.dim[1]);
    memcpy(d->bytes + d->count++ * size, image->data, size);
    return true;
}

static bool load_image(const struct folder *f, size_t row, struct dataset *d, struct error *e) {
    struct image image = {0};
    char *path = path_from(f->path, csv_text_at(&f->table, row, f->file));

    if (!path) return error_memory(e);
    bool ok = image_load(path, &image, e);
    if (ok)
        ok =
            (preprocess_image(&d->preprocess, &image, e) && take_image(f, &image, d, e)) || error_prefix(e, "%s", path);
    if (!ok) error_prefix(e, "%s:%zu", f->labels_path, csv_text_line(&f->table, row));
    image_finish(&image);
    free(path);
    return ok;
}

bool folder_load(const char *path, struct dataset *d, struct error *e) {
    struct folder f = {.path = path, .labels_path = path_from(path, LABELS)};
    bool ok = f.labels_path ? read_table(&f, e) && check_listed(&f, e) && take_labels(&f, d, e) : error_memory(e);

    for (size_t i = 0; ok && i < f.table.rows; i++) ok = load_image(&f, i, d, e);
    csv_text_finish(&f.table);
    free(f.sorted);
    free(f.labels_path);
    return ok;
}
