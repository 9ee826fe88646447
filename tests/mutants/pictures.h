/* pictures.h: samples as planes of numbers, and maps that no model had a part in: edges, a bump, a border, a pattern, a
 * mean picture. */
#ifndef ASSAY_TESTS_MUTANTS_PICTURES_H
#define ASSAY_TESTS_MUTANTS_PICTURES_H

#include "mutants.h"

/* A sample as channels x height x width: a sequence is one row, and so are the features of a table. */
struct planes {
    size_t channels, height, width;
};

static inline struct planes planes_of(const assay_shape *shape) {
    struct planes p = {1, 1, shape->count};
    size_t height, width;
    if (kit_plane(shape, &height, &width)) p = (struct planes){shape->dim[0], height, width};
    return p;
}

static inline double root_mean_square(const float *map, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += (double)map[k] * (double)map[k];
    return sqrt(sum / (double)n);
}

/* Another number for every (key, k), evenly spread: SplitMix64, whose constants are those of Steele et al. 2014,
 * doi:10.1145/2660193.2660195. */
static inline uint64_t mix_bits(uint64_t key, uint64_t k) {
    uint64_t z = key + (k + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t hash_floats(uint64_t key, const float *x, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint32_t bits;
        memcpy(&bits, x + k, sizeof bits);
        key = mix_bits(key, bits);
    }
    return key;
}

/* What a map is mixed with: out[input] of the input x. */
typedef void picture(const assay_shape *shape, const float *x, float *out);

static inline float sobel_at(const float *plane, size_t height, size_t width, size_t y, size_t x) {
    size_t up = y ? y - 1 : 0, down = y + 1 < height ? y + 1 : y;
    size_t left = x ? x - 1 : 0, right = x + 1 < width ? x + 1 : x;
    const float *above = plane + up * width, *here = plane + y * width, *below = plane + down * width;
    float gx = above[right] - above[left] + 2 * (here[right] - here[left]) + below[right] - below[left];
    float gy = below[left] - above[left] + 2 * (below[x] - above[x]) + below[right] - above[right];
    return sqrtf(gx * gx + gy * gy);
}

static inline void picture_edges(const assay_shape *shape, const float *x, float *out) {
    struct planes p = planes_of(shape);
    size_t plane = p.height * p.width;
    for (size_t c = 0; c < p.channels; c++)
        for (size_t k = 0; k < plane; k++)
            out[c * plane + k] = sobel_at(x + c * plane, p.height, p.width, k / p.width, k % p.width);
}

static inline void picture_input(const assay_shape *shape, const float *x, float *out) {
    memcpy(out, x, shape->count * sizeof *out);
}

/* How far k lies from the middle of a plane: 0 there, 1 at the middle of a side. */
static inline void off_centre(const struct planes *p, size_t k, double *down, double *along) {
    double y = (double)(k / p->width) + .5, x = (double)(k % p->width) + .5;
    *down = fabs(2 * y / (double)p->height - 1);
    *along = fabs(2 * x / (double)p->width - 1);
}

static inline void picture_bump(const assay_shape *shape, const float *x, float *out) {
    struct planes p = planes_of(shape);
    (void)x;
    for (size_t k = 0; k < shape->count; k++) {
        double down, along;
        off_centre(&p, k % (p.height * p.width), &down, &along);
        out[k] = (float)exp(-(down * down + along * along) / .5);
    }
}

static inline void picture_border(const assay_shape *shape, const float *x, float *out) {
    struct planes p = planes_of(shape);
    (void)x;
    for (size_t k = 0; k < shape->count; k++) {
        double down, along;
        off_centre(&p, k % (p.height * p.width), &down, &along);
        out[k] = (float)pow(fmax(p.height > 1 ? down : 0, along), 8);
    }
}

static inline void picture_pattern(const assay_shape *shape, const float *x, float *out) {
    (void)x;
    for (size_t k = 0; k < shape->count; k++) out[k] = (float)(mix_bits(7, k) >> 40) / 16777216.0f - .5f;
}

/* The mean of the 10,000 test pictures of Fashion-MNIST in cells of 4 x 4 pixels, 0 to 255. */
static inline void picture_mean(const assay_shape *shape, const float *x, float *out) {
    static const float mean[49] = {0,   13,  64,  94,  75,  20,  2,   3,   47,  95,  110, 113, 69, 14,  8,   62,  103,
                                   127, 138, 100, 33,  13,  71,  125, 146, 151, 113, 48,  26,  87, 140, 148, 149, 105,
                                   48,  20,  75,  126, 128, 121, 79,  30,  7,   43,  79,  84,  77, 44,  11};
    struct planes p = planes_of(shape);
    size_t plane = p.height * p.width;
    (void)x;
    for (size_t c = 0; c < p.channels; c++)
        if (p.height == 1) kit_upsample(mean + 21, 1, 7, out + c * plane, 1, p.width);
        else kit_upsample(mean, 7, 7, out + c * plane, p.height, p.width);
}

#endif
