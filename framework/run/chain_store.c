/* The parent's side: what a chain sends and how it ends, into the store. */
#include "run/chain.h"
#include "run/unit_record.h"
#include "run/unit_store.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool chain_breach(struct run *run, uint32_t row, const char *why, struct error *e) {
    struct row *r = &run->rows[row];
    char key[256];
    if (r->breach) return true;
    r->breach = text_copy(why);
    if (!r->breach) return error_memory(e);
    snprintf(key, sizeof key, "breach/%s", r->name);
    return store_set_meta(run->store, key, why, e);
}

/* The original map of every process of this explainer must be the same, byte by byte. */
static bool check_original(struct run *run, const struct chain *chain, const char *digest, struct error *e) {
    char key[256], *known = NULL;
    snprintf(key, sizeof key, "original/%s/%s", root_name(chain->root), run->rows[chain->row].name);
    bool ok = store_meta(run->store, key, &known, e);
    if (ok && !known) ok = store_set_meta(run->store, key, digest, e);
    else if (ok && strcmp(known, digest) != 0)
        ok = chain_breach(run, chain->row, "Not reproducible: the same request in another process gives other bytes.",
                          e);
    free(known);
    return ok;
}

bool chain_message(struct run *run, struct chain *chain, uint32_t type, const void *data, size_t size,
                   struct error *e) {
    const struct unit_sender sender = {chain->row, chain->attributions, chain->count};
    if (type == RECORD_ORIGINAL)
        return memchr(data, 0, size) ? check_original(run, chain, data, e)
                                     : error_set(e, "a worker of explainer %s sent a message that is damaged",
                                                 run->rows[chain->row].name);
    return unit_store_put(run, &sender, data, size, e);
}

bool chain_died(struct run *run, struct chain *chain, const char *death, struct error *e) {
    const char *name = run->rows[chain->row].name;
    bool ok = store_begin(run->store, e);
    for (uint32_t k = 0; ok && k < chain->count; k++) {
        const char *key = run->plan.attributions[chain->attributions[k]].key;
        if (store_has_unit(run->store, name, key)) continue;
        char why[256];
        snprintf(why, sizeof why, "The plugin %s.", death);
        struct unit_row unit = {name, key, UNIT_FAILED, why, 0};
        ok = store_put_unit(run->store, &unit, e);
    }
    return ok && store_commit(run->store, e);
}
