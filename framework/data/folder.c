/* folder.c: a folder of photographs with labels.csv, which names each file and its class, or without
 * (folder_classes.c). A picture is decoded when its sample is asked for: of thousands, few may be. */
#include "base/array.h"
#include "base/file.h"
#include "data/csv_words.h"
#include "data/csv_text.h"
#include "data/folder.h"
#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Whether a row names the picture in another way: without its extension, or with a folder before it. */
static bool is_same_picture(const char *row, const char *picture) {
    const char *slash = strrchr(row, '/'), *name = slash ? slash + 1 : row, *dot = strrchr(picture, '.');
    size_t stem = (size_t)(dot - picture), length = strlen(name);
    return strncmp(name, picture, stem) == 0 && (length == stem || strcmp(name, picture) == 0);
}

static bool unlisted_fail(const struct folder *f, const char *picture, struct error *e) {
    for (size_t i = 0; i < f->table.rows; i++) {
        const char *row = csv_text_at(&f->table, i, f->file);
        if (is_same_picture(row, picture))
            return error_set(e,
                             "%s:%zu: '%s': names of files as they lie in the folder wanted, with the extension and "
                             "without a path: '%s'",
                             f->labels_path, csv_text_line(&f->table, i), excerpt_of(row).text, picture);
    }
    return error_set(e, "%s: '%s' of the folder is missing: a row for every picture wanted", f->labels_path, picture);
}

/* A picture without a row would silently be left out. Of several, the first in the alphabet is named. */
static bool check_listed(const struct folder *f, struct error *e) {
    char *unlisted = NULL;
    bool memory = true;
    DIR *folder = opendir(f->path);

    if (!folder) return error_set(e, "%s: %s: a folder of pictures wanted", f->path, strerror(errno));
    for (const struct dirent *entry; memory && (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (folder_is_hidden(name) || !image_has_extension(name) || (unlisted && strcmp(unlisted, name) <= 0)) continue;
        if (bsearch(&name, f->sorted, f->table.rows, sizeof *f->sorted, compare_names)) continue;
        free(unlisted);
        unlisted = text_copy(name);
        memory = unlisted != NULL;
    }
    closedir(folder);
    if (!memory) return error_memory(e);
    bool ok = !unlisted || unlisted_fail(f, unlisted, e);
    free(unlisted);
    return ok;
}

/* The pictures as the list has them; each must be there. */
static bool take_files(const struct folder *f, struct dataset *d, struct error *e) {
    d->files = calloc(f->table.rows, sizeof *d->files);
    d->list = text_copy(f->labels_path);
    if (!d->files || !d->list) return error_memory(e);
    for (size_t i = 0; i < f->table.rows; i++) {
        struct dataset_file *file = &d->files[d->count++];
        *file = (struct dataset_file){path_from(f->path, csv_text_at(&f->table, i, f->file)),
                                      csv_text_line(&f->table, i), 0};
        if (!file->path) return error_memory(e);
        file->mark = file_mark_hash(file->path);
        if (access(file->path, R_OK) != 0)
            return error_set(e, "%s:%zu: %s: %s: a readable file was wanted", d->list, file->line, file->path,
                             strerror(errno));
    }
    return true;
}

/* The line of the list before the message, where there is one. */
static bool place_prefix(const struct dataset *d, const struct dataset_file *file, struct error *e) {
    if (d->list) error_prefix(e, "%s:%zu", d->list, file->line);
    return false;
}

/* Resized and cropped. */
static bool load_picture(const struct dataset *d, uint32_t index, struct image *image, struct error *e) {
    const struct dataset_file *file = &d->files[index];

    *image = (struct image){0};
    if (!image_load(file->path, image, e)) return place_prefix(d, file, e);
    bool same = file_mark_hash(file->path) == file->mark;
    if (same && preprocess_image(&d->preprocess, image, e)) return true;
    image_finish(image);
    if (same) error_prefix(e, "%s", file->path);
    else file_changed(file->path, e);
    return place_prefix(d, file, e);
}

/* Without a crop the first picture says which size all have. */
static bool find_shape(struct dataset *d, struct error *e) {
    struct image image;
    uint32_t side = d->preprocess.stretch && !d->preprocess.crop ? d->preprocess.resize : d->preprocess.crop;

    d->sample = (struct shape){3, {d->preprocess.channels == 1 ? 1 : 3, side, side}};
    if (side) return true;
    if (!load_picture(d, 0, &image, e)) return false;
    d->sample = (struct shape){3, {image.channels, image.height, image.width}};
    image_finish(&image);
    return true;
}

bool folder_sample(const struct dataset *d, uint32_t index, float *out, struct error *e) {
    const struct dataset_file *file = &d->files[index];
    struct image image;

    if (!load_picture(d, index, &image, e)) return false;
    struct shape shape = {3, {image.channels, image.height, image.width}};
    bool fits = shape_equal(&shape, &d->sample);
    if (fits) preprocess_bytes(&d->preprocess, &shape, image.data, out);
    else {
        error_set(e, "%s: %u x %u pixels: %zu x %zu wanted, as the first has (or preprocessing with resize and crop)",
                  file->path, image.width, image.height, d->sample.dim[2], d->sample.dim[1]);
        place_prefix(d, file, e);
    }
    image_finish(&image);
    return fits;
}

static bool load_list(struct folder *f, struct dataset *d, struct error *e) {
    bool ok = read_table(f, e) && check_listed(f, e) && csv_labels_from_text(&f->table, f->label, d, e) &&
              take_files(f, d, e);

    csv_text_finish(&f->table);
    free(f->sorted);
    return ok;
}

bool folder_load(const char *path, struct dataset *d, struct error *e) {
    struct folder f = {.path = path, .labels_path = path_from(path, LABELS)};
    bool ok = f.labels_path || error_memory(e);

    ok = ok && (access(f.labels_path, F_OK) == 0 ? load_list(&f, d, e) : folder_find_pictures(path, d, e)) &&
         find_shape(d, e);
    free(f.labels_path);
    return ok;
}
