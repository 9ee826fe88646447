#include "host/plugin.h"

#include "base/text.h"
#include "host/handle.h"
#include "workers/isolate.h"
#include "host/plugin_table.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 512

/* ---- Loading: dlopen, symbol, version, tables, parameters, claims ---- */

/* dlerror() without the path it begins with. */
static const char *load_reason(const char *path) {
    const char *reason = dlerror();
    size_t n = strlen(path);
    if (!reason) return "unknown reason";
    return strncmp(reason, path, n) == 0 && strncmp(reason + n, ": ", 2) == 0 ? reason + n + 2 : reason;
}

static bool library_open(struct plugin *plugin, struct error *e) {
    plugin->library = dlopen(plugin->path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin->library) {
        return error_set(e, "%s: not a shared library that loads (%s): wanted a plugin, built with -fPIC -shared",
                         plugin->path, load_reason(plugin->path));
    }
    plugin->entry = dlsym(plugin->library, ASSAY_ENTRY);
    if (!plugin->entry) {
        return error_set(e, "%s: a shared library without the symbol %s: wanted an explainer plugin (see explainer.h)",
                         plugin->path, ASSAY_ENTRY);
    }
    return plugin_table_check(plugin->entry, plugin->path, e);
}

static bool plugin_load(struct plugin *plugin, const struct explainer_spec *spec, struct error *e) {
    if (!library_open(plugin, e) || !plugin_table_find(plugin->entry, plugin->path, spec->id, &plugin->info, e) ||
        !plugin_params_fill(plugin, spec->params, spec->param_count, e))
        return false;
    const assay_explainer_info *info = plugin->info;
    plugin->claims = info->claims_for ? info->claims_for(plugin->params, info->param_count) : info->claims;
    return true;
}

static void plugin_unload(struct plugin *plugin) {
    if (plugin->info) plugin_params_finish(plugin);
    if (plugin->library) dlclose(plugin->library);
    plugin->library = NULL;
    plugin->info = NULL;
    plugin->entry = NULL;
}

/* ---- The probe: all of that, and create(), in a child ---- */

struct probe {
    struct plugin *plugin;
    const struct explainer_spec *spec;
};

/* Writes nothing when all is well, else the error: returning at all is the success of the probe itself. */
static bool probe_work(void *user, int fd) {
    struct probe *probe = user;
    struct error e = {{0}};
    const assay_explainer *explainer = NULL;
    if (plugin_load(probe->plugin, probe->spec, &e) && plugin_explainer(probe->plugin, handle_host(), &explainer, &e))
        plugin_explainer_destroy(explainer);
    else isolate_write(fd, e.text, strlen(e.text));
    plugin_unload(probe->plugin);
    return true;
}

static bool plugin_probe(struct plugin *plugin, const struct explainer_spec *spec, struct error *e) {
    struct probe probe = {plugin, spec};
    char *said = NULL;
    size_t size = 0;
    if (!isolate_run(probe_work, &probe, PLUGIN_PROBE_SECONDS, &said, &size, e))
        return error_prefix(e, "%s: the plugin, while it was loaded", plugin->path);
    bool ok = size == 0;
    if (!ok) error_set(e, "%s", said);
    free(said);
    return ok;
}

/* ---- Create, destroy ---- */

/* A path without a slash would be looked for in the system's library folders. */
static char *path_with_slash(const char *path) {
    return strchr(path, '/') ? text_copy(path) : text_format("./%s", path);
}

bool plugin_create(const struct explainer_spec *spec, struct plugin **out, struct error *e) {
    struct plugin *plugin = calloc(1, sizeof *plugin);
    if (!plugin) return error_memory(e);
    bool ok = true;
    if (spec->path) {
        plugin->path = path_with_slash(spec->path);
        ok = plugin->path || error_memory(e);
    } else {
        ok = plugin_find(spec->id, &plugin->path, e);
    }
    ok = ok && file_digest(plugin->path, plugin->digest, e) && plugin_probe(plugin, spec, e) &&
         plugin_load(plugin, spec, e);
    if (!ok) {
        plugin_destroy(plugin);
        return false;
    }
    *out = plugin;
    return true;
}

void plugin_destroy(struct plugin *plugin) {
    if (plugin) {
        plugin_unload(plugin);
        free(plugin->path);
        free(plugin);
    }
}

bool plugin_explainer(const struct plugin *plugin, const assay_host *host, const assay_explainer **out,
                      struct error *e) {
    char text[WHY_SIZE] = "";
    assay_why why = {text, sizeof text};
    const assay_explainer *explainer =
        plugin->entry->create(host, plugin->info->id, plugin->params, plugin->info->param_count, &why);
    if (!explainer)
        return error_set(e, "%s: %s", plugin->info->id, text[0] ? text : "create() returned NULL without a reason");
    if (!explainer->attribute || !explainer->info) {
        return error_set(e, "%s: %s: create() returned an explainer without %s", plugin->path, plugin->info->id,
                         explainer->info ? "attribute" : "info");
    }
    *out = explainer;
    return true;
}

void plugin_explainer_destroy(const assay_explainer *explainer) {
    if (explainer && explainer->destroy) explainer->destroy(explainer);
}
