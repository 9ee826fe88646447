/* lanes_some.h: the first n lanes, of 1 to LANES, as no more may be read or written. */
#ifndef ASSAY_NN_KERNELS_LANES_SOME_H
#define ASSAY_NN_KERNELS_LANES_SOME_H

#include "nn/kernels/lanes.h"
#if defined __x86_64__
#include <immintrin.h>
#endif

#if LANES == 16 && defined __AVX512F__
INLINE lanes load_some(const float *from, size_t n) {
    return (lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from);
}
INLINE void store_some(float *to, lanes v, size_t n) {
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << n) - 1), (__m512)v);
}
#elif LANES == 8 && defined __AVX2__
INLINE lanes load_some(const float *from, size_t n) {
    return (lanes)_mm256_maskload_ps(from, (__m256i)lanes_between(0, (ptrdiff_t)n));
}
INLINE void store_some(float *to, lanes v, size_t n) {
    _mm256_maskstore_ps(to, (__m256i)lanes_between(0, (ptrdiff_t)n), (__m256)v);
}
#else
INLINE lanes load_some(const float *from, size_t n) {
    lanes v = {0};
    if (n == LANES) return load(from);
    memcpy(&v, from, n * sizeof *from);
    return v;
}
INLINE void store_some(float *to, lanes v, size_t n) {
    if (n == LANES) store(to, v);
    else memcpy(to, &v, n * sizeof *to);
}
#endif

#endif
