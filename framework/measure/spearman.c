/* Spearman's rank correlation (Spearman 1904, doi:10.2307/1412159), tied values sharing their mean rank; and Pearson's,
 * of logits. */
#include "measure/ranks.h"
#include "measure/similarity.h"
#include "measure/views.h"

#include <math.h>
#include <stdlib.h>

static double mean_of(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

static bool all_equal(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

static double largest_deviation(const double *x, double mean, size_t n) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i] - mean));
    return largest;
}

double pearson(const double *a, const double *b, size_t n) {
    double ab = 0, aa = 0, bb = 0;

    if (n < 2 || all_equal(a, n) || all_equal(b, n)) return NAN;
    double mean_a = mean_of(a, n), mean_b = mean_of(b, n);
    /* Deviations in units of the largest: their squares neither overflow nor vanish. */
    double unit_a = largest_deviation(a, mean_a, n), unit_b = largest_deviation(b, mean_b, n);
    for (size_t i = 0; i < n; i++) {
        double da = (a[i] - mean_a) / unit_a, db = (b[i] - mean_b) / unit_b;
        ab += da * db;
        aa += da * da;
        bb += db * db;
    }
    double r = ab / sqrt(aa * bb);
    return isnan(r) ? NAN : fmax(-1, fmin(1, r));
}

double spearman(const float *a, const float *b, size_t n) {
    const float *const maps[] = {a, b};
    double norm[2], r = NAN;

    if (n < VIEW_LEAST_PIXELS) return NAN;
    uint64_t *scratch = malloc(n * (2 * sizeof *scratch + 2 * sizeof(int32_t)));
    if (!scratch) return NAN;
    int32_t *rank = (int32_t *)(scratch + 2 * n);
    bool informative = true;
    for (size_t k = 0; k < 2 && informative; k++) {
        const uint64_t *order = order_values(maps[k], n, scratch);
        informative = order_informative(order, n);
        if (informative) norm[k] = order_deviations(order, n, rank + k * n);
    }
    if (informative) r = fmax(-1, fmin(1, deviations_dot(rank, rank + n, n) / sqrt(norm[0] * norm[1])));
    free(scratch);
    return r;
}

/* ---- the measure ---- */

struct ranks {
    struct {
        int32_t *deviation; /* [count], 0 where the mask leaves a pixel out; NULL: no order was given */
        double norm;        /* sum of squares */
    } view[VIEW_COUNT];
};

static bool applies(const struct map_shape *s) {
    return (size_t)s->channels * s->height * s->width >= VIEW_LEAST_PIXELS;
}

static bool prepare(const struct map_views *views, void **kept) {
    (void)views;
    return (*kept = calloc(1, sizeof(struct ranks))) != NULL;
}

static size_t size(const struct map_shape *s, bool masked) {
    return sizeof(struct ranks) + (masked ? 4 : 2) * (size_t)s->channels * s->height * s->width * sizeof(int32_t);
}

static void release(void *kept) {
    struct ranks *r = kept;
    for (unsigned v = 0; v < VIEW_COUNT; v++) free(r->view[v].deviation);
    free(r);
}

static bool take_order(const struct map_views *views, void *kept, enum view view, const uint64_t *order, size_t n) {
    struct ranks *r = kept;
    r->view[view].deviation = calloc(views->count, sizeof *r->view[view].deviation);
    if (!r->view[view].deviation) return false;
    r->view[view].norm = order_deviations(order, n, r->view[view].deviation);
    return true;
}

static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    const struct ranks *ra = a->kept, *rb = b->kept;

    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (!wanted[v]) continue;
        enum view va = a->views->same_as[v], vb = b->views->same_as[v];
        double dot = deviations_dot(ra->view[va].deviation, rb->view[vb].deviation, a->views->count);
        similarity[v] = fmax(-1, fmin(1, dot / sqrt(ra->view[va].norm * rb->view[vb].norm)));
    }
}

const struct measure measure_spearman = {
    .id = "spearman",
    .title = "Spearman correlation",
    .symbol = "\xcf\x81", /* a rho */
    .unit = "",
    .summary = "rank correlation, tied pixels share their mean rank",
    .source = "Spearman 1904, doi:10.2307/1412159",
    .highest = 1,
    .axes = {{-.2, .2}, {-.5, .5}, {-1, .5}},
    .needs = MEASURE_NEEDS_ORDER,
    .applies = applies,
    .prepare = prepare,
    .size = size,
    .free = release,
    .take_order = take_order,
    .compare = compare,
};
