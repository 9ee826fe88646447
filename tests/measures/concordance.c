/* A third measure of every run, and a table that has it: linked in place of framework/measure/table.c, so that all else
 * is as it is in the program. The concordance correlation of the values (Lin 1989, doi:10.2307/2532051) keeps nothing.
 */
#include "measure/values.h"

#include <math.h>

static double concordance(const double *a, const double *b, size_t n) {
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;

    for (size_t i = 0; i < n; i++) ma += a[i] / (double)n, mb += b[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        aa += (a[i] - ma) * (a[i] - ma) / (double)n;
        bb += (b[i] - mb) * (b[i] - mb) / (double)n;
        ab += (a[i] - ma) * (b[i] - mb) / (double)n;
    }
    return fmin(1, 2 * ab / (aa + bb + (ma - mb) * (ma - mb)));
}

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    compare_values(a, b, wanted, similarity, concordance);
}

static const struct measure measure_concordance = {
    .id = "concordance",
    .title = "Concordance correlation",
    .symbol = "r",
    .unit = "of values",
    .summary = "agreement of the values with the line of equality",
    .source = "Lin 1989, doi:10.2307/2532051",
    .highest = 1,
    .axes = {{-.75, .25}, {-.75, .25}, {-1, .25}},
    .applies = values_apply,
    .compare = compare,
};

const struct measure *const measures[] = {&measure_spearman, &measure_ssim, &measure_concordance, NULL};
