/* compare.c: similarities of maps to their originals, and the record of a unit. */
#include "run/compare.h"

#include "experiment/reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct explainer_entry *row_of(const struct comparer *c) {
    return &c->view->explainers[c->row];
}

bool comparer_init(struct comparer *c, const struct experiment_view *view, uint32_t row, enum root root,
                   struct channel *channel, struct error *e) {
    const struct input_set *set = &view->inputs[root];
    *c = (struct comparer){.view = view, .row = row, .root = root, .channel = channel, .set = set};
    c->shape = run_map_shape(view->sample, view->explainers[row].reduction);
    c->full = shape_count(view->sample);
    c->reduced = (size_t)c->shape.channels * c->shape.height * c->shape.width;
    size_t maps = set->count + (size_t)1;
    c->map = malloc(maps * c->reduced * sizeof *c->map);
    c->mask = malloc(maps * c->reduced);
    c->originals = calloc(maps, sizeof *c->originals);
    return (c->map && c->mask && c->originals) || error_memory(e);
}

void comparer_finish(struct comparer *c) {
    for (uint32_t i = 0; c->originals && i < c->set->count; i++) prepared_destroy(c->originals[i]);
    free(c->originals);
    free(c->map);
    free(c->mask);
    record_finish(&c->out);
}

/* The map of input i, reduced and prepared; borrows place `at` of c->map and c->mask as long as it lives. */
static struct prepared *prepare(struct comparer *c, uint32_t i, const float *maps, uint32_t at) {
    const struct shape *sample = c->view->sample;
    float *map = c->map + at * c->reduced;
    uint8_t *mask = c->mask + at * c->reduced;
    run_reduce(sample, row_of(c)->reduction, maps + i * c->full, map);
    run_nonzero(sample, row_of(c)->reduction, c->set->x + i * c->full, mask);
    return prepared_create(map, mask, &c->shape);
}

bool comparer_take_originals(struct comparer *c, const float *maps, struct error *e) {
    for (uint32_t i = 0; i < c->set->count; i++)
        if (!(c->originals[i] = prepare(c, i, maps, i))) return error_memory(e);
    return true;
}

static bool compare_input(struct comparer *c, const struct attribution *a, const float *maps, uint32_t i) {
    struct prepared *p = prepare(c, i, maps, c->set->count);
    const struct input_set *set = c->set;
    if (!p) return false;
    double similarity[VIEW_COUNT];
    for (uint32_t m = 0; (a->wants & WANT_MATCHED) && measures[m]; m++) {
        if (!measures[m]->applies(&c->shape)) continue;
        measure_compare_views(measures[m], c->originals[i], p, similarity);
        for (int v = 0; v < VIEW_COUNT; v++)
            record_comparison(&c->out, false, m, (enum view)v, set->global[i], set->global[i], similarity[v]);
    }
    /* Mismatched: the original of input i against this network's map of another input, so that only structure common to
     * all inputs is left. */
    bool others = (a->wants & WANT_MISMATCHED) && set->count > 1;
    for (uint32_t d = 0; others && d < DERANGEMENTS; d++) {
        const uint32_t *other = set->derangements + (size_t)d * set->count;
        for (uint32_t k = 0; k < set->count; k++) {
            if (other[k] != i) continue;
            measure_compare_views(measures[0], c->originals[k], p, similarity);
            for (int v = 0; v < VIEW_COUNT; v++)
                record_comparison(&c->out, true, 0, (enum view)v, set->global[k], set->global[i], similarity[v]);
        }
    }
    prepared_destroy(p);
    return true;
}

/* For the figures: the first input's map, on the original and on networks of the first draw. */
static bool is_shown(const struct attribution *a) {
    return attribution_is_plain(a) && (a->draw == 0 || a->draw == PLAN_NO_DRAW);
}

bool comparer_send(struct comparer *c, uint32_t index, const struct attributed *given, const struct answers *answers) {
    const struct attribution *a = &c->view->plan->attributions[index];
    bool ok = given->status == UNIT_OK;
    record_begin(&c->out, c->row, index, given->status, ok ? "" : given->why, given->seconds);
    for (uint32_t i = 0; ok && i < c->set->count; i++)
        if (!compare_input(c, a, given->maps, i)) return false;
    if (ok && answers) answers_check(answers, index, given, row_of(c)->claims, &c->out);
    if (ok && is_shown(a)) {
        float *map = c->map + c->set->count * c->reduced;
        run_reduce(c->view->sample, row_of(c)->reduction, given->maps, map);
        record_map(&c->out, map, c->reduced);
    }
    return record_send(&c->out, c->channel);
}

bool comparer_finite(const struct experiment_view *view, enum root root, const float *maps, struct error *e) {
    size_t full = shape_count(view->sample);
    for (uint32_t i = 0; i < view->inputs[root].count; i++)
        for (size_t k = 0; k < full; k++) {
            float value = maps[i * full + k];
            if (!isfinite(value))
                return error_set(e, "the map of input %u holds %s at element %zu.", view->inputs[root].global[i],
                                 isnan(value) ? "NaN (written, or never written)" : "an infinite value", k);
        }
    return true;
}
