/* The parent's side: what an explain job sends and how it ends, into the store. */
#include "run/explain_job.h"
#include "run/unit_record.h"
#include "run/unit_store.h"

#include "base/text.h"
#include "host/call.h"
#include "host/explainer_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool run_breach(struct run *run, uint32_t row, const char *why, struct error *e) {
    struct explainer_entry *r = &run->explainers[row];
    char key[256];
    if (r->breach) return true;
    r->breach = text_copy(why);
    if (!r->breach) return error_memory(e);
    snprintf(key, sizeof key, "breach/%s", r->name);
    return store_set_meta(run->store, key, why, e);
}

/* The original map of every process of this explainer must be the same, byte by byte. */
static bool check_original(struct run *run, const struct explain_job *explain, const char *digest, struct error *e) {
    char key[256], *known = NULL;
    snprintf(key, sizeof key, "original/%s/%s", root_name(explain->root), run->explainers[explain->row].name);
    bool ok = store_meta(run->store, key, &known, e);
    if (ok && !known) ok = store_set_meta(run->store, key, digest, e);
    else if (ok && strcmp(known, digest) != 0)
        ok = run_breach(run, explain->row, "Not reproducible: the same request in another process gives other bytes.",
                        e);
    free(known);
    return ok;
}

/* What the plugin did that it must not, in its worker's words. */
static bool take_breach(struct run *run, uint32_t row, const void *data, size_t size, struct error *e) {
    char why[CALL_WHY_SIZE];
    size_t n = size < sizeof why ? size : sizeof why - 1;
    memcpy(why, data, n);
    why[n] = 0;
    explainer_info_clean(why);
    return run_breach(run, row, why, e);
}

bool explain_job_message(struct run *run, struct explain_job *explain, uint32_t type, const void *data, size_t size,
                         struct error *e) {
    const struct unit_sender sender = {explain->row, explain->attributions, explain->count};
    if (type == RECORD_BREACH) return take_breach(run, explain->row, data, size, e);
    if (type == RECORD_ORIGINAL)
        return memchr(data, 0, size) ? check_original(run, explain, data, e)
                                     : error_set(e, "a worker of explainer %s sent a message that is damaged",
                                                 run->explainers[explain->row].name);
    return unit_store_put(run, &sender, data, size, e);
}

bool explain_job_died(struct run *run, struct explain_job *explain, const char *death, struct error *e) {
    const char *name = run->explainers[explain->row].name;
    bool ok = store_begin(run->store, e);
    for (uint32_t k = 0; ok && k < explain->count; k++) {
        const char *key = run->plan.attributions[explain->attributions[k]].key;
        if (store_has_unit(run->store, name, key)) continue;
        char why[256];
        snprintf(why, sizeof why, "The plugin %s.", death);
        struct unit_row unit = {name, key, UNIT_FAILED, why, 0};
        ok = store_put_unit(run->store, &unit, e);
    }
    return ok && store_commit(run->store, e);
}
