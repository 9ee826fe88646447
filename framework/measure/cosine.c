/* The cosine of the angle between two maps: as Pearson's correlation, but of values that are not centred. */
#include "measure/values.h"

#include <math.h>

/* In units of the largest value, whose squares neither overflow nor vanish. */
static double largest(const double *x, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, fabs(x[i]));
    return most;
}

static double cosine(const double *a, const double *b, size_t n) {
    double unit_a = largest(a, n), unit_b = largest(b, n), ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        double x = a[i] / unit_a, y = b[i] / unit_b;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    double c = ab / sqrt(aa * bb);
    return isnan(c) ? (double)NAN : fmax(-1, fmin(1, c));
}

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    compare_values(a, b, wanted, similarity, cosine);
}

const struct measure measure_cosine = {
    .id = "cosine",
    .title = "Cosine similarity",
    .symbol = "cos",
    .unit = "",
    .summary = "cosine of the angle between the maps, not centred",
    .source = "Sixt et al. 2020, arXiv:1912.09818",
    .highest = 1,
    .axes = {{-.2, .2}, {-.5, .5}, {-1, .5}},
    .chosen = true,
    .applies = values_apply,
    .compare = compare,
};
