#include "measure/kernels.h"
#include "measure/similarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS 3 /* 3 x 11 bits cover the 32 of a key */
#define BUCKETS (1u << DIGIT_BITS)

struct range range_of(const float *values, size_t n, const uint8_t *mask) {
    struct range r = {.low = INFINITY, .high = -INFINITY, .finite = true};

    for (size_t i = 0; i < n; i++) {
        if (mask && !mask[i]) continue;
        float v = values[i];
        r.finite = r.finite && isfinite(v);
        r.low = v < r.low ? v : r.low;
        r.high = v > r.high ? v : r.high;
        r.count++;
    }
    return r;
}

bool range_informative(const struct range *r) {
    return r->finite && r->count >= VIEW_LEAST_PIXELS && r->low < r->high;
}

/* A key that sorts as an unsigned number like the float does; -0 equals +0. */
static uint32_t ordered_key(float value) {
    uint32_t bits;

    if (value == 0) value = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static unsigned digit_of(uint64_t pair, int digit) {
    return (unsigned)(pair >> (32 + DIGIT_BITS * digit)) & (BUCKETS - 1);
}

/* Sorts pairs (key << 32 | index) by key with a radix sort from the lowest digit. Both arrays hold n; returns
 * the one with the result. */
static uint64_t *sort_pairs(uint64_t *from, uint64_t *to, size_t n) {
    uint32_t counts[DIGITS][BUCKETS] = {0};

    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++) counts[d][digit_of(from[i], d)]++;
    for (int d = 0; d < DIGITS; d++) {
        uint32_t *count = counts[d], start = 0;
        if (count[digit_of(from[0], d)] == n) continue;
        for (size_t i = 0; i < BUCKETS; i++) {
            uint32_t here = count[i];
            count[i] = start;
            start += here;
        }
        for (size_t i = 0; i < n; i++) to[count[digit_of(from[i], d)]++] = from[i];
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

void rank_average_in(const float *values, size_t n, uint64_t *scratch, double *ranks) {
    if (!n) return;
    for (size_t i = 0; i < n; i++) scratch[i] = (uint64_t)ordered_key(values[i]) << 32 | i;
    const uint64_t *sorted = sort_pairs(scratch, scratch + n, n);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && sorted[end] >> 32 == sorted[first] >> 32;) end++;
        double rank = (double)(first + 1 + end) / 2; /* mean of first+1 .. end */
        for (size_t i = first; i < end; i++) ranks[(uint32_t)sorted[i]] = rank;
    }
}

void rank_average(const float *values, size_t n, double *ranks) {
    uint64_t *scratch = malloc((n ? n : 1) * 2 * sizeof *scratch);

    if (scratch) rank_average_in(values, n, scratch, ranks);
    else
        for (size_t i = 0; i < n; i++) ranks[i] = NAN;
    free(scratch);
}

/* Four partial sums: quicker, and a smaller rounding error, than one. */
double dot(const double *a, const double *b, size_t n) {
    double sum[4] = {0};
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++) sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
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
    struct range range_a = range_of(a, n, NULL), range_b = range_of(b, n, NULL);
    double *ranks, result = NAN;

    if (!range_informative(&range_a) || !range_informative(&range_b)) return NAN;
    ranks = malloc(2 * n * sizeof *ranks);
    if (!ranks) return NAN;
    rank_average(a, n, ranks);
    rank_average(b, n, ranks + n);
    result = pearson(ranks, ranks + n, n);
    free(ranks);
    return result;
}
