#include "base/text.h"
#include "host/plugin.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

size_t plugin_folders(char *folders[PLUGIN_FOLDERS]) {
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

struct found {
    char *id, *path;
};
struct found_list {
    struct found *items;
    size_t count, capacity;
};

static void found_finish(struct found_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct found_list){0};
}

static bool found_add(struct found_list *list, const char *folder, const char *file, size_t id_length) {
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->items[i].id) == id_length && strncmp(list->items[i].id, file, id_length) == 0)
            return true; /* an earlier folder has it */
    if (list->count == list->capacity) {
        size_t capacity = 2 * list->capacity + 16;
        struct found *items = realloc(list->items, capacity * sizeof *items);
        if (!items) return false;
        list->items = items;
        list->capacity = capacity;
    }
    struct found *item = &list->items[list->count++];
    item->id = text_format("%.*s", (int)id_length, file);
    item->path = text_format("%s/%s", folder, file);
    return item->id && item->path;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct found *)a)->id, ((const struct found *)b)->id);
}

static bool found_all(struct found_list *list, struct error *e) {
    char *folders[PLUGIN_FOLDERS];
    size_t count = plugin_folders(folders);
    bool ok = true;
    *list = (struct found_list){0};
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
        found_finish(list);
        return error_memory(e);
    }
    if (list->count) qsort(list->items, list->count, sizeof *list->items, by_id);
    return true;
}

static void no_such_explainer(const char *id, const struct found_list *list, struct error *e) {
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
    struct found_list list;
    if (!found_all(&list, e)) return false;
    *path = NULL;
    for (size_t i = 0; i < list.count && !*path; i++) {
        if (strcmp(list.items[i].id, id) == 0) {
            *path = list.items[i].path;
            list.items[i].path = NULL;
        }
    }
    if (!*path) no_such_explainer(id, &list, e);
    found_finish(&list);
    return *path != NULL;
}

/* ---- Listing ---- */

static void listing_finish(struct plugin_listing *item) {
    free(item->path);
    free(item->id);
    free(item->name);
    free(item->summary);
    free(item->source);
    free(item->params);
    free(item->problem);
}

static bool listing_fill(const struct found *found, struct plugin_listing *out, struct error *e) {
    struct explainer_spec spec = {.id = found->id, .path = found->path};
    struct plugin *plugin = NULL;
    struct error problem;
    out->path = text_copy(found->path);
    out->id = text_copy(found->id);
    bool ok = out->path && out->id;
    if (ok && !plugin_create(&spec, &plugin, &problem)) {
        out->problem = text_copy(problem.text);
        return out->problem || error_memory(e);
    }
    if (ok) {
        out->name = text_copy(plugin->info->name);
        out->summary = text_copy(plugin->info->summary);
        out->source = text_copy(plugin->info->source);
        out->params = plugin_params_text(plugin);
        out->claims = plugin->claims;
        ok = out->name && out->summary && out->source && out->params;
    }
    plugin_destroy(plugin);
    return ok || error_memory(e);
}

bool plugin_list(struct plugin_listing **out, size_t *count, struct error *e) {
    struct found_list list;
    if (!found_all(&list, e)) return false;
    struct plugin_listing *items = calloc(list.count + 1, sizeof *items);
    bool ok = items || error_memory(e);
    for (size_t i = 0; i < list.count && ok; i++) ok = listing_fill(&list.items[i], &items[i], e);
    if (ok) {
        *out = items;
        *count = list.count;
    } else if (items) {
        plugin_list_destroy(items, list.count);
    }
    found_finish(&list);
    return ok;
}

void plugin_list_destroy(struct plugin_listing *items, size_t count) {
    for (size_t i = 0; items && i < count; i++) listing_finish(&items[i]);
    free(items);
}
