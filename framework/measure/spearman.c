#include "measure/kernels.h"
#include "measure/ranks.h"
#include "measure/similarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A float's bits as an integer in the same order, -0 below +0, and back. */
static int32_t ordered(int32_t bits) {
    return bits ^ (bits >> 31 & 0x7fffffff);
}

static float float_of(int32_t ordered_bits) {
    int32_t bits = ordered(ordered_bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value + 0.f;
}

/* In integers, which the compiler does many at a time. */
struct range range_of(const float *values, size_t n, const uint8_t *mask, bool magnitude) {
    const int32_t exponent = 0x7f800000, kept = magnitude ? INT32_MAX : -1;
    int32_t low = INT32_MAX, high = INT32_MIN, broken = 0;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        int32_t bits, in = !mask || mask[i];
        memcpy(&bits, &values[i], sizeof bits);
        bits &= kept;
        int32_t value = ordered(bits), least = in ? value : INT32_MAX, most = in ? value : INT32_MIN;
        broken |= in & ((bits & exponent) == exponent);
        low = least < low ? least : low;
        high = most > high ? most : high;
        count += (size_t)in;
    }
    return (struct range){.low = float_of(low), .high = float_of(high), .count = count, .finite = !broken};
}

bool range_informative(const struct range *r) {
    return r->finite && r->count >= VIEW_LEAST_PIXELS && r->low < r->high;
}

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
