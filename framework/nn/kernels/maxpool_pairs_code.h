/* maxpool_pairs_code.h: the body of maxpool_pairs.h, compiled once for every kind of processor, as winograd_code.h is.
 */
#include "nn/kernels/lanes_some.h"
#include "nn/kernels/maxpool_pairs.h"

INLINE lanes choose(int_lanes which, lanes a, lanes b) {
    return (lanes)(((int_lanes)a & which) | ((int_lanes)b & ~which));
}

/* The first and the second of n pairs each; zero behind them. */
INLINE void load_pairs(const float *from, size_t n, lanes *first, lanes *second) {
    lanes lower = load_some(from, 2 * n < LANES ? 2 * n : LANES);
    lanes upper = 2 * n > LANES ? load_some(from + LANES, 2 * n - LANES) : (lanes){0};
    *first = __builtin_shuffle(lower, upper, 2 * EACH);
    *second = __builtin_shuffle(lower, upper, 2 * EACH + 1);
}

/* n <= LANES windows side by side, the first at `at`. The lanes of what is a number in all four places stay in
 * `numbers`. */
INLINE void find_largest(const float *plane, size_t width, size_t at, size_t n, float *largest, uint32_t *index,
                         int_lanes *numbers) {
    lanes a, b, c, d, places;
    load_pairs(plane + at, n, &a, &b);
    load_pairs(plane + at + width, n, &c, &d);
    int_lanes left = a >= b, right = c >= d, place = (int32_t)at + 2 * EACH;
    lanes above = choose(left, a, b), below = choose(right, c, d);
    int_lanes up = above >= below, first = place + (~left & 1), second = place + (int32_t)width + (~right & 1);
    *numbers &= (a == a) & (b == b) & (c == c) & (d == d);
    first = (first & up) | (second & ~up);
    memcpy(&places, &first, sizeof places);
    store_some(largest, choose(up, above, below), n);
    store_some((float *)(void *)index, places, n);
}

/* `n` columns of every row, so that what it takes to read and write so many is made once. */
INLINE void find_column(const float *plane, size_t width, size_t rows, size_t columns, size_t first, size_t n,
                        float *largest, uint32_t *index, int_lanes *numbers) {
    for (size_t row = 0; row < rows; row++)
        find_largest(plane, width, 2 * (row * width + first), n, largest + row * columns + first,
                     index + row * columns + first, numbers);
}

bool NAME(maxpool_pairs)(const float *plane, size_t width, size_t rows, size_t columns, float *largest,
                         uint32_t *index) {
    int_lanes numbers = EACH == EACH;
    int32_t all = -1;
    size_t whole = columns / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        find_column(plane, width, rows, columns, i, LANES, largest, index, &numbers);
    if (whole < columns) find_column(plane, width, rows, columns, whole, columns - whole, largest, index, &numbers);
    for (size_t i = 0; i < LANES; i++) all &= numbers[i];
    return all != 0;
}

/* ---- Back ---- */

INLINE void store_pairs(float *to, size_t n, lanes first, lanes second) {
    const int_lanes by_turns = EACH / 2 + (EACH & 1) * (int32_t)LANES;
    store_some(to, __builtin_shuffle(first, second, by_turns), 2 * n < LANES ? 2 * n : LANES);
    if (2 * n > LANES)
        store_some(to + LANES, __builtin_shuffle(first, second, by_turns + (int32_t)LANES / 2), 2 * n - LANES);
}

INLINE lanes where(int_lanes which, lanes v) {
    return (lanes)((int_lanes)v & which);
}

/* As find_column. */
INLINE void pass_column(const struct maxpool_pairs_back *b, size_t first, size_t n) {
    for (size_t row = 0; row < b->rows; row++) {
        size_t from = row * b->columns + first, at = 2 * (row * b->width + first);
        lanes d = load_some(b->dy + from, n), read = load_some((const float *)(const void *)(b->index + from), n);
        int_lanes index, place = (int32_t)at + 2 * EACH, below = place + (int32_t)b->width;
        if (b->rectified) d = where(~(load_some(b->rectified + from, n) <= 0), d);
        memcpy(&index, &read, sizeof index);
        store_pairs(b->dx + at, n, where(index == place, d), where(index == place + 1, d));
        store_pairs(b->dx + at + b->width, n, where(index == below, d), where(index == below + 1, d));
    }
}

void NAME(maxpool_pairs_back)(const struct maxpool_pairs_back *b) {
    size_t whole = b->columns / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) pass_column(b, i, LANES);
    if (whole < b->columns) pass_column(b, whole, b->columns - whole);
}
