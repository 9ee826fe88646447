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

/* Lanes [from, to). */
INLINE places lanes_between(ptrdiff_t from, ptrdiff_t to) {
    places lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return (lane >= (int32_t)from) & (lane < (int32_t)to);
}

#endif
