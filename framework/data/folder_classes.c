/* folder_classes.c: pictures that no list names: in one folder for each class, as torchvision's ImageFolder has them,
 * or without labels. */
#include "base/array.h"
#include "base/file.h"
#include "data/csv_words.h"
#include "data/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 8 /* of folders in a class's folder; links may lead round in circles */

/* Paths below a folder. */
struct names {
    char **item;
    size_t count;
};

static void names_finish(struct names *n) {
    for (size_t i = 0; i < n->count; i++) free(n->item[i]);
    free(n->item);
    *n = (struct names){0};
}

/* Takes `name`, which may be NULL (out of memory). */
static bool names_add(struct names *n, char *name, struct error *e) {
    char **items = name ? array_grow(n->item, n->count, sizeof *items) : NULL;

    if (items) {
        n->item = items;
        n->item[n->count++] = name;
        return true;
    }
    free(name);
    return error_memory(e);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_sort(struct names *n) {
    if (n->count) qsort(n->item, n->count, sizeof *n->item, compare_names);
}

bool folder_is_hidden(const char *name) {
    return name[0] == '.';
}

static bool is_folder(const char *folder, const char *name) {
    struct stat status;
    char *path = path_from(folder, name);
    bool is = path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);

    free(path);
    return is;
}

/* The pictures and the folders that lie in `path`, sorted. */
static bool list_folder(const char *path, struct names *pictures, struct names *folders, struct error *e) {
    DIR *folder = opendir(path);
    bool ok = true;

    if (!folder) return error_set(e, "%s: %s: a folder of pictures wanted", path, strerror(errno));
    for (const struct dirent *entry; ok && (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (folder_is_hidden(name)) continue;
        if (is_folder(path, name)) ok = names_add(folders, text_copy(name), e);
        else if (image_has_extension(name)) ok = names_add(pictures, text_copy(name), e);
    }
    closedir(folder);
    names_sort(pictures);
    names_sort(folders);
    return ok;
}

/* All pictures in `path`, as whole paths: those of the folder itself before those of the folders in it. */
static bool list_pictures(const char *path, unsigned depth, struct names *out, struct error *e) {
    struct names pictures = {0}, folders = {0};
    bool ok = list_folder(path, &pictures, &folders, e);

    if (ok && folders.count && depth == DEPTH_MAX)
        ok = error_set(e, "%s: more than %d folders in each other: fewer wanted", path, DEPTH_MAX);
    for (size_t i = 0; ok && i < pictures.count; i++) ok = names_add(out, path_from(path, pictures.item[i]), e);
    for (size_t i = 0; ok && i < folders.count; i++) {
        char *inner = path_from(path, folders.item[i]);
        ok = inner ? list_pictures(inner, depth + 1, out, e) : error_memory(e);
        free(inner);
    }
    names_finish(&pictures);
    names_finish(&folders);
    return ok;
}

/* Pictures of one class, whose label is DATASET_NO_LABEL where there are none. The paths are taken. */
static bool add_pictures(struct dataset *d, struct names *pictures, uint32_t label, struct error *e) {
    size_t count = d->count + pictures->count;

    if (!pictures->count) return true;
    if (count >= UINT32_MAX) return error_set(e, "%zu pictures: fewer wanted", count);
    struct dataset_file *files = realloc(d->files, count * sizeof *files);
    if (files) d->files = files;
    uint32_t *labels = realloc(d->labels, count * sizeof *labels);
    if (labels) d->labels = labels;
    if (!files || !labels) return error_memory(e);
    for (size_t i = 0; i < pictures->count; i++) {
        files[d->count] = (struct dataset_file){pictures->item[i], 0, file_mark_hash(pictures->item[i])};
        labels[d->count++] = label;
    }
    free(pictures->item);
    *pictures = (struct names){0};
    return true;
}

/* ImageFolder counts its folders in the order of their names, in which "10" comes before "2". */
static bool check_numbers(const char *path, const struct names *folders, const struct class_names *names,
                          const uint32_t *class, struct error *e) {
    double value;
    uint32_t named;

    for (size_t i = 0; i < folders->count; i++)
        if (text_to_double(folders->item[i], &value) && class[i] != i &&
            !(names && class_names_find(names, folders->item[i], &named)))
            return error_set(e,
                             "%s: folder '%s': class %u by its name, or %zu in the order of names, as ImageFolder has "
                             "it? give class-names, a CSV file with a column name, that names the folders",
                             path, excerpt_of(folders->item[i]).text, class[i], i);
    return true;
}

/* The names of folders are labels as words of a list are. classes[folders] */
static bool name_classes(const char *path, const struct names *folders, struct dataset *d, uint32_t **classes,
                         struct error *e) {
    struct csv_labels l = {.path = path};
    struct dataset named = {.names = d->names};

    bool ok = true;
    for (size_t i = 0; ok && i < folders->count; i++) ok = csv_labels_add(&l, folders->item[i], 0) || error_memory(e);
    ok = ok && csv_labels_to_classes(&l, &named, e);
    d->class_names = named.class_names;
    d->classes = named.classes;
    *classes = named.labels;
    csv_labels_finish(&l);
    return ok && (named.class_names || check_numbers(path, folders, d->names, *classes, e));
}

static bool take_classes(const char *path, const struct names *folders, struct dataset *d, struct error *e) {
    uint32_t *classes = NULL;
    if (d->labels_as != LABELS_CLASSES)
        return error_set(e,
                         "%s: folders are classes, and the task has %s: a list labels.csv with the columns file and "
                         "target wanted",
                         path, d->labels_as == LABELS_VALUES ? "real targets" : "several labels");
    bool ok = name_classes(path, folders, d, &classes, e);

    for (size_t i = 0; ok && i < folders->count; i++) {
        struct names pictures = {0};
        char *inner = path_from(path, folders->item[i]);
        ok = inner ? list_pictures(inner, 0, &pictures, e) : error_memory(e);
        if (ok && !pictures.count) dataset_note(d, "%s: a class without pictures", inner);
        ok = ok && add_pictures(d, &pictures, classes[i], e);
        names_finish(&pictures);
        free(inner);
    }
    free(classes);
    return ok;
}

bool folder_find_pictures(const char *path, struct dataset *d, struct error *e) {
    struct names pictures = {0}, folders = {0};
    bool ok = list_folder(path, &pictures, &folders, e);

    if (ok && pictures.count && !folders.count) {
        d->unlabelled = true;
        if (d->labels_for)
            ok = error_set(e,
                           "%s/labels.csv: %s: a list of the pictures wanted: a line 'file,label', then a row for "
                           "each; or a folder for each class (labels are needed for %s)",
                           path, strerror(ENOENT), d->labels_for);
        for (size_t i = 0; ok && i < pictures.count; i++) {
            char *whole = path_from(path, pictures.item[i]);
            free(pictures.item[i]);
            pictures.item[i] = whole;
            ok = whole || error_memory(e);
        }
        ok = ok && add_pictures(d, &pictures, DATASET_NO_LABEL, e);
    } else if (ok && pictures.count) {
        ok = error_set(e,
                       "%s: '%s' lies beside the folder '%s': folders of classes alone, pictures alone, or a list "
                       "labels.csv wanted",
                       path, pictures.item[0], folders.item[0]);
    } else {
        ok = ok && take_classes(path, &folders, d, e);
    }
    if (ok && !d->count) ok = error_set(e, "%s: no pictures (.jpg, .jpeg, .png): at least one wanted", path);
    names_finish(&pictures);
    names_finish(&folders);
    return ok;
}
