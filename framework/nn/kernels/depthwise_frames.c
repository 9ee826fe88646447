/* depthwise_frames.c: whether a convolution can be computed here, where its planes and taps lie, and how a team
 * shares the planes. */
#include "base/cpu.h"
#include "base/sizes.h"
#include "nn/kernels/depthwise_frames.h"

#define LINE 16u    /* floats */
#define PART 16384u /* elements, about, that one worker takes at a time */

static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) {
    return a > b ? a : b;
}

static ptrdiff_t reach(const struct depthwise *d, int axis) {
    return (d->kernel[axis] - 1) * d->dilation[axis];
}

bool depthwise_fits(const struct depthwise *d) {
    bool fits =
        cpu_route() >= CPU_AVX2 && d->kernel[0] <= DEPTHWISE_TAPS && d->kernel[0] * d->kernel[1] <= DEPTHWISE_TAPS;
    for (int axis = 0; axis < 2; axis++)
        fits = fits && d->kernel[axis] <= DEPTHWISE_TAPS && d->dilation[axis] <= DEPTHWISE_REACH &&
               reach(d, axis) <= DEPTHWISE_REACH && d->before[axis] <= DEPTHWISE_REACH &&
               d->stride[axis] <= DEPTHWISE_STRIDE && d->out[axis] <= d->in[axis] + 2 * DEPTHWISE_REACH;
    return fits;
}

/* Frames of at least `rows` x `columns`, of which `sums` rows are summed, and may be read `last` further on. */
static void size_frames(struct depthwise_frames *f, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t sums, ptrdiff_t last) {
    f->pitch = (size_t)columns;
    f->sums = size_up((size_t)(sums * columns), DEPTHWISE_UNIT);
    f->size = (size_t)most(rows * columns, (ptrdiff_t)f->sums + last);
    f->size = size_up(f->size + 2 * DEPTHWISE_LANES, DEPTHWISE_LANES); /* rows are copied by whole vectors */
}

struct depthwise_frames depthwise_there(const struct depthwise *d, struct depthwise_taps *taps) {
    struct depthwise_frames f;
    ptrdiff_t extent[2], last[2];
    for (int axis = 0; axis < 2; axis++) {
        ptrdiff_t s = d->stride[axis];
        f.plane[axis] = d->in[axis];
        f.before[axis] = d->before[axis];
        f.stride[axis] = s;
        last[axis] = reach(d, axis) / s;
        extent[axis] = most(d->out[axis] + last[axis], (d->in[axis] + d->before[axis] + s - 1) / s);
    }
    size_frames(&f, extent[0], extent[1], d->out[0], last[0] * extent[1] + last[1]);
    taps->count = 0;
    for (ptrdiff_t ky = 0; ky < d->kernel[0]; ky++)
        for (ptrdiff_t kx = 0; kx < d->kernel[1]; kx++) {
            ptrdiff_t y = ky * d->dilation[0], x = kx * d->dilation[1];
            ptrdiff_t frame = y % d->stride[0] * d->stride[1] + x % d->stride[1];
            taps->offset[taps->count] =
                frame * (ptrdiff_t)f.size + y / d->stride[0] * (ptrdiff_t)f.pitch + x / d->stride[1];
            taps->element[taps->count++] = (size_t)(ky * d->kernel[1] + kx);
        }
    return f;
}

/* Element i = q s + r of the input was seen, through tap k, by position q + (r + b - d k) / s, if that is whole. */
static bool seen(const struct depthwise *d, int axis, ptrdiff_t r, ptrdiff_t k, ptrdiff_t *shift) {
    ptrdiff_t at = r + d->before[axis] - d->dilation[axis] * k;
    *shift = at / d->stride[axis];
    return at % d->stride[axis] == 0;
}

struct depthwise_frames depthwise_back(const struct depthwise *d, ptrdiff_t y, ptrdiff_t x,
                                       struct depthwise_taps *taps) {
    struct depthwise_frames f;
    ptrdiff_t extent[2], last[2], sums[2];
    for (int axis = 0; axis < 2; axis++) {
        ptrdiff_t s = d->stride[axis];
        f.plane[axis] = d->out[axis];
        f.before[axis] = most(0, (reach(d, axis) - d->before[axis] + s - 1) / s);
        f.stride[axis] = 1;
        last[axis] = f.before[axis] + (d->before[axis] + s - 1) / s;
        sums[axis] = (d->in[axis] + s - 1) / s;
        extent[axis] = most(f.before[axis] + d->out[axis], sums[axis] + last[axis]);
    }
    size_frames(&f, extent[0], extent[1], sums[0], last[0] * extent[1] + last[1]);
    taps->count = 0;
    for (ptrdiff_t ky = 0; ky < d->kernel[0]; ky++)
        for (ptrdiff_t kx = 0; kx < d->kernel[1]; kx++) {
            ptrdiff_t down, right;
            if (!seen(d, 0, y, ky, &down) || !seen(d, 1, x, kx, &right)) continue;
            taps->offset[taps->count] = (f.before[0] + down) * (ptrdiff_t)f.pitch + f.before[1] + right;
            taps->element[taps->count++] = (size_t)(ky * d->kernel[1] + kx);
        }
    return f;
}

/* Whole lines of the cache, and one between workers. */
static size_t own_size(const struct depthwise *d) {
    struct depthwise_taps taps;
    struct depthwise_frames there = depthwise_there(d, &taps), back = depthwise_back(d, 0, 0, &taps);
    size_t a = (size_t)(d->stride[0] * d->stride[1]) * there.size + there.sums;
    size_t b = d->multiplier * back.size + (size_t)d->stride[1] * back.sums;
    return size_up((a > b ? a : b) + DEPTHWISE_LANES, LINE);
}

size_t depthwise_scratch(const struct depthwise *d, unsigned workers) {
    return workers * own_size(d);
}

/* ---- Sharing ---- */

static size_t part_size(const struct depthwise *d) {
    size_t plane = size_max((size_t)(d->in[0] * d->in[1]), (size_t)(d->out[0] * d->out[1]) * d->multiplier);
    return PART / plane + 1;
}

static void run_part(void *user, unsigned part, unsigned worker) {
    const struct depthwise_job *j = user;
    size_t size = part_size(j->d), first = part * size, end = size_min(first + size, j->d->samples * j->d->channels);
    j->body->planes(j, first, end, j->scratch + worker * j->own);
}

static void run_part_back(void *user, unsigned part, unsigned worker) {
    const struct depthwise_job *j = user;
    size_t size = part_size(j->d), first = part * size, end = size_min(first + size, j->d->samples * j->d->channels);
    j->body->planes_back(j, first, end, j->scratch + worker * j->own);
}

void depthwise_run_with(const struct depthwise_body *body, struct depthwise_job *j, struct thread_team *team,
                        bool back) {
    size_t planes = j->d->samples * j->d->channels, size = part_size(j->d);
    j->own = own_size(j->d);
    j->body = body;
    thread_team_run(team, (unsigned)((planes + size - 1) / size), back ? run_part_back : run_part, j);
}

static const struct depthwise_body *best_body(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &depthwise_avx512;
#endif
    return &depthwise_avx2;
}

void depthwise_forward(const struct depthwise *d, struct thread_team *team, const float *x, const float *weights,
                       const float *bias, bool relu, float *y, float *scratch) {
    depthwise_run_with(
        best_body(),
        &(struct depthwise_job){
            .d = d, .from = x, .weights = weights, .bias = bias, .relu = relu, .to = y, .scratch = scratch},
        team, false);
}

void depthwise_backward(const struct depthwise *d, struct thread_team *team, const float *dy, const float *weights,
                        float *dx, float *scratch) {
    depthwise_run_with(best_body(),
                       &(struct depthwise_job){.d = d, .from = dy, .weights = weights, .to = dx, .scratch = scratch},
                       team, true);
}
