/* ranks.h: ranks by a radix sort. The order of a map's values is found once; that of their magnitudes, and of the
 * pixels under a mask, follow from it without sorting again. */
#ifndef ASSAY_MEASURE_RANKS_H
#define ASSAY_MEASURE_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entries in ascending order: a key that compares as an unsigned number like the float does (-0 equal to +0) in the
 * upper 32 bits, the value's index in the lower. n <= 2^31. Lies in one half of scratch[2 * n]. */
uint64_t *order_values(const float *values, size_t n, uint64_t *scratch);
/* Whether all values are finite (NaN sorts beyond an infinity) and not all equal. n > 0. */
bool order_informative(const uint64_t *order, size_t n);
/* The order of the magnitudes of the same values; to[n] does not overlap. */
void order_magnitudes(const uint64_t *order, size_t n, uint64_t *to);
/* Keeps the entries whose mask is set; returns their number. */
size_t order_keep(uint64_t *order, size_t n, const uint8_t *mask);

/* deviation[index] = twice the distance of the rank from the mean rank (n + 1) / 2, ties averaged: a whole number.
 * Indices that do not occur are left alone. Returns the sum of their squares, exact as that of products below. */
double order_deviations(const uint64_t *order, size_t n, int32_t *deviation);
/* Sum of products, always in the same order; without rounding up to n = 300,000, as it stays below n^3 / 3 < 2^53. */
double deviations_dot(const int32_t *a, const int32_t *b, size_t n);

/* 1-based, ties averaged, -0 equal to +0; n <= 2^31, no NaN among the values. All ranks NaN when out of memory. */
void rank_average(const float *values, size_t n, double *ranks);

#endif
