/* ssim_code.h: the body of both kernels, compiled once for every kind of processor: the including file says which, and
 * calls its table KERNELS. (target_clones would not do: gcc takes wide vectors apart before it clones.) */
#include "measure/simd/ssim.h"

#include <string.h>

#define LANES SSIM_LANES
#define SPAN (SSIM_WINDOW + LANES - 1) /* rows or columns that LANES windows see */

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
/* The same anywhere in an array. */
typedef double loose_lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef int64_t places __attribute__((vector_size(LANES * sizeof(int64_t))));

#define INLINE static inline __attribute__((always_inline))
#define LOAD(from) (*(const loose_lanes *)(from))
#define STORE(to, v) (*(loose_lanes *)(to) = (v))

INLINE void load_row(const struct ssim_plane *p, size_t y, double *row) {
    const float *x = p->x + y * p->width, *other = p->y + (p->y ? y * p->width : 0);
    if (p->y)
        for (size_t i = 0; i < p->width; i++) row[i] = (double)x[i] * other[i];
    else
        for (size_t i = 0; i < p->width; i++) row[i] = x[i];
    for (size_t i = 0; p->magnitude && i < p->width; i++) row[i] = __builtin_fabs(row[i]);
}

/* The window is symmetric; six weights leave registers free. */
#define WEIGHT(k) weight[(k) < SSIM_RADIUS ? SSIM_RADIUS - (k) : (k)-SSIM_RADIUS]

/* LANES windows that begin at entries 0 .. LANES - 1, each entry read once. */
INLINE void filter_entries(const double *const entry[SPAN], const lanes *weight, lanes sum[LANES]) {
#pragma GCC unroll 4
    for (size_t r = 0; r < LANES; r++) sum[r] = WEIGHT(0) * LOAD(entry[r]);
#pragma GCC unroll 14
    for (size_t k = 1; k < SPAN; k++)
#pragma GCC unroll 4
        for (size_t r = 0; r < LANES; r++)
            if (k > r && k - r < SSIM_WINDOW) sum[r] += WEIGHT(k - r) * LOAD(entry[k]);
}

INLINE void transpose(lanes v[LANES]) {
    const places low = {0, 4, 2, 6}, high = {1, 5, 3, 7}, left = {0, 1, 4, 5}, right = {2, 3, 6, 7};
    lanes a = __builtin_shuffle(v[0], v[1], low), b = __builtin_shuffle(v[0], v[1], high);
    lanes c = __builtin_shuffle(v[2], v[3], low), d = __builtin_shuffle(v[2], v[3], high);
    v[0] = __builtin_shuffle(a, c, left);
    v[1] = __builtin_shuffle(b, d, left);
    v[2] = __builtin_shuffle(a, c, right);
    v[3] = __builtin_shuffle(b, d, right);
}

/* Down the columns, LANES rows of the output at once; then they are turned so that a vector holds those rows at one
 * column, and going along the rows is the same again. */
static void filter_block(const double *const row[SPAN], size_t width, const lanes *weight, double *turned,
                         double *out) {
    const double *entry[SPAN];
    lanes sum[LANES];

    for (size_t x = 0; x < width; x += LANES) {
        for (size_t k = 0; k < SPAN; k++) entry[k] = row[k] + x;
        filter_entries(entry, weight, sum);
        transpose(sum);
        for (size_t i = 0; i < LANES; i++) STORE(turned + (x + i) * LANES, sum[i]);
    }
    for (size_t x = 0; x + 2 * SSIM_RADIUS < width; x += LANES) {
        for (size_t k = 0; k < SPAN; k++) entry[k] = turned + (x + k) * LANES;
        filter_entries(entry, weight, sum);
        for (size_t i = 0; i < LANES && x + i + 2 * SSIM_RADIUS < width; i++) STORE(out + (x + i) * LANES, sum[i]);
    }
}

static void filter(const struct ssim_plane *p, const double *half, double *scratch, double *out) {
    size_t size = SSIM_ROW(p->width), ready = 0;
    double *turned = scratch + SSIM_RING * size;
    const double *row[SPAN];
    lanes weight[SSIM_RADIUS + 1];

    for (size_t k = 0; k <= SSIM_RADIUS; k++) weight[k] = (lanes){half[k], half[k], half[k], half[k]};
    memset(scratch, 0, ssim_filter_scratch(p->width) * sizeof *scratch);
    for (size_t y = 0; y + 2 * SSIM_RADIUS < p->height; y += LANES, out += LANES * (p->width - 2 * SSIM_RADIUS)) {
        for (; ready < y + SPAN; ready++)
            if (ready < p->height) load_row(p, ready, scratch + ready % SSIM_RING * size);
            else memset(scratch + ready % SSIM_RING * size, 0, size * sizeof *scratch);
        for (size_t k = 0; k < SPAN; k++) row[k] = scratch + (y + k) % SSIM_RING * size;
        filter_block(row, p->width, weight, turned, out);
    }
}

/* 2 ma mb + c1 and ma^2 + mb^2 + c1 differ by (ma - mb)^2: so written, rounding keeps 1 at 1. */
static void map_sides(size_t n, struct ssim_side a, struct ssim_side b, double c1, double c2, double *map) {
    for (size_t i = 0; i < n; i += LANES) {
        lanes ma = LOAD(a.mean + i), mb = LOAD(b.mean + i), luminance = 2 * ma * mb + c1, apart = ma - mb;
        lanes va = LOAD(a.square + i) - ma * ma, vb = LOAD(b.square + i) - mb * mb, vab = LOAD(map + i) - ma * mb;
        STORE(map + i, luminance * (2 * vab + c2) / ((luminance + apart * apart) * (va + vb + c2)));
    }
}

extern const struct ssim_kernels KERNELS;
const struct ssim_kernels KERNELS = {.filter = filter, .map = map_sides};
