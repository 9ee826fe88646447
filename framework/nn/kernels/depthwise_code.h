/* depthwise_code.h: the body of depthwise.h, compiled once for every kind of processor that has one, as winograd_code.h
 * is. Rows are copied in vectors of eight; sums are in vectors of WIDE. */
#include "nn/kernels/depthwise_frames.h"
#include "nn/kernels/lanes.h"

#define UNIT DEPTHWISE_UNIT
#define VECTORS 8u /* side by side: a multiply-add takes four cycles, and two begin in each */

/* ---- Into the frames ---- */

/* What lies beside the row is zero, and may be written: whole vectors, of which the rest is zero. `room`: elements that
 * can be read. */
static void copy_row(const float *from, ptrdiff_t n, ptrdiff_t room, float *to) {
    ptrdiff_t x = 0;
    for (; x + (ptrdiff_t)LANES <= n; x += (ptrdiff_t)LANES) store(to + x, load(from + x));
    if (x == n) return;
    if (x + (ptrdiff_t)LANES <= room) {
        store(to + x, (lanes)((int_lanes)load(from + x) & lanes_between(0, n - x)));
        return;
    }
    for (; x < n; x++) to[x] = from[x];
}

/* Columns fall by turns into frames `size` apart; the first into the one of column `at`. */
static void split_row(const float *from, ptrdiff_t n, ptrdiff_t stride, ptrdiff_t at, size_t size, float *to) {
    ptrdiff_t x = 0;
    if (stride == 2) {
        float *even = to + at % 2 * (ptrdiff_t)size + at / 2, *odd = to + (at + 1) % 2 * (ptrdiff_t)size + (at + 1) / 2;
        for (; x + 2 * (ptrdiff_t)LANES <= n; x += 2 * (ptrdiff_t)LANES) {
            lanes a = load(from + x), b = load(from + x + LANES);
            store(even + x / 2, __builtin_shuffle(a, b, (int_lanes){0, 2, 4, 6, 8, 10, 12, 14}));
            store(odd + x / 2, __builtin_shuffle(a, b, (int_lanes){1, 3, 5, 7, 9, 11, 13, 15}));
        }
    }
    for (; x < n; x++) to[(at + x) % stride * (ptrdiff_t)size + (at + x) / stride] = from[x];
}

/* The frames are zero wherever no plane lies. */
static void fill_frames(const struct depthwise_frames *f, const float *plane, float *frames) {
    ptrdiff_t height = f->plane[0], width = f->plane[1];
    for (ptrdiff_t y = 0; y < height; y++, plane += width) {
        ptrdiff_t at = y + f->before[0];
        float *to =
            frames + at % f->stride[0] * f->stride[1] * (ptrdiff_t)f->size + at / f->stride[0] * (ptrdiff_t)f->pitch;
        if (f->stride[1] == 1) copy_row(plane, width, (height - y) * width, to + f->before[1]);
        else split_row(plane, width, f->stride[1], f->before[1], f->size, to);
    }
}

/* ---- Sums ---- */

typedef float wide __attribute__((vector_size(WIDE * sizeof(float))));

INLINE wide load_wide(const float *from) {
    wide v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* to[vectors * WIDE] (+)= the sum over taps. */
INLINE void sum_vectors(size_t vectors, const struct depthwise_taps *taps, const float *weights, const float *frames,
                        bool add, float *to) {
    wide sum[VECTORS];
    for (size_t v = 0; v < vectors; v++) sum[v] = add ? load_wide(to + v * WIDE) : (wide){0};
    for (size_t t = 0; t < taps->count; t++) {
        const float *from = frames + taps->offset[t];
        float weight = weights[taps->element[t]];
        for (size_t v = 0; v < vectors; v++) sum[v] += weight * load_wide(from + v * WIDE);
    }
    for (size_t v = 0; v < vectors; v++) memcpy(to + v * WIDE, &sum[v], sizeof sum[v]);
}

/* to[count] (+)= the sum over taps; count is of whole units. */
static void sum_taps(const struct depthwise_taps *taps, const float *weights, const float *frames, size_t count,
                     bool add, float *to) {
    size_t i = 0;
    for (; i + VECTORS * WIDE <= count; i += VECTORS * WIDE)
        sum_vectors(VECTORS, taps, weights, frames + i, add, to + i);
    for (; i < count; i += UNIT) sum_vectors(UNIT / WIDE, taps, weights, frames + i, add, to + i);
}

/* ---- Out of the sums ---- */

/* What is written behind a row is written again with the next one. */
INLINE void finish_row(const float *from, ptrdiff_t n, bool last, float shift, bool relu, float *to) {
    ptrdiff_t x = 0;
    for (; x + (ptrdiff_t)LANES <= n || (x < n && !last); x += (ptrdiff_t)LANES) {
        lanes v = load(from + x) + shift;
        if (relu) v = (lanes)((int_lanes)v & ~(v < 0)); /* NaN stays */
        store(to + x, v);
    }
    for (; x < n; x++) {
        float v = from[x] + shift;
        to[x] = relu && v < 0 ? 0 : v;
    }
}

static void planes(const struct depthwise_job *j, size_t first, size_t end, float *own) {
    const struct depthwise *d = j->d;
    struct depthwise_taps taps;
    struct depthwise_frames f = depthwise_there(d, &taps);
    size_t frames = (size_t)(d->stride[0] * d->stride[1]) * f.size, kernel = (size_t)(d->kernel[0] * d->kernel[1]);
    ptrdiff_t height = d->out[0], width = d->out[1];
    const float *x = j->from + first * (size_t)(d->in[0] * d->in[1]);
    float *sums = own + frames, *y = j->to + first * d->multiplier * (size_t)(height * width);
    memset(own, 0, frames * sizeof *own);
    for (size_t i = first; i < end; i++, x += d->in[0] * d->in[1]) {
        fill_frames(&f, x, own);
        for (size_t m = i % d->channels * d->multiplier, last_m = m + d->multiplier; m < last_m; m++) {
            sum_taps(&taps, j->weights + m * kernel, own, f.sums, false, sums);
            for (ptrdiff_t row = 0; row < height; row++, y += width) {
                /* A vector may reach over rows shorter than itself. */
                bool last = (height - row) * width < width + (ptrdiff_t)LANES;
                finish_row(sums + (size_t)row * f.pitch, width, last, j->bias ? j->bias[m] : 0, j->relu, y);
            }
        }
    }
}

/* ---- Back ---- */

/* Columns x0, x0 + stride, ... of one row. */
static void spread_row(const float *from, ptrdiff_t n, ptrdiff_t stride, float *to) {
    for (ptrdiff_t i = 0; i < n; i++) to[i * stride] = from[i];
}

/* Two halves of a row by turns, n of the first and n or n - 1 of the second. */
static void merge_row(const float *even, const float *odd, ptrdiff_t n, float *to) {
    ptrdiff_t i = 0;
    for (; 2 * i + 2 * (ptrdiff_t)LANES <= n; i += (ptrdiff_t)LANES) {
        lanes a = load(even + i), b = load(odd + i);
        store(to + 2 * i, __builtin_shuffle(a, b, (int_lanes){0, 8, 1, 9, 2, 10, 3, 11}));
        store(to + 2 * i + LANES, __builtin_shuffle(a, b, (int_lanes){4, 12, 5, 13, 6, 14, 7, 15}));
    }
    for (ptrdiff_t x = 2 * i; x < n; x++) to[x] = (x % 2 ? odd : even)[x / 2];
}

/* Every stride-th row of a plane, from sums[stride][...]. */
static void finish_rows(const struct depthwise *d, const struct depthwise_frames *f, const float *sums, ptrdiff_t first,
                        float *plane) {
    ptrdiff_t width = d->in[1], stride = d->stride[1];
    for (ptrdiff_t y = first; y < d->in[0]; y += d->stride[0], sums += f->pitch) {
        float *to = plane + y * width;
        if (stride == 1) finish_row(sums, width, true, 0, false, to);
        else if (stride == 2) merge_row(sums, sums + f->sums, width, to);
        else
            for (ptrdiff_t x = 0; x < stride && x < width; x++)
                spread_row(sums + (size_t)x * f->sums, (width - x + stride - 1) / stride, stride, to + x);
    }
}

static void planes_back(const struct depthwise_job *j, size_t first, size_t end, float *own) {
    const struct depthwise *d = j->d;
    struct depthwise_taps taps[DEPTHWISE_STRIDE][DEPTHWISE_STRIDE];
    struct depthwise_frames f;
    size_t kernel = (size_t)(d->kernel[0] * d->kernel[1]), out = (size_t)(d->out[0] * d->out[1]);
    for (ptrdiff_t y = 0; y < d->stride[0]; y++)
        for (ptrdiff_t x = 0; x < d->stride[1]; x++) f = depthwise_back(d, y, x, &taps[y][x]);
    const float *dy = j->from + first * d->multiplier * out;
    float *sums = own + d->multiplier * f.size, *dx = j->to + first * (size_t)(d->in[0] * d->in[1]);
    memset(own, 0, d->multiplier * f.size * sizeof *own);
    for (size_t i = first; i < end; i++, dx += d->in[0] * d->in[1]) {
        size_t k = i % d->channels * d->multiplier;
        for (size_t m = 0; m < d->multiplier; m++, dy += out) fill_frames(&f, dy, own + m * f.size);
        for (ptrdiff_t y = 0; y < d->stride[0]; y++) {
            for (ptrdiff_t x = 0; x < d->stride[1]; x++)
                for (size_t m = 0; m < d->multiplier; m++)
                    sum_taps(&taps[y][x], j->weights + (k + m) * kernel, own + m * f.size, f.sums, m > 0,
                             sums + (size_t)x * f.sums);
            finish_rows(d, &f, sums, y, dx);
        }
    }
}

const struct depthwise_body NAME(depthwise) = {planes, planes_back};
