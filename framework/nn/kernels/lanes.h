/* lanes.h: vectors of eight, or of as many floats as the including file says, for the files compiled for processors
 * that have them. */
#ifndef ASSAY_NN_KERNELS_LANES_H
#define ASSAY_NN_KERNELS_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef LANES
#define LANES 8u /* or 4, or 16 */
#endif
#define OCTET 8u
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t int_lanes __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef float octet __attribute__((vector_size(OCTET * sizeof(float))));
typedef int32_t octet_places __attribute__((vector_size(OCTET * sizeof(int32_t))));

#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *from) {
    lanes v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE octet load_octet(const float *from) {
    octet v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(float *to, lanes v) {
    memcpy(to, &v, sizeof v);
}

/* Two vectors, four lanes at a time ("quads"): the lower or upper half of each quad of a and of b by turns, one or two
 * elements at a time; and every second quad of a, then of b. One instruction each. */
#if LANES == 4
#define EACH ((int_lanes){0, 1, 2, 3})
#define LOWER_ONES ((int_lanes){0, 4, 1, 5})
#define UPPER_ONES ((int_lanes){2, 6, 3, 7})
#define LOWER_TWOS ((int_lanes){0, 1, 4, 5})
#define UPPER_TWOS ((int_lanes){2, 3, 6, 7})
#elif LANES == 8
#define EACH ((int_lanes){0, 1, 2, 3, 4, 5, 6, 7})
#define LOWER_ONES ((int_lanes){0, 8, 1, 9, 4, 12, 5, 13})
#define UPPER_ONES ((int_lanes){2, 10, 3, 11, 6, 14, 7, 15})
#define LOWER_TWOS ((int_lanes){0, 1, 8, 9, 4, 5, 12, 13})
#define UPPER_TWOS ((int_lanes){2, 3, 10, 11, 6, 7, 14, 15})
#define EVEN_QUADS ((int_lanes){0, 1, 2, 3, 8, 9, 10, 11})
#define ODD_QUADS ((int_lanes){4, 5, 6, 7, 12, 13, 14, 15})
#else
#define EACH ((int_lanes){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
#define LOWER_ONES ((int_lanes){0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29})
#define UPPER_ONES ((int_lanes){2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31})
#define LOWER_TWOS ((int_lanes){0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29})
#define UPPER_TWOS ((int_lanes){2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31})
#define EVEN_QUADS ((int_lanes){0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27})
#define ODD_QUADS ((int_lanes){4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31})
#endif

/* m[4]: in each quad, rows and columns exchanged. */
INLINE void transpose_quads(lanes *m) {
    lanes a = __builtin_shuffle(m[0], m[1], LOWER_ONES), b = __builtin_shuffle(m[0], m[1], UPPER_ONES);
    lanes c = __builtin_shuffle(m[2], m[3], LOWER_ONES), d = __builtin_shuffle(m[2], m[3], UPPER_ONES);
    m[0] = __builtin_shuffle(a, c, LOWER_TWOS);
    m[1] = __builtin_shuffle(a, c, UPPER_TWOS);
    m[2] = __builtin_shuffle(b, d, LOWER_TWOS);
    m[3] = __builtin_shuffle(b, d, UPPER_TWOS);
}

/* Columns, columns[OCTET], of LANES rows of an octet each. */
INLINE void transpose(const octet *rows, lanes *columns) {
    lanes m[OCTET];
#if LANES == 4
    for (size_t i = 0; i < OCTET; i++) m[i] = load((const float *)&rows[i % 4] + i / 4 * 4);
#elif LANES == 8
    for (size_t i = 0; i < OCTET; i++) m[i] = rows[i];
#else
    for (size_t i = 0; i < OCTET; i++) /* with quads 0, 2 and 1, 3 of the columns side by side */
        m[i] = __builtin_shufflevector(rows[i % 4 + i / 4 * 8], rows[i % 4 + i / 4 * 8 + 4], 0, 1, 2, 3, 4, 5, 6, 7, 8,
                                       9, 10, 11, 12, 13, 14, 15);
#endif
    transpose_quads(m);
    transpose_quads(m + 4);
#if LANES == 4
    for (size_t i = 0; i < OCTET; i++) columns[i] = m[i];
#else
    for (size_t i = 0; i < 4; i++) {
        columns[i] = __builtin_shuffle(m[i], m[i + 4], EVEN_QUADS);
        columns[i + 4] = __builtin_shuffle(m[i], m[i + 4], ODD_QUADS);
    }
#endif
}

/* Elements `step` apart. */
INLINE lanes load_spaced(const float *from, size_t step) {
#define FOUR_FROM(i) from[(i)*step], from[((i) + 1) * step], from[((i) + 2) * step], from[((i) + 3) * step]
#if LANES == 4
    return (lanes){FOUR_FROM(0)};
#elif LANES == 8
    return (lanes){FOUR_FROM(0), FOUR_FROM(4)};
#else
    return (lanes){FOUR_FROM(0), FOUR_FROM(4), FOUR_FROM(8), FOUR_FROM(12)};
#endif
#undef FOUR_FROM
}

/* Lanes [from, to). */
INLINE int_lanes lanes_between(ptrdiff_t from, ptrdiff_t to) {
    return (EACH >= (int32_t)from) & (EACH < (int32_t)to);
}

#endif
