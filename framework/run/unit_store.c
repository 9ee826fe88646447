/* Units into the store: rows, digest and commit. */
#include "run/unit_store.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the table's key, in which SQLite takes rows fastest. */
static int by_key(const void *left, const void *right) {
    const struct record_pair *a = left, *b = right;
    int order = (int)a->mismatched - (int)b->mismatched; /* "matched" comes first */
    if (!order && a->measure != b->measure) order = strcmp(measures[a->measure]->id, measures[b->measure]->id);
    if (!order && a->view != b->view) order = strcmp(view_name((enum view)a->view), view_name((enum view)b->view));
    if (!order) order = (a->input > b->input) - (a->input < b->input);
    return order ? order : (a->other > b->other) - (a->other < b->other);
}

static bool put_sorted_pairs(struct run *run, const struct unit_message *u, const struct record_pair *pairs,
                             const char *key, struct error *e) {
    for (uint32_t k = 0; k < u->header.comparisons; k++) {
        const struct record_pair p = pairs[k];
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

static bool put_pairs(struct run *run, const struct unit_message *u, const char *key, struct error *e) {
    const size_t count = u->header.comparisons;
    struct record_pair *pairs = malloc((count + 1) * sizeof *pairs);
    if (!pairs) return error_memory(e);
    for (uint32_t k = 0; k < count; k++) message_pair(u, k, &pairs[k]);
    qsort(pairs, count, sizeof *pairs, by_key);
    bool ok = put_sorted_pairs(run, u, pairs, key, e);
    free(pairs);
    return ok;
}

/* The statement; behind a reading that is a code, what that stands for. NULL: out of memory. */
static char *statement_of(const struct predicate *p, double reading) {
    struct text out = {0}, name = {0};
    if (p->name_code && !isnan(reading)) p->name_code(reading, &name);
    text_add(&out, "%s", p->what);
    if (name.length) text_add(&out, " (%g: %s)", reading, name.data);
    out.failed = out.failed || name.failed;
    text_finish(&name);
    if (out.failed) text_finish(&out);
    return out.data;
}

static bool put_checks(struct run *run, const struct unit_message *u, const char *key, struct error *e) {
    for (uint32_t k = 0; k < u->header.checks; k++) {
        struct record_check c;
        message_record_check(u, k, &c);
        const struct check *check = &run->plan.checks[c.check];
        char *what = statement_of(check->predicate, c.worst);
        if (!what) return error_memory(e);
        struct check_row row = {
            .explainer = run->explainers[u->header.row].name,
            .variant = key,
            .control = run->controls[check->control].control->id,
            .id = check->predicate->id,
            .what = what,
            .input = c.input,
            .worst = c.worst,
            .tolerance = c.tolerance,
            .holds = c.worst <= c.tolerance || isnan(c.tolerance), /* of a study's reading without a limit */
        };
        bool ok = store_put_check(run->store, &row, e);
        free(what);
        if (!ok) return false;
    }
    return true;
}

static bool put_maps(struct run *run, const struct unit_message *u, const char *key, struct error *e) {
    const struct explainer_entry *row = &run->explainers[u->header.row];
    const struct input_set *set = &run->inputs[run->plan.attributions[u->header.attribution].root];
    const struct map_shape s = run_map_shape(&run->data->sample, row->reduction);
    const size_t elements = (size_t)s.channels * s.height * s.width;
    const struct experiment_view view = run_view(run);
    uint32_t places[BATTERY_FIGURE_INPUTS];
    if (!u->header.map_elements) return true;
    uint32_t count = record_kept(&view, u->header.row, u->header.attribution, places);
    float *map = malloc(elements * sizeof *map);
    bool ok = map || error_memory(e);
    for (uint32_t k = 0; ok && k < count; k++) {
        memcpy(map, u->map + k * elements * sizeof *map, elements * sizeof *map);
        struct map_row m = {row->name, key, set->global[places[k]], {3, {s.channels, s.height, s.width}}, map};
        ok = store_put_map(run->store, &m, e);
    }
    free(map);
    return ok;
}

bool unit_store_put(struct run *run, const struct unit_message *u, struct error *e) {
    const char *key = run->plan.attributions[u->header.attribution].key, *name = run->explainers[u->header.row].name;
    struct unit_row unit = {name, key, (enum unit_status)u->header.status, u->header.why, u->header.seconds};
    return store_begin(run->store, e) && store_put_unit(run->store, &unit, e) && put_pairs(run, u, key, e) &&
           put_checks(run, u, key, e) && put_maps(run, u, key, e) && store_seal_unit(run->store, name, key, e) &&
           store_commit(run->store, e);
}

bool unit_store_missing(struct run *run, uint32_t row, uint32_t attribution, const char *why, struct error *e) {
    const char *name = run->explainers[row].name, *key = run->plan.attributions[attribution].key;
    if (store_has_unit(run->store, name, key)) return true;
    struct unit_row unit = {name, key, UNIT_FAILED, why, 0};
    return store_begin(run->store, e) && store_put_unit(run->store, &unit, e) &&
           store_seal_unit(run->store, name, key, e) && store_commit(run->store, e);
}
