/* maxpool_code.h: the body of maxpool.c, compiled once for every kind of processor, as winograd_code.h is. */
#include "nn/kernels/lanes.h"
#include "nn/kernels/maxpool.h"

/* The same tap of LANES windows. Reads no further than the last of them. */
INLINE void load_taps(const float *from, size_t step, lanes *out) {
    lanes lower, upper;
    memcpy(&lower, from, sizeof lower);
    if (step == 1) {
        *out = lower;
        return;
    }
    memcpy(&upper, from + LANES - 1, sizeof upper);
    *out = __builtin_shuffle(lower, upper, 2 * EACH - (2 * EACH >= (int32_t)LANES));
}

INLINE bool find_largest(const struct maxpool_row *r, size_t step, const float *plane, size_t first, float *largest,
                         uint32_t *index) {
    const int_lanes each = EACH * (int32_t)step;
    lanes best;
    load_taps(plane + first, step, &best);
    int_lanes at = each + (int32_t)first, numbers = best == best;
    for (size_t y = 0; y < r->rows; y++, first += r->width)
        for (size_t x = 0; x < r->columns; x++) {
            lanes v;
            load_taps(plane + first + x, step, &v);
            int_lanes better = v > best, here = each + (int32_t)(first + x);
            best = (lanes)(((int_lanes)v & better) | ((int_lanes)best & ~better));
            at = (here & better) | (at & ~better);
            numbers &= v == v;
        }
    memcpy(largest, &best, sizeof best);
    memcpy(index, &at, sizeof at);
    int32_t all = -1;
    for (size_t i = 0; i < LANES; i++) all &= numbers[i];
    return all != 0;
}

bool NAME(maxpool_run)(const struct maxpool_row *r, const float *plane, float *largest, uint32_t *index) {
    bool numbers = true;
    for (size_t i = 0; i < r->count; i += LANES) {
        if (i + LANES > r->count) i = r->count - LANES; /* some once more */
        size_t first = r->first + i * r->step;
        numbers &= r->step == 1 ? find_largest(r, 1, plane, first, largest + i, index + i)
                                : find_largest(r, 2, plane, first, largest + i, index + i);
    }
    return numbers;
}
