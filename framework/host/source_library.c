/* Explainers in shared libraries. All but takes() and the digest runs foreign code: in children only.
 *
 * What is opened has the recorded digest: it is taken again once the library is mapped, so that a file which another
 * has replaced since is noticed whenever that was. (One put in place of it and back again within the moment of dlopen()
 * is not.) The library is opened by its own path, as it may look for its files beside itself.
 *
 * No library is ever closed. A thread of its own may still run in it, and its destructors have nothing to say that
 * anybody waits for: the child ends by _exit(), which runs none. */
#include "host/explainer_info.h"
#include "host/source.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define WHY_SIZE 512

static bool takes_all(const struct source_place *place) {
    (void)place;
    return true;
}

static bool library_digest(const struct source_place *place, char out[FILE_DIGEST_SIZE], struct error *e) {
    return file_digest(place->path, out, e);
}

/* dlerror() without the path it begins with. */
static const char *load_reason(const char *path) {
    const char *reason = dlerror();
    size_t n = strlen(path);
    if (!reason) return "unknown reason";
    return strncmp(reason, path, n) == 0 && strncmp(reason + n, ": ", 2) == 0 ? reason + n + 2 : reason;
}

static bool same_bytes(const char *path, const char *recorded, struct error *e) {
    char digest[FILE_DIGEST_SIZE];
    if (!file_digest(path, digest, e)) return false;
    return strcmp(digest, recorded) == 0 ||
           error_set(e, "%s: the file is not the one that was there when its digest was recorded: run again", path);
}

static bool check_entry(const assay_plugin *entry, const char *path, struct error *e) {
    if (entry->abi.major != ASSAY_ABI_MAJOR || entry->abi.minor > ASSAY_ABI_MINOR) {
        return error_set(e,
                         "%s: built for plugin ABI %u.%u: this assay speaks %u.%u: rebuild it with this assay's "
                         "explainer.h%s",
                         path, entry->abi.major, entry->abi.minor, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR,
                         entry->abi.major < ASSAY_ABI_MAJOR ? "" : ", or update assay");
    }
    if (entry->count == 0 || entry->count > INFO_EXPLAINERS_MAX || !entry->info || !entry->create) {
        return error_set(e, "%s: %s has %u explainers, info %s, create %s: wanted 1 to %u explainers and both", path,
                         ASSAY_ENTRY, entry->count, entry->info ? "set" : "NULL", entry->create ? "set" : "NULL",
                         INFO_EXPLAINERS_MAX);
    }
    return true;
}

/* A second call finds the library open. */
static bool library_entry(const char *path, const char *digest, const assay_plugin **out, struct error *e) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        char reason[WHY_SIZE];
        snprintf(reason, sizeof reason, "%s", load_reason(path));
        return same_bytes(path, digest, e) &&
               error_set(e, "%s: not a shared library that loads (%s): wanted a plugin, built with -fPIC -shared", path,
                         reason);
    }
    if (!same_bytes(path, digest, e)) return false;
    *out = dlsym(library, ASSAY_ENTRY);
    if (!*out) {
        return error_set(e, "%s: a shared library without the symbol %s: wanted an explainer plugin (see explainer.h)",
                         path, ASSAY_ENTRY);
    }
    return check_entry(*out, path, e);
}

static bool library_describe(const struct source_place *place, const char *digest,
                             const assay_explainer_info *const **info, uint32_t *count, struct error *e) {
    const assay_plugin *entry = NULL;
    if (!library_entry(place->path, digest, &entry, e)) return false;
    *info = entry->info;
    *count = entry->count;
    return true;
}

/* A symbol that need not be there, in a library that describe() has opened. A newer table is not for this host. */
static bool library_about(const struct source_place *place, const assay_about_table **out, struct error *e) {
    void *library = dlopen(place->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (!library) return error_set(e, "%s: the library is no longer open", place->path);
    const assay_about_table *table = dlsym(library, ASSAY_ABOUT);
    *out = table && table->version == ASSAY_ABOUT_VERSION ? table : NULL;
    return true;
}

static bool library_open(const struct source_request *r, const assay_host *host, const assay_explainer **out,
                         struct error *e) {
    const assay_plugin *entry = NULL;
    char text[WHY_SIZE] = "";
    assay_why why = {text, sizeof text};
    if (!library_entry(r->place.path, r->digest, &entry, e)) return false;
    const assay_explainer *explainer = entry->create(host, r->id, r->params, r->param_count, &why);
    text[sizeof text - 1] = 0;
    if (!explainer) return error_set(e, "%s: %s", r->id, text[0] ? text : "create() returned NULL without a reason");
    if (!explainer->attribute || !explainer->info) {
        return error_set(e, "%s: %s: create() returned an explainer without %s", r->place.path, r->id,
                         explainer->info ? "attribute" : "info");
    }
    *out = explainer;
    return true;
}

static void library_close(const assay_explainer *explainer) {
    if (explainer->destroy) explainer->destroy(explainer);
}

const struct explainer_source source_library = {
    .name = "library",
    .noun = "plugin",
    .takes = takes_all,
    .digest = library_digest,
    .describe = library_describe,
    .open = library_open,
    .close = library_close,
    .about = library_about,
};
