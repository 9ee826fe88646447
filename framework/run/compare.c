/* compare.c: similarities of maps to their originals, and the record of a unit. */
#include "run/compare.h"

#include "experiment/reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct explainer_entry *row_of(const struct comparer *c) {
    return &c->view->explainers[c->row];
}

/* How many originals are kept prepared. */
static uint32_t ready_of(const struct map_shape *shape, uint32_t inputs, bool masked, size_t bytes) {
    size_t most = bytes / prepared_size(shape, masked) + 1;
    return inputs < most ? inputs : (uint32_t)most;
}

size_t comparer_size(const struct shape *sample, enum reduction reduction, uint32_t inputs, bool masked, size_t bytes) {
    const struct map_shape shape = run_map_shape(sample, reduction);
    size_t reduced = (size_t)shape.channels * shape.height * shape.width, maps = inputs + (size_t)1;
    size_t sorting = 2 * sizeof(uint64_t) * reduced;
    return maps * reduced * (sizeof(float) + 1) + sorting +
           (ready_of(&shape, inputs, masked, bytes) + (size_t)2) * prepared_size(&shape, masked);
}

bool comparer_init(struct comparer *c, const struct experiment_view *view, uint32_t row, enum root root,
                   struct channel *channel, struct error *e) {
    const struct input_set *set = &view->inputs[root];
    *c = (struct comparer){.view = view, .row = row, .root = root, .channel = channel, .set = set};
    c->shape = run_map_shape(view->sample, view->explainers[row].reduction);
    c->full = shape_count(view->sample);
    c->reduced = (size_t)c->shape.channels * c->shape.height * c->shape.width;
    size_t maps = set->count + (size_t)1;
    c->ready = ready_of(&c->shape, set->count, set->zero_share > 0, view->prepared);
    c->map = malloc(maps * c->reduced * sizeof *c->map);
    c->mask = malloc(maps * c->reduced);
    c->originals = calloc(maps, sizeof *c->originals);
    c->kept = malloc((view->figure_input_count + 1) * c->reduced * sizeof *c->kept);
    c->places = malloc((view->figure_input_count + 1) * sizeof *c->places);
    return (c->map && c->mask && c->originals && c->kept && c->places) || error_memory(e);
}

void comparer_finish(struct comparer *c) {
    for (uint32_t i = 0; c->originals && i < c->set->count; i++) prepared_destroy(c->originals[i]);
    prepared_destroy(c->again);
    free(c->originals);
    free(c->map);
    free(c->mask);
    free(c->kept);
    free(c->places);
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
    for (uint32_t i = 0; i < c->set->count; i++) {
        struct prepared *p = prepare(c, i, maps, i);
        if (!p) return error_memory(e);
        if (i < c->ready) c->originals[i] = p;
        else prepared_destroy(p);
    }
    return true;
}

static struct prepared *prepare_again(const struct comparer *c, uint32_t i) {
    return prepared_create(c->map + i * c->reduced, c->mask + i * c->reduced, &c->shape);
}

/* The original of input i; one that is not kept is there until another is asked for. NULL: out of memory. */
static struct prepared *original(struct comparer *c, uint32_t i) {
    if (i < c->ready) return c->originals[i];
    if (!c->again || c->again_of != i) {
        prepared_destroy(c->again);
        c->again_of = i;
        c->again = prepare_again(c, i);
    }
    return c->again;
}

struct comparing {
    struct comparer *c;
    const float *maps;    /* NULL: those of the original */
    struct prepared *map; /* of input `at` */
    uint32_t at;
    bool owned; /* the map is made for this comparison */
};

/* The map of input `other`, in now->map. False: out of memory. */
static bool take_map(struct comparing *now, uint32_t other) {
    struct comparer *c = now->c;
    if (now->map && now->at == other) return true;
    if (now->owned) prepared_destroy(now->map);
    now->at = other;
    now->owned = now->maps || other >= c->ready;
    if (now->maps) now->map = prepare(c, other, now->maps, c->set->count);
    else now->map = now->owned ? prepare_again(c, other) : c->originals[other];
    return now->map != NULL;
}

static bool compare_one(void *user, const struct record_asked *asked) {
    struct comparing *now = user;
    struct comparer *c = now->c;
    double similarity[VIEW_COUNT];
    if (!take_map(now, asked->other)) return false;
    struct prepared *reference = original(c, asked->input);
    if (!reference || !measure_compare_views(measures[asked->measure], reference, now->map, similarity)) return false;
    for (int v = 0; v < VIEW_COUNT; v++)
        record_comparison(&c->out, asked->mismatched, asked->measure, (enum view)v, c->set->global[asked->input],
                          c->set->global[asked->other], similarity[v]);
    return true;
}

static bool compare_all(struct comparer *c, uint32_t attribution, const float *maps) {
    struct comparing now = {.c = c, .maps = maps};
    bool ok = record_each_asked(c->view, c->row, attribution, compare_one, &now);
    if (now.owned) prepared_destroy(now.map);
    return ok;
}

static void keep_maps(struct comparer *c, uint32_t attribution, const float *maps) {
    uint32_t count = record_kept(c->view, c->row, attribution, c->places);
    for (uint32_t k = 0; k < count; k++)
        run_reduce(c->view->sample, row_of(c)->reduction, maps + c->places[k] * c->full, c->kept + k * c->reduced);
    record_map(&c->out, c->kept, count * c->reduced);
}

bool comparer_send(struct comparer *c, uint32_t index, const struct attributed *given, const struct answers *answers) {
    bool ok = given->status == UNIT_OK;
    record_begin(&c->out, c->row, index, given->status, ok ? "" : given->why, given->seconds);
    if (ok && !compare_all(c, index, given->original ? NULL : given->maps)) return false;
    if (ok && answers) answers_check(answers, index, given, row_of(c)->claims, &c->out);
    if (ok) keep_maps(c, index, given->maps);
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
