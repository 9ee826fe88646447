/* layer_names.c: the layers of the record of a run. */
#include "reports/layer_names.h"

#include "base/text.h"
#include "reports/run_record.h"

#include <jansson.h>
#include <stdlib.h>

bool layer_names_load(struct store *s, struct layer_names *names, struct error *e) {
    json_t *run, *entry;
    size_t k;
    *names = (struct layer_names){0};
    if (!run_record_load(s, "run", &run, e)) return false;
    const json_t *layers = json_object_get(json_object_get(run, "model"), "layers");
    bool ok = (names->name = calloc(json_array_size(layers) + 1, sizeof *names->name)) != NULL;
    json_array_foreach(layers, k, entry) {
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (!ok) break;
        ok = (names->name[k] = text_copy(name ? name : "")) != NULL;
        names->count += ok;
    }
    json_decref(run);
    if (!ok) layer_names_finish(names);
    return ok || error_memory(e);
}

void layer_names_finish(struct layer_names *names) {
    for (size_t k = 0; k < names->count; k++) free(names->name[k]);
    free(names->name);
    *names = (struct layer_names){0};
}
