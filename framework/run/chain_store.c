/* The parent's side: what a chain sends, into the store, one transaction per unit. */
#include "run/chain.h"
#include "run/chain_record.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unpacked {
    struct record_header header;
    const unsigned char *pairs, *checks, *map;
};

/* The sender is a process that foreign code ran in: nothing of it is trusted. */
static bool unpack(const struct run *run, const struct chain *chain, const unsigned char *data, size_t size,
                   struct unpacked *u, struct error *e) {
    if (size < sizeof u->header) goto bad;
    memcpy(&u->header, data, sizeof u->header);
    const struct record_header *h = &u->header;
    u->header.why[sizeof h->why - 1] = 0;
    size_t pairs = h->comparisons * sizeof(struct record_pair), checks = h->checks * sizeof(struct record_check),
           map = h->map_elements * sizeof(float);
    if (size != sizeof *h + pairs + checks + map || h->status > UNIT_FAILED) goto bad;
    bool mine = false;
    for (uint32_t k = 0; k < chain->count; k++) mine = mine || chain->attributions[k] == h->attribution;
    if (!mine || h->attribution >= run->plan.attribution_count) goto bad;
    u->pairs = data + sizeof *h;
    u->checks = u->pairs + pairs;
    u->map = u->checks + checks;
    return true;
bad:
    return error_set(e, "a worker of explainer %s sent a message that is damaged", run->rows[chain->row].name);
}

static bool put_pairs(struct run *run, const struct chain *chain, const struct unpacked *u, const char *key,
                      struct error *e) {
    for (uint32_t k = 0; k < u->header.comparisons; k++) {
        struct record_pair p;
        memcpy(&p, u->pairs + k * sizeof p, sizeof p);
        if (p.view >= VIEW_COUNT || p.measure >= MEASURES_MAX) continue;
        struct comparison_row row = {
            .explainer = run->rows[chain->row].name,
            .variant = key,
            .pairing = p.mismatched ? "mismatched" : "matched",
            .input = p.input,
            .other = p.other,
            .measure = measures[p.measure].id,
            .view = view_name((enum view)p.view),
            .value = p.value,
        };
        if (!store_put_comparison(run->store, &row, e)) return false;
    }
    return true;
}

static bool put_checks(struct run *run, const struct chain *chain, const struct unpacked *u, struct error *e) {
    for (uint32_t k = 0; k < u->header.checks; k++) {
        struct record_check c;
        memcpy(&c, u->checks + k * sizeof c, sizeof c);
        if (c.check >= run->plan.check_count) continue;
        const struct check *check = &run->plan.checks[c.check];
        struct check_row row = {
            .explainer = run->rows[chain->row].name,
            .control = run->controls[check->control].control->id,
            .what = check->what,
            .input = c.input,
            .worst = c.worst,
            .tolerance = c.tolerance,
            .holds = c.worst <= c.tolerance,
        };
        if (!store_put_check(run->store, &row, e)) return false;
    }
    return true;
}

static bool put_map(struct run *run, const struct chain *chain, const struct unpacked *u, const char *key,
                    struct error *e) {
    const struct row *row = &run->rows[chain->row];
    struct map_shape s = run_map_shape(&run->data->sample, row->reduction);
    if (!u->header.map_elements || u->header.map_elements != (size_t)s.channels * s.height * s.width) return true;
    float *map = malloc(u->header.map_elements * sizeof *map);
    if (!map) return error_memory(e);
    memcpy(map, u->map, u->header.map_elements * sizeof *map);
    struct map_row m = {row->name, key, run->inputs[chain->root].global[0], {3, {s.channels, s.height, s.width}}, map};
    bool ok = store_put_map(run->store, &m, e);
    free(map);
    return ok;
}

static bool put_unit(struct run *run, struct chain *chain, const struct unpacked *u, struct error *e) {
    const char *key = run->plan.attributions[u->header.attribution].key;
    struct unit_row unit = {run->rows[chain->row].name, key, (enum unit_status)u->header.status, u->header.why,
                            u->header.seconds};
    chain->at++;
    return store_begin(run->store, e) && store_put_unit(run->store, &unit, e) && put_pairs(run, chain, u, key, e) &&
           put_checks(run, chain, u, e) && put_map(run, chain, u, key, e) && store_commit(run->store, e);
}

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
    struct unpacked u;
    if (type == RECORD_ORIGINAL)
        return memchr(data, 0, size) ? check_original(run, chain, data, e)
                                     : error_set(e, "a worker of explainer %s sent a message that is damaged",
                                                 run->rows[chain->row].name);
    return unpack(run, chain, data, size, &u, e) && put_unit(run, chain, &u, e);
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
