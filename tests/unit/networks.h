/* networks.h: what tests/golden/network_formula.py computes too: numbers from a hash, and the sketch of a map. */
#ifndef ASSAY_TESTS_NETWORKS_H
#define ASSAY_TESTS_NETWORKS_H

#include "lab.h"

#define SKETCH 128u
#define STREAM_SAMPLES (1u << 20)
#define STREAM_SIGNS (1u << 21)

/* splitmix64 of (stream, element). */
static inline uint64_t formula_hash(uint32_t stream, uint32_t element) {
    uint64_t z = (((uint64_t)stream << 32) + element + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void formula_fill(uint32_t stream, size_t count, double shift, double scale, float *out) {
    for (size_t k = 0; k < count; k++) {
        double uniform = (double)(formula_hash(stream, (uint32_t)k) >> 40) / 8388608 - 1;
        out[k] = (float)(shift + scale * uniform);
    }
}

static inline void formula_sample(uint32_t seed, size_t count, float *out) {
    formula_fill(STREAM_SAMPLES + seed, count, 0, 1.5, out);
}

/* The map times SKETCH rows of random signs. For the difference d of two maps |sketch(d)|^2 / SKETCH is |d|^2 give or
 * take an eighth, so that distances of sketches are distances of maps. */
static inline void sketch_map(const float *map, size_t count, float sketch[SKETCH]) {
    double sums[SKETCH] = {0}, sign[256][8]; /* of the bits of a byte: eight rows at a time become vector code */
    for (uint32_t byte = 0; byte < 256; byte++)
        for (uint32_t r = 0; r < 8; r++) sign[byte][r] = byte >> r & 1 ? 1 : -1;
    for (size_t k = 0; k < count; k++) {
        for (uint32_t eight = 0; eight < SKETCH / 8; eight++) {
            uint64_t signs = formula_hash(STREAM_SIGNS, (uint32_t)(2 * k) + eight / 8);
            const double *s = sign[signs >> 8 * (eight % 8) & 255];
            for (uint32_t r = 0; r < 8; r++) sums[8 * eight + r] += s[r] * (double)map[k];
        }
    }
    for (uint32_t r = 0; r < SKETCH; r++) sketch[r] = (float)sums[r];
}

#endif
