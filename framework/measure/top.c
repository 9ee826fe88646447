/* The overlap of the highest tenth of the values: what a reader of a thresholded map sees. */
#include "measure/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Which values are among the highest k: those above the k-th wholly, those that equal it each in part, so that ties do
 * not depend on their places. */
struct top {
    double least, part;
};

static void find_top(const double *x, size_t n, size_t k, double *sorted, struct top *out) {
    memcpy(sorted, x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, descending);
    size_t above = 0, ties = 0;
    for (size_t i = 0; i < n; i++) {
        above += sorted[i] > sorted[k - 1];
        ties += sorted[i] == sorted[k - 1];
    }
    *out = (struct top){sorted[k - 1], (double)(k - above) / (double)ties};
}

static double share_of(const struct top *t, double value) {
    return value > t->least ? 1 : value == t->least ? t->part : 0;
}

static double overlap(const double *a, const double *b, size_t n) {
    size_t k = (n + 9) / 10;
    double *sorted = malloc(n * sizeof *sorted), common = 0;
    struct top ta, tb;
    if (!sorted) return (double)NAN;
    find_top(a, n, k, sorted, &ta);
    find_top(b, n, k, sorted, &tb);
    for (size_t i = 0; i < n; i++) common += fmin(share_of(&ta, a[i]), share_of(&tb, b[i]));
    free(sorted);
    return fmin(1, common / (double)k);
}

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    compare_values(a, b, wanted, similarity, overlap);
}

const struct measure measure_top = {
    .id = "top-10",
    .title = "Overlap of the top 10 %",
    .symbol = "top",
    .unit = "",
    .summary = "share of the highest tenth of the values that both maps have; .1 by chance",
    .source = "Ghorbani et al. 2019, arXiv:1710.10547",
    .highest = 1,
    .axes = {{0, .2}, {0, .2}, {0, .2}},
    .chosen = true,
    .applies = values_apply,
    .compare = compare,
};
