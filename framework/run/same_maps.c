/* same_maps.c: rows whose originals have one digest. */
#include "run/same_maps.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The same library, explainer and parameters. */
static bool same_method(const struct plugin *a, const struct plugin *b, bool *same, struct error *e) {
    char *texts[2] = {plugin_params_text(a), plugin_params_text(b)};
    bool ok = texts[0] && texts[1];
    *same = ok && strcmp(a->digest, b->digest) == 0 && strcmp(a->info.id, b->info.id) == 0 &&
            strcmp(texts[0], texts[1]) == 0;
    free(texts[0]);
    free(texts[1]);
    return ok || error_memory(e);
}

/* *digest: of the maps of all inputs, or NULL. */
static bool load_digest(const struct run *run, uint32_t row, char **digest, struct error *e) {
    const struct explainer_entry *r = &run->explainers[row];
    *digest = NULL;
    if (r->yardstick || r->breach || r->unsupported) return true;
    char *key = text_format("original/%s/%s", root_name(ROOT_MODEL), r->name);
    bool ok = key ? store_meta(run->store, key, digest, e) : error_memory(e);
    free(key);
    return ok;
}

/* The first row before this one that is another method with the same maps. */
static bool find_same(const struct run *run, char *const *digests, uint32_t row, uint32_t *other, struct error *e) {
    for (*other = 0; digests[row] && *other < row; ++*other) {
        bool same_name;
        if (!digests[*other] || strcmp(digests[row], digests[*other]) != 0) continue;
        if (!same_method(run->explainers[row].plugin, run->explainers[*other].plugin, &same_name, e)) return false;
        if (!same_name) return true;
    }
    *other = row;
    return true;
}

bool same_maps_put(struct run *run, struct error *e) {
    char **digests = calloc(run->explainer_count + (size_t)1, sizeof *digests);
    struct text text = {0};
    bool ok = digests || error_memory(e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++) ok = load_digest(run, row, &digests[row], e);
    for (uint32_t row = 0, other; ok && row < run->explainer_count; row++) {
        ok = find_same(run, digests, row, &other, e);
        if (ok && other < row)
            text_add(&text, "%s%s and %s", text.length ? "; " : "", run->explainers[other].name,
                     run->explainers[row].name);
    }
    if (ok && text.failed) ok = error_memory(e);
    if (ok && text.data) ok = store_set_meta(run->store, "same-maps", text.data, e);
    for (uint32_t row = 0; digests && row < run->explainer_count; row++) free(digests[row]);
    free(digests);
    text_finish(&text);
    return ok;
}
