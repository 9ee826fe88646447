/* Pearson's correlation of the values: what large values have in common. */
#include "measure/similarity.h"
#include "measure/values.h"

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    compare_values(a, b, wanted, similarity, pearson);
}

const struct measure measure_pearson = {
    .id = "pearson",
    .title = "Pearson correlation",
    .symbol = "r",
    .unit = "",
    .summary = "correlation of the values",
    .source = "Pearson 1895, doi:10.1098/rspl.1895.0041",
    .highest = 1,
    .axes = {{-.2, .2}, {-.5, .5}, {-1, .5}},
    .chosen = true,
    .applies = values_apply,
    .compare = compare,
};
