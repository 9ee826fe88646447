/* lanes.h: vectors of eight, for the files compiled for processors that have them. */
#ifndef ASSAY_NN_KERNELS_LANES_H
#define ASSAY_NN_KERNELS_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 8u
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t places __attribute__((vector_size(LANES * sizeof(int32_t))));

#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *from) {
    lanes v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(float *to, lanes v) {
    memcpy(to, &v, sizeof v);
}

/* m[LANES], rows and columns exchanged. */
INLINE void transpose(lanes *m) {
    lanes t[LANES], u[LANES];
    for (int i = 0; i < 4; i++) {
        t[2 * i] = __builtin_shuffle(m[2 * i], m[2 * i + 1], (places){0, 8, 1, 9, 4, 12, 5, 13});
        t[2 * i + 1] = __builtin_shuffle(m[2 * i], m[2 * i + 1], (places){2, 10, 3, 11, 6, 14, 7, 15});
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            u[i + 2 * k] = __builtin_shuffle(t[i + k], t[i + k + 2], (places){0, 1, 8, 9, 4, 5, 12, 13});
            u[i + 2 * k + 1] = __builtin_shuffle(t[i + k], t[i + k + 2], (places){2, 3, 10, 11, 6, 7, 14, 15});
        }
    for (int i = 0; i < 4; i++) {
        m[i] = __builtin_shuffle(u[i], u[i + 4], (places){0, 1, 2, 3, 8, 9, 10, 11});
        m[i + 4] = __builtin_shuffle(u[i], u[i + 4], (places){4, 5, 6, 7, 12, 13, 14, 15});
    }
}

/* Lanes [from, to). */
INLINE places lanes_between(ptrdiff_t from, ptrdiff_t to) {
    places lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return (lane >= (int32_t)from) & (lane < (int32_t)to);
}

#endif
