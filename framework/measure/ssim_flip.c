/* SSIM of two maps or of one and the other's negative, whichever is more: a map that keeps its structure and turns its
 * sign is the same map to the eye. */
#include "measure/views.h"

#include <math.h>
#include <stdlib.h>

static bool applies(const struct map_shape *s) {
    return measure_ssim.applies(s);
}

static bool keep(const struct map_views *views, struct measure_side *side) {
    *side = (struct measure_side){views, NULL};
    return measure_ssim.prepare(views, &side->kept);
}

static void let_go(struct measure_side *side) {
    if (side->kept) measure_ssim.free(side->kept);
}

/* Of the signed views, which are the ones that a sign can turn. */
static void take_larger(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                        double similarity[VIEW_COUNT]) {
    const struct map_views *v = b->views;
    float *negative = malloc(v->count * sizeof *negative);
    double other[VIEW_COUNT] = {0};
    for (size_t i = 0; negative && i < v->count; i++) negative[i] = -v->data[i];
    struct map_views views = negative ? map_views_of(negative, v->nonzero, &v->shape) : *v;
    struct measure_side side = {0};
    bool ok = negative && keep(&views, &side);
    if (ok) measure_ssim.compare(a, &side, wanted, other);
    for (unsigned k = 0; k < VIEW_COUNT; k++)
        if (wanted[k] && !view_is_absolute((enum view)k))
            similarity[k] = ok ? fmax(similarity[k], other[k]) : (double)NAN;
    let_go(&side);
    free(negative);
}

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    struct measure_side x = {0}, y = {0};
    bool ok = keep(a->views, &x) && keep(b->views, &y);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        if (wanted[v]) similarity[v] = (double)NAN;
    if (ok) measure_ssim.compare(&x, &y, wanted, similarity);
    if (ok) take_larger(&x, &y, wanted, similarity);
    let_go(&x);
    let_go(&y);
}

const struct measure measure_ssim_flip = {
    .id = "ssim-flip",
    .title = "SSIM, whatever the sign",
    .symbol = "SSIM",
    .unit = "whatever the sign",
    .summary = "the larger SSIM of the map and of its negative",
    .source = "after Wang et al. 2004, doi:10.1109/TIP.2003.819861",
    .highest = 1,
    .axes = {{-.2, .2}, {-.5, .5}, {-1, .5}},
    .chosen = true,
    .applies = applies,
    .compare = compare,
};
