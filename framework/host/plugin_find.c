/* Finding libraries of explainers by id. */
#include "host/plugin_find.h"

#include "base/array.h"
#include "base/text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDERS 4

/* ---- Folders ---- */

/* The folder of the running program, with everything a link hides; NULL when it cannot be told. */
static char *program_folder(void) {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return NULL;
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (!slash) return NULL;
    *slash = 0;
    return text_copy(path);
}

/* Fills at most FOLDERS; each is the caller's. */
static size_t plugin_folders(char *folders[FOLDERS]) {
    static const char *const beside[] = {"explainers", "../explainers", "../lib/assay/explainers"};
    size_t count = 0;
    char *here = program_folder();
    for (size_t i = 0; here && i < sizeof beside / sizeof *beside; i++) {
        folders[count] = text_format("%s/%s", here, beside[i]);
        count += folders[count] != NULL;
    }
    free(here);
    folders[count] = text_copy(ASSAY_PREFIX "/lib/assay/explainers");
    return count + (folders[count] != NULL);
}

static void folders_finish(char **folders, size_t count) {
    for (size_t i = 0; i < count; i++) free(folders[i]);
}

/* ---- The libraries in them ---- */

void found_plugins_finish(struct found_plugins *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct found_plugins){0};
}

static bool found_add(struct found_plugins *list, const char *folder, const char *file, size_t id_length) {
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->items[i].id) == id_length && strncmp(list->items[i].id, file, id_length) == 0)
            return true; /* an earlier folder has it */
    struct found_plugin *items = array_grow(list->items, list->count, sizeof *items);
    if (!items) return false;
    list->items = items;
    struct found_plugin *item = &list->items[list->count++];
    item->id = text_format("%.*s", (int)id_length, file);
    item->path = text_format("%s/%s", folder, file);
    return item->id && item->path;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct found_plugin *)a)->id, ((const struct found_plugin *)b)->id);
}

bool plugin_find_all(struct found_plugins *list, struct error *e) {
    char *folders[FOLDERS];
    size_t count = plugin_folders(folders);
    bool ok = true;
    *list = (struct found_plugins){0};
    for (size_t i = 0; i < count && ok; i++) {
        DIR *folder = opendir(folders[i]);
        for (struct dirent *entry; folder && ok && (entry = readdir(folder));) {
            size_t n = strlen(entry->d_name);
            if (n > 3 && n < 256 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 3, ".so") == 0)
                ok = found_add(list, folders[i], entry->d_name, n - 3);
        }
        if (folder) closedir(folder);
    }
    folders_finish(folders, count);
    if (!ok) {
        found_plugins_finish(list);
        return error_memory(e);
    }
    if (list->count) qsort(list->items, list->count, sizeof *list->items, by_id);
    return true;
}

static void no_such_explainer(const char *id, const struct found_plugins *list, struct error *e) {
    const char **names = calloc(list->count + 1, sizeof *names);
    for (size_t i = 0; names && i < list->count; i++) names[i] = list->items[i].id;
    const char *nearest = names ? text_nearest(id, names, list->count) : NULL;
    if (nearest) {
        error_set(e, "no explainer %s: did you mean %s? (`assay list explainers` names all)", id, nearest);
    } else if (list->count) {
        error_set(e, "no explainer %s: wanted one that `assay list explainers` names, or the path of a library", id);
    } else {
        error_set(e, "no explainer %s, nor any other: wanted them in `explainers` beside the program, or in %s", id,
                  ASSAY_PREFIX "/lib/assay/explainers");
    }
    free(names);
}

bool plugin_find(const char *id, char **path, struct error *e) {
    struct found_plugins list;
    if (!plugin_find_all(&list, e)) return false;
    *path = NULL;
    for (size_t i = 0; i < list.count && !*path; i++) {
        if (strcmp(list.items[i].id, id) == 0) {
            *path = list.items[i].path;
            list.items[i].path = NULL;
        }
    }
    if (!*path) no_such_explainer(id, &list, e);
    found_plugins_finish(&list);
    return *path != NULL;
}
