/* A third measure, and a table that has it: linked in place of framework/measure/table.c, so that all else is as it is
 * in the program. Pearson's correlation of the values (Pearson 1895, doi:10.1098/rspl.1895.0041) keeps nothing. */
#include "measure/similarity.h"

#include <math.h>
#include <stdlib.h>

static bool applies(const struct map_shape *shape) {
    (void)shape;
    return true;
}

static double correlation(const struct map_views *a, const struct map_views *b, enum view view) {
    double *pair = malloc(2 * a->count * sizeof *pair), r = NAN;
    size_t n = 0;

    for (size_t i = 0; pair && i < a->count; i++) {
        if (view_is_nonzero(view) && a->nonzero && !a->nonzero[i]) continue;
        double x = (double)a->data[i], y = (double)b->data[i];
        pair[n] = view_is_absolute(view) ? fabs(x) : x;
        pair[a->count + n++] = view_is_absolute(view) ? fabs(y) : y;
    }
    if (pair) r = pearson(pair, pair + a->count, n);
    free(pair);
    return r;
}

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        if (wanted[v]) similarity[v] = correlation(a->views, b->views, v);
}

static const struct measure measure_pearson = {
    .id = "pearson",
    .title = "Pearson correlation",
    .symbol = "r",
    .unit = "of values",
    .summary = "correlation of the values",
    .source = "Pearson 1895, doi:10.1098/rspl.1895.0041",
    .highest = 1,
    .axes = {{-.75, .25}, {-.75, .25}, {-1, .25}},
    .applies = applies,
    .compare = compare,
};

const struct measure *const measures[] = {&measure_spearman, &measure_ssim, &measure_pearson, NULL};
