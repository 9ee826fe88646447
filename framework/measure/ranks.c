/* Ranks by a radix sort of the bits of floats. */
#include "measure/ranks.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The highest digit is the widest: values of a map share few exponents, and entries that go one after the other to the
 * same bucket wait for its counter. For the same reason that digit has two counters, for entries from either end. */
#define LOW_BITS 10
#define MIDDLE_BITS 9
#define HIGH_BITS 13
#define KEY_SHIFT 32

struct counters {
    uint32_t low[1 << LOW_BITS], middle[1 << MIDDLE_BITS], high[2][1 << HIGH_BITS];
};

static uint32_t key_of(float value) {
    uint32_t bits;
    float positive_zero = value + 0.f;
    memcpy(&bits, &positive_zero, sizeof bits);
    return bits ^ ((uint32_t)((int32_t)bits >> 31) | 0x80000000u);
}

static uint32_t low_digit(uint64_t entry) {
    return (uint32_t)(entry >> KEY_SHIFT) & ((1u << LOW_BITS) - 1);
}

static uint32_t middle_digit(uint64_t entry) {
    return (uint32_t)(entry >> (KEY_SHIFT + LOW_BITS)) & ((1u << MIDDLE_BITS) - 1);
}

static uint32_t high_digit(uint64_t entry) {
    return (uint32_t)(entry >> (KEY_SHIFT + LOW_BITS + MIDDLE_BITS));
}

static uint32_t key_in(uint64_t entry) {
    return (uint32_t)(entry >> KEY_SHIFT);
}

/* Counts become the places where buckets start, those of high[1] where they end. */
static void make_places(struct counters *c) {
    uint32_t low = 0, middle = 0, high = 0;
    for (size_t i = 0; i < 1u << LOW_BITS; i++) {
        uint32_t here = c->low[i];
        c->low[i] = low;
        low += here;
    }
    for (size_t i = 0; i < 1u << MIDDLE_BITS; i++) {
        uint32_t here = c->middle[i];
        c->middle[i] = middle;
        middle += here;
    }
    for (size_t i = 0; i < 1u << HIGH_BITS; i++) {
        uint32_t here = c->high[0][i] + c->high[1][i];
        c->high[0][i] = high;
        high += here;
        c->high[1][i] = high;
    }
}

static void count_digits(struct counters *c, unsigned end, uint64_t entry) {
    c->low[low_digit(entry)]++;
    c->middle[middle_digit(entry)]++;
    c->high[end][high_digit(entry)]++;
}

uint64_t *order_values(const float *values, size_t n, uint64_t *scratch) {
    struct counters c;
    uint64_t *a = scratch, *b = scratch + n;

    memset(&c, 0, sizeof c);
    for (size_t i = 0; i < n; i++) a[i] = (uint64_t)key_of(values[i]) << KEY_SHIFT | (uint32_t)i; /* many at a time */
    for (size_t i = 0, last = n - 1; i < n / 2; i++, last--) {
        count_digits(&c, 0, a[i]);
        count_digits(&c, 1, a[last]);
    }
    if (n % 2) count_digits(&c, 0, a[n / 2]);
    make_places(&c);
    for (size_t i = 0; i < n; i++) b[c.low[low_digit(a[i])]++] = a[i];
    for (size_t i = 0; i < n; i++) a[c.middle[middle_digit(b[i])]++] = b[i];
    for (size_t i = 0, last = n - 1; i < n / 2; i++, last--) {
        b[c.high[0][high_digit(a[i])]++] = a[i];
        b[--c.high[1][high_digit(a[last])]] = a[last];
    }
    if (n % 2) b[c.high[0][high_digit(a[n / 2])]] = a[n / 2];
    return b;
}

bool order_informative(const uint64_t *order, size_t n) {
    uint32_t lowest = key_in(order[0]), highest = key_in(order[n - 1]);
    return lowest < highest && lowest > key_of(-INFINITY) && highest < key_of(INFINITY);
}

/* Merges the negative values, from the last to the first, with the others. */
void order_magnitudes(const uint64_t *order, size_t n, uint64_t *to) {
    const uint64_t flip = (uint64_t)0xffffffffu << KEY_SHIFT, positive = (uint64_t)1 << 63;
    size_t left = 0; /* negative values not yet merged */

    for (size_t width = n; width; width /= 2)
        while (left + width <= n && order[left + width - 1] < positive) left += width;
    size_t right = left;
    while (left && right < n) {
        uint64_t below = order[left - 1] ^ flip, above = order[right];
        bool negative = below < above;
        *to++ = negative ? below : above;
        left -= negative;
        right += !negative;
    }
    for (; left; left--) *to++ = order[left - 1] ^ flip;
    for (; right < n; right++) *to++ = order[right];
}

size_t order_keep(uint64_t *order, size_t n, const uint8_t *mask) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        order[kept] = order[i];
        kept += mask[(uint32_t)order[i]] != 0;
    }
    return kept;
}

/* Of n ranks without ties: n (n^2 - 1) / 3. */
static double squares(size_t n) {
    bool exact = n < (size_t)1 << 21;
    return exact ? (double)((uint64_t)n * (n * n - 1) / 3) : (double)n * ((double)n * (double)n - 1) / 3;
}

double order_deviations(const uint64_t *order, size_t n, int32_t *deviation) {
    double sum = squares(n);

    for (size_t i = 0; i < n; i++) {
        size_t end = i + 1;
        deviation[(uint32_t)order[i]] = (int32_t)(2 * (int64_t)i + 1 - (int64_t)n);
        if (end == n || key_in(order[end]) != key_in(order[i])) continue;
        while (end < n && key_in(order[end]) == key_in(order[i])) end++;
        int32_t shared = (int32_t)((int64_t)(i + end) - (int64_t)n); /* the mean of those of i .. end - 1 */
        sum -= squares(end - i);
        for (; i < end; i++) deviation[(uint32_t)order[i]] = shared;
        i--;
    }
    return sum;
}

double deviations_dot(const int32_t *a, const int32_t *b, size_t n) {
    double sum[4] = {0};
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) sum[k] += (double)a[i + k] * (double)b[i + k];
    for (; i < n; i++) sum[0] += (double)a[i] * (double)b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void rank_average(const float *values, size_t n, double *ranks) {
    uint64_t *scratch = malloc((n ? n : 1) * (2 * sizeof *scratch + sizeof(int32_t)));

    if (scratch) {
        int32_t *deviation = (int32_t *)(scratch + 2 * n);
        order_deviations(order_values(values, n, scratch), n, deviation);
        for (size_t i = 0; i < n; i++) ranks[i] = ((double)deviation[i] + (double)n + 1) / 2;
    } else
        for (size_t i = 0; i < n; i++) ranks[i] = NAN;
    free(scratch);
}
