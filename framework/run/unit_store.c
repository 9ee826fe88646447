#include "run/unit_store.h"

#include "run/unit_record.h"

#include <stdlib.h>
#include <string.h>

struct unpacked {
    struct record_header header;
    const unsigned char *pairs, *checks, *map;
};

static bool may_send(const struct run *run, const struct unit_sender *from, const struct record_header *h) {
    if (h->row >= run->explainer_count || h->attribution >= run->plan.attribution_count) return false;
    if (from->row == UNIT_YARDSTICKS) return run->explainers[h->row].yardstick;
    bool mine = false;
    for (uint32_t k = 0; k < from->count; k++) mine = mine || from->attributions[k] == h->attribution;
    return mine && h->row == from->row;
}

/* The sender may be a process that foreign code ran in: nothing of it is trusted. */
static bool unpack(const struct run *run, const struct unit_sender *from, const unsigned char *data, size_t size,
                   struct unpacked *u) {
    if (size < sizeof u->header) return false;
    memcpy(&u->header, data, sizeof u->header);
    const struct record_header *h = &u->header;
    u->header.why[sizeof h->why - 1] = 0;
    size_t pairs = h->comparisons * sizeof(struct record_pair), checks = h->checks * sizeof(struct record_check),
           map = h->map_elements * sizeof(float);
    if (size != sizeof *h + pairs + checks + map || h->status > UNIT_FAILED || !may_send(run, from, h)) return false;
    u->pairs = data + sizeof *h;
    u->checks = u->pairs + pairs;
    u->map = u->checks + checks;
    return true;
}

static bool put_pairs(struct run *run, const struct unpacked *u, const char *key, struct error *e) {
    for (uint32_t k = 0; k < u->header.comparisons; k++) {
        struct record_pair p;
        memcpy(&p, u->pairs + k * sizeof p, sizeof p);
        if (p.view >= VIEW_COUNT || p.measure >= measure_count()) continue;
        struct comparison_row row = {
            .explainer = run->explainers[u->header.row].name,
            .variant = key,
            .pairing = p.mismatched ? "mismatched" : "matched",
            .input = p.input,
            .other = p.other,
            .measure = measures[p.measure]->id,
            .view = view_name((enum view)p.view),
            .value = p.value,
        };
        if (!store_put_comparison(run->store, &row, e)) return false;
    }
    return true;
}

static bool put_checks(struct run *run, const struct unpacked *u, struct error *e) {
    for (uint32_t k = 0; k < u->header.checks; k++) {
        struct record_check c;
        memcpy(&c, u->checks + k * sizeof c, sizeof c);
        if (c.check >= run->plan.check_count) continue;
        const struct check *check = &run->plan.checks[c.check];
        struct check_row row = {
            .explainer = run->explainers[u->header.row].name,
            .control = run->controls[check->control].control->id,
            .id = check->predicate->id,
            .what = check->predicate->what,
            .input = c.input,
            .worst = c.worst,
            .tolerance = c.tolerance,
            .holds = c.worst <= c.tolerance,
        };
        if (!store_put_check(run->store, &row, e)) return false;
    }
    return true;
}

static bool put_map(struct run *run, const struct unpacked *u, const char *key, struct error *e) {
    const struct explainer_entry *row = &run->explainers[u->header.row];
    struct map_shape s = run_map_shape(&run->data->sample, row->reduction);
    if (!u->header.map_elements || u->header.map_elements != (size_t)s.channels * s.height * s.width) return true;
    float *map = malloc(u->header.map_elements * sizeof *map);
    if (!map) return error_memory(e);
    memcpy(map, u->map, u->header.map_elements * sizeof *map);
    struct map_row m = {row->name,
                        key,
                        run->inputs[run->plan.attributions[u->header.attribution].root].global[0],
                        {3, {s.channels, s.height, s.width}},
                        map};
    bool ok = store_put_map(run->store, &m, e);
    free(map);
    return ok;
}

bool unit_store_put(struct run *run, const struct unit_sender *from, const void *data, size_t size, struct error *e) {
    struct unpacked u;
    if (!unpack(run, from, data, size, &u))
        return error_set(e, "a worker of %s sent a message that is damaged",
                         from->row == UNIT_YARDSTICKS ? "the yardsticks" : run->explainers[from->row].name);
    const char *key = run->plan.attributions[u.header.attribution].key;
    struct unit_row unit = {run->explainers[u.header.row].name, key, (enum unit_status)u.header.status, u.header.why,
                            u.header.seconds};
    return store_begin(run->store, e) && store_put_unit(run->store, &unit, e) && put_pairs(run, &u, key, e) &&
           put_checks(run, &u, e) && put_map(run, &u, key, e) && store_commit(run->store, e);
}
