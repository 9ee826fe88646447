/* compare.c: similarities of maps to their originals, and the record of a unit. */
#include "run/compare.h"

#include "experiment/reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct explainer_entry *row_of(const struct comparer *c) {
    return &c->view->explainers[c->row];
}

static size_t map_bytes(const struct map_shape *shape) {
    return (size_t)shape->channels * shape->height * shape->width * (sizeof(float) + 1);
}

/* How many originals are kept prepared: they keep their maps in memory. */
static uint32_t ready_of(const struct map_shape *shape, uint32_t inputs, bool masked, size_t bytes) {
    size_t most = bytes / (prepared_size(shape, masked) + map_bytes(shape)) + 1;
    return inputs < most ? inputs : (uint32_t)most;
}

size_t comparer_size(const struct shape *sample, enum reduction reduction, uint32_t inputs, bool masked, size_t bytes) {
    const struct map_shape shape = run_map_shape(sample, reduction);
    const size_t maps = (inputs + (size_t)1) * map_bytes(&shape), resident = backed_resident(maps);
    const size_t sorting = 2 * sizeof(uint64_t) * (map_bytes(&shape) / (sizeof(float) + 1));
    const size_t prepared = ready_of(&shape, inputs, masked, bytes) + (size_t)2;
    const size_t pages = (prepared + 1) * map_bytes(&shape); /* where they are not all there */
    return (resident || maps < pages ? maps : pages) + sorting + prepared * prepared_size(&shape, masked);
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
    if (!backed_create(maps * map_bytes(&c->shape), &c->held, e)) return false;
    c->map = c->held.data;
    c->mask = (uint8_t *)(c->map + maps * c->reduced);
    c->originals = calloc(maps, sizeof *c->originals);
    c->kept = malloc((view->figure_input_count + 1) * c->reduced * sizeof *c->kept);
    c->places = malloc((view->figure_input_count + 1) * sizeof *c->places);
    return (c->originals && c->kept && c->places) || error_memory(e);
}

void comparer_finish(struct comparer *c) {
    for (uint32_t i = 0; c->originals && i < c->set->count; i++) prepared_destroy(c->originals[i]);
    prepared_destroy(c->again);
    free(c->originals);
    backed_destroy(&c->held);
    free(c->kept);
    free(c->places);
    record_finish(&c->out);
}

#define SCRATCH 0u /* place of the map that is compared now; behind it that of input i */

static float *map_at(const struct comparer *c, uint32_t place) {
    return c->map + place * c->reduced;
}

static uint8_t *mask_at(const struct comparer *c, uint32_t place) {
    return c->mask + place * c->reduced;
}

/* Nothing borrows that original now. */
static void let_go(const struct comparer *c, uint32_t i) {
    backed_release(&c->held, map_at(c, 1 + i), c->reduced * sizeof *c->map);
    backed_release(&c->held, mask_at(c, 1 + i), c->reduced);
}

/* Where the input is not at the baseline. */
static void find_mask(const struct comparer *c, uint32_t i, uint8_t *mask) {
    run_nonzero(c->view->sample, row_of(c)->reduction, c->set->x + i * c->full, mask);
    input_set_release(c->set, i, 1, c->full);
}

/* Borrows the place as long as it lives. */
static struct prepared *prepare_place(const struct comparer *c, uint32_t place) {
    return prepared_create(map_at(c, place), mask_at(c, place), &c->shape);
}

bool comparer_take_originals(struct comparer *c, uint32_t first, uint32_t n, const float *maps, struct error *e) {
    for (uint32_t i = first; i < first + n; i++) {
        run_reduce(c->view->sample, row_of(c)->reduction, maps + (i - first) * c->full, map_at(c, 1 + i));
        find_mask(c, i, mask_at(c, 1 + i));
        if (i >= c->ready) let_go(c, i);
        else if (!(c->originals[i] = prepare_place(c, 1 + i))) return error_memory(e);
    }
    return true;
}

/* The original of input i; one that is not kept is there until another is asked for. NULL: out of memory. */
static struct prepared *original(struct comparer *c, uint32_t i) {
    if (i < c->ready) return c->originals[i];
    if (!c->again || c->again_of != i) {
        prepared_destroy(c->again);
        if (c->again) let_go(c, c->again_of);
        c->again_of = i;
        c->again = prepare_place(c, 1 + i);
    }
    return c->again;
}

struct comparing {
    struct comparer *c;
    uint32_t first;
    enum comparer_maps how;
    const float *maps;    /* COMPARER_GIVEN: from the first on */
    struct prepared *map; /* of input `at` */
    uint32_t at;
    bool owned; /* the map is made for this comparison */
};

static void drop_map(struct comparing *now) {
    if (now->owned) prepared_destroy(now->map);
    if (now->map && now->how == COMPARER_SAME && now->owned) let_go(now->c, now->at);
    now->map = NULL;
}

static struct prepared *prepare_scratch(const struct comparing *now, uint32_t other) {
    const struct comparer *c = now->c;
    float *map = map_at(c, SCRATCH);
    if (now->how == COMPARER_AGAIN) memcpy(map, map_at(c, 1 + other), c->reduced * sizeof *map);
    else run_reduce(c->view->sample, row_of(c)->reduction, now->maps + (other - now->first) * c->full, map);
    find_mask(c, other, mask_at(c, SCRATCH));
    return prepare_place(c, SCRATCH);
}

/* The map of input `other`, in now->map. False: out of memory. */
static bool take_map(struct comparing *now, uint32_t other) {
    struct comparer *c = now->c;
    if (now->map && now->at == other) return true;
    drop_map(now);
    now->at = other;
    now->owned = now->how != COMPARER_SAME || other >= c->ready;
    if (now->how != COMPARER_SAME) now->map = prepare_scratch(now, other);
    else now->map = now->owned ? prepare_place(c, 1 + other) : c->originals[other];
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

/* Those for the figures, among the inputs that are added now. */
static void keep_maps(const struct comparing *now, uint32_t attribution, uint32_t n) {
    struct comparer *c = now->c;
    uint32_t count = record_kept(c->view, c->row, attribution, c->places);
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t place = c->places[k];
        float *out = c->kept + k * c->reduced;
        if (place < now->first || place >= now->first + n) continue;
        if (now->how != COMPARER_GIVEN) memcpy(out, map_at(c, 1 + place), c->reduced * sizeof *out);
        else run_reduce(c->view->sample, row_of(c)->reduction, now->maps + (place - now->first) * c->full, out);
    }
    record_map(&c->out, c->kept, count * c->reduced);
}

void comparer_begin(struct comparer *c, uint32_t attribution) {
    record_begin(&c->out, c->row, attribution, UNIT_OK, "", 0);
}

bool comparer_add(struct comparer *c, uint32_t first, uint32_t n, enum comparer_maps how, const float *maps) {
    struct comparing now = {.c = c, .first = first, .how = how, .maps = maps};
    const uint32_t attribution = c->out.header.attribution;
    bool ok = record_each_asked_of(c->view, c->row, attribution, first, n, compare_one, &now);
    drop_map(&now);
    if (ok) keep_maps(&now, attribution, n);
    return ok;
}

bool comparer_send(struct comparer *c, uint32_t attribution, enum unit_status status, const char *why, double seconds) {
    if (status != UNIT_OK) record_begin(&c->out, c->row, attribution, status, why, seconds);
    c->out.header.seconds = seconds;
    record_order_checks(&c->out);
    return record_send(&c->out, c->channel);
}

bool comparer_finite(const struct experiment_view *view, enum root root, uint32_t first, uint32_t n, const float *maps,
                     struct error *e) {
    size_t full = shape_count(view->sample);
    for (uint32_t i = 0; i < n; i++)
        for (size_t k = 0; k < full; k++) {
            float value = maps[i * full + k];
            if (!isfinite(value))
                return error_set(e, "the map of input %u holds %s at element %zu.",
                                 view->inputs[root].global[first + i],
                                 isnan(value) ? "NaN (written, or never written)" : "an infinite value", k);
        }
    return true;
}
