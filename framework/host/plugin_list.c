/* Listing explainers: each learnt about as if a spec named it. */
#include "host/plugin_list.h"

#include "base/text.h"
#include "host/plugin_find.h"

#include <stdlib.h>

static char *line_of(const char *text) {
    char *line = text_copy(text);
    if (line) text_clean_in_place(line);
    return line;
}

static bool listing_fill(const struct found_plugin *found, struct plugin_listing *out, struct error *e) {
    struct explainer_spec spec = {.id = found->id, .path = found->path};
    struct error why = {{0}};
    out->id = line_of(found->id);
    if (!out->id) return error_memory(e);
    if (plugin_create(&spec, PLUGIN_PROBE_SECONDS, &out->plugin, &why) && plugin_usable(out->plugin, &why)) return true;
    out->problem = line_of(why.text);
    return out->problem || error_memory(e);
}

bool plugin_list(struct plugin_listing **out, size_t *count, struct error *e) {
    struct found_plugins found;
    if (!plugin_find_all(&found, e)) return false;
    struct plugin_listing *items = calloc(found.count + 1, sizeof *items);
    bool ok = items || error_memory(e);
    for (size_t i = 0; i < found.count && ok; i++) ok = listing_fill(&found.items[i], &items[i], e);
    if (ok) {
        *out = items;
        *count = found.count;
    } else {
        plugin_list_destroy(items, found.count);
    }
    found_plugins_finish(&found);
    return ok;
}

void plugin_list_destroy(struct plugin_listing *items, size_t count) {
    for (size_t i = 0; items && i < count; i++) {
        free(items[i].id);
        free(items[i].problem);
        plugin_destroy(items[i].plugin);
    }
    free(items);
}
