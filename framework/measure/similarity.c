/* Maps prepared for all measures of the table, and their comparison view by view. */
#include "measure/similarity.h"

#include "measure/ranks.h"
#include "measure/views.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct prepared {
    struct map_views views;
    void *kept[]; /* by measure; NULL where there is nothing, or where another measure alone was wanted */
};

size_t measure_count(void) {
    size_t count = 0;
    while (measures[count]) count++;
    return count;
}

const struct measure *measure_find(const char *id) {
    for (size_t m = 0; measures[m]; m++)
        if (strcmp(measures[m]->id, id) == 0) return measures[m];
    return NULL;
}

static size_t index_of(const struct measure *measure) {
    size_t m = 0;
    while (measures[m] && measures[m] != measure) m++;
    return m;
}

/* ---- one map ---- */

/* Whether a measure has to do with this map; `only`, unless NULL, is the one that is wanted. */
static bool concerns(const struct measure *m, const struct prepared *p, const struct measure *only) {
    return (!only || m == only) && m->applies(&p->views.shape);
}

/* Hands a view's order to the measures that asked for it. */
static bool give_order(struct prepared *p, const struct measure *only, enum view view, const uint64_t *order,
                       size_t n) {
    for (size_t m = 0; p->views.informative[view] && measures[m]; m++)
        if ((measures[m]->needs & MEASURE_NEEDS_ORDER) && concerns(measures[m], p, only) &&
            !measures[m]->take_order(&p->views, p->kept[m], view, order, n))
            return false;
    return true;
}

/* The view of all pixels, and that of the pixels under the mask. */
static bool give_orders(struct prepared *p, const struct measure *only, bool absolute, uint64_t *order) {
    const struct map_views *v = &p->views;
    enum view all = absolute ? VIEW_ABSOLUTE_ALL : VIEW_SIGNED_ALL;
    enum view nonzero = absolute ? VIEW_ABSOLUTE_NONZERO : VIEW_SIGNED_NONZERO;

    if (!give_order(p, only, all, order, v->count)) return false;
    return !v->nonzero || give_order(p, only, nonzero, order, order_keep(order, v->count, v->nonzero));
}

/* Sorted once for all views and measures. */
static bool sort_values(struct prepared *p, const struct measure *only) {
    const struct map_views *v = &p->views;
    bool absolute = v->same_as[VIEW_ABSOLUTE_ALL] == VIEW_ABSOLUTE_ALL;
    uint64_t *scratch = malloc(v->count * 2 * sizeof *scratch);

    if (!scratch) return false;
    uint64_t *order = order_values(v->data, v->count, scratch), *other = order == scratch ? order + v->count : scratch;
    if (absolute) order_magnitudes(order, v->count, other);
    bool ok = give_orders(p, only, false, order) && (!absolute || give_orders(p, only, true, other));
    free(scratch);
    return ok;
}

static struct prepared *prepare(const float *data, const uint8_t *nonzero, const struct map_shape *shape,
                                const struct measure *only) {
    struct prepared *p = calloc(1, sizeof *p + measure_count() * sizeof *p->kept);
    bool ok = true, sorted = false;

    if (!p) return NULL;
    p->views = map_views_of(data, nonzero, shape);
    if (!p->views.range[VIEW_SIGNED_ALL].finite) return p;
    for (size_t m = 0; ok && measures[m]; m++) {
        if (!concerns(measures[m], p, only)) continue;
        ok = !measures[m]->prepare || measures[m]->prepare(&p->views, &p->kept[m]);
        sorted = sorted || (measures[m]->needs & MEASURE_NEEDS_ORDER);
    }
    if (ok && (!sorted || sort_values(p, only))) return p;
    prepared_destroy(p);
    return NULL;
}

struct prepared *prepared_create(const float *data, const uint8_t *nonzero, const struct map_shape *shape) {
    return prepare(data, nonzero, shape, NULL);
}

void prepared_destroy(struct prepared *p) {
    for (size_t m = 0; p && measures[m]; m++)
        if (p->kept[m]) measures[m]->free(p->kept[m]);
    free(p);
}

size_t prepared_size(const struct map_shape *shape, bool masked) {
    size_t size = sizeof(struct prepared) + measure_count() * sizeof(void *);
    for (size_t m = 0; measures[m]; m++)
        if (measures[m]->size && measures[m]->applies(shape)) size += measures[m]->size(shape, masked);
    return size;
}

/* ---- pairs ---- */

/* Whether both maps show the same pixels where the input is not zero. */
static bool same_pixels(const struct map_views *a, const struct map_views *b) {
    if (a->nonzero == b->nonzero) return true;
    return a->nonzero && b->nonzero && memcmp(a->nonzero, b->nonzero, a->count) == 0;
}

static bool same_shape(const struct map_shape *a, const struct map_shape *b) {
    return a->channels == b->channels && a->height == b->height && a->width == b->width;
}

/* False: out of memory. The views in `asked`; of those that hold the same pixels on both sides the first is computed.
 */
static bool compare(const struct measure *measure, const struct prepared *a, const struct prepared *b,
                    const bool asked[VIEW_COUNT], double similarity[VIEW_COUNT]) {
    const struct map_views *va = &a->views, *vb = &b->views;
    bool wanted[VIEW_COUNT] = {false};
    size_t m = index_of(measure);

    for (unsigned v = 0; v < VIEW_COUNT; v++) similarity[v] = NAN;
    if (!measures[m] || !same_shape(&va->shape, &vb->shape) || !measure->applies(&va->shape)) return true;
    struct prepared *again = same_pixels(va, vb) ? NULL : prepare(vb->data, va->nonzero, &vb->shape, measure);
    if (!again && !same_pixels(va, vb)) return false;
    if (again) vb = &again->views;
    unsigned first[VIEW_COUNT];
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        for (first[v] = 0; va->same_as[first[v]] != va->same_as[v] || vb->same_as[first[v]] != vb->same_as[v];)
            first[v]++;
        wanted[first[v]] = wanted[first[v]] || (asked[v] && va->informative[v] && vb->informative[v]);
    }
    measure->compare(&(struct measure_side){va, a->kept[m]}, &(struct measure_side){vb, (again ? again : b)->kept[m]},
                     wanted, similarity);
    for (unsigned v = 0; v < VIEW_COUNT; v++) similarity[v] = wanted[first[v]] ? similarity[first[v]] : (double)NAN;
    prepared_destroy(again);
    return true;
}

double measure_compare(const struct measure *measure, const struct prepared *a, const struct prepared *b,
                       enum view view) {
    bool asked[VIEW_COUNT] = {false};
    double similarity[VIEW_COUNT];

    asked[view] = true;
    compare(measure, a, b, asked, similarity);
    return similarity[view];
}

bool measure_compare_views(const struct measure *measure, const struct prepared *a, const struct prepared *b,
                           double similarity[VIEW_COUNT]) {
    static const bool all[VIEW_COUNT] = {true, true, true, true};
    return compare(measure, a, b, all, similarity);
}
