/* unfold.c: one tap of the kernel after the other, row by row; channels are shared by a team. */
#include "nn/ops/unfold.h"

#include "base/sizes.h"
#include "nn/ops/copy_rows.h"

#include <string.h>

void unfold_init(struct unfold *u, const struct window_fit *fit, size_t channels) {
    const struct window_fit *f = fit;
    *u = (struct unfold){.fit = *fit,
                         .channels = channels,
                         .in_slice = (size_t)(f->in[0] * f->in[1]),
                         .out_slice = (size_t)(f->out[0] * f->out[1]),
                         .slices = (size_t)f->out[WINDOW_DEEP],
                         .taps = channels * (size_t)(f->kernel[0] * f->kernel[1] * f->kernel[WINDOW_DEEP]),
                         .same = true,
                         .flat = f->in[WINDOW_DEEP] == 1 && f->out[WINDOW_DEEP] == 1 && f->kernel[WINDOW_DEEP] == 1};
    u->in_plane = u->in_slice * (size_t)f->in[WINDOW_DEEP];
    u->out_plane = u->out_slice * u->slices;
    for (int axis = 0; axis < WINDOW_AXES; axis++)
        u->same = u->same && f->kernel[axis] == 1 && f->stride[axis] == 1 && !f->before[axis] && !f->after[axis];
}

size_t unfolded_size(const struct unfold *u) {
    return size_up(u->taps * u->out_slice, 16);
}

/* Channels are shared out. */
struct job {
    const struct unfold *u;
    size_t slice;
    const float *from;
    float *to;
};

#define PIECE 16384u /* elements, about, of the unfolded image that one takes at a time */

static void share(const struct job *j, struct thread_team *team, thread_team_range *run) {
    size_t channel = j->u->taps / j->u->channels * j->u->out_slice;
    thread_team_share(team, j->u->channels, PIECE / channel + 1, run, (void *)j);
}

/* One tap of the kernel on one channel: output rows [y0, y1) and columns [x0, x1) see the input, from `offset` on. */
struct tap {
    ptrdiff_t y0, y1, x0, x1, offset;
};

static inline struct tap place_tap(const struct window_fit *f, ptrdiff_t ky, ptrdiff_t kx) {
    struct tap t;
    window_positions(f, 0, ky, &t.y0, &t.y1);
    window_positions(f, 1, kx, &t.x0, &t.x1);
    t.offset = (t.y0 * f->stride[0] - f->before[0] + ky * f->dilation[0]) * f->in[1] +
               (t.x0 * f->stride[1] - f->before[1] + kx * f->dilation[1]);
    return t;
}

static void unfold_tap(const struct window_fit *f, const struct tap *t, const float *image, float *to) {
    ptrdiff_t width = f->out[1], rows = t->y1 - t->y0, columns = t->x1 - t->x0;
    if (rows < f->out[0] || columns < width) memset(to, 0, (size_t)(f->out[0] * width) * sizeof *to);
    to += t->y0 * width + t->x0;
    const float *from = image + t->offset;
    ptrdiff_t step = f->stride[0] * f->in[1];
    if (f->stride[1] == 1) {
        copy_rows(to, width, from, step, rows, columns);
        return;
    }
    for (; rows > 0; rows--, to += width, from += step)
        for (ptrdiff_t x = 0; x < columns; x++) to[x] = from[x * f->stride[1]];
}

/* The slice of the input that tap kz sees at that slice of the output; false: it is outside. */
static bool place_slice(const struct window_fit *f, size_t slice, ptrdiff_t kz, size_t *out) {
    ptrdiff_t z = (ptrdiff_t)slice * f->stride[WINDOW_DEEP] - f->before[WINDOW_DEEP] + kz * f->dilation[WINDOW_DEEP];
    *out = (size_t)z;
    return z >= 0 && z < f->in[WINDOW_DEEP];
}

static void unfold_channels(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct unfold *u = j->u;
    const struct window_fit *f = &u->fit;
    size_t taps = (size_t)(f->kernel[0] * f->kernel[1]), z;
    const float *image = j->from + first * u->in_plane;
    float *columns = j->to + first * (u->taps / u->channels) * u->out_slice;
    for (size_t c = 0; c < count; c++, image += u->in_plane)
        for (ptrdiff_t kz = 0; kz < f->kernel[WINDOW_DEEP]; kz++) {
            if (!place_slice(f, j->slice, kz, &z)) {
                memset(columns, 0, taps * u->out_slice * sizeof *columns);
                columns += taps * u->out_slice;
                continue;
            }
            for (ptrdiff_t ky = 0; ky < f->kernel[0]; ky++)
                for (ptrdiff_t kx = 0; kx < f->kernel[1]; kx++, columns += u->out_slice) {
                    struct tap t = place_tap(f, ky, kx);
                    unfold_tap(f, &t, image + z * u->in_slice, columns);
                }
        }
}

void unfold(const struct unfold *u, struct thread_team *team, size_t slice, const float *image, float *columns) {
    share(&(struct job){u, slice, image, columns}, team, unfold_channels);
}

static void add_rows(float *restrict to, ptrdiff_t to_step, const float *restrict from, ptrdiff_t from_step,
                     ptrdiff_t rows, ptrdiff_t n) {
    for (; rows > 0; rows--, to += to_step, from += from_step) {
        ptrdiff_t x = 0;
        for (; x + 8 <= n; x += 8) /* whole blocks, as rows are short */
            for (ptrdiff_t i = 0; i < 8; i++) to[x + i] += from[x + i];
        for (; x < n; x++) to[x] += from[x];
    }
}

static void fold_tap(const struct window_fit *f, const struct tap *t, const float *columns, float *image) {
    ptrdiff_t width = f->out[1], step = f->stride[0] * f->in[1];
    const float *from = columns + t->y0 * width + t->x0;
    float *to = image + t->offset;
    if (f->stride[1] == 1) {
        add_rows(to, step, from, width, t->y1 - t->y0, t->x1 - t->x0);
        return;
    }
    for (ptrdiff_t y = t->y0; y < t->y1; y++, to += step, from += width)
        for (ptrdiff_t x = 0; x < t->x1 - t->x0; x++) to[x * f->stride[1]] += from[x];
}

static void fold_channels(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct unfold *u = j->u;
    const struct window_fit *f = &u->fit;
    size_t taps = (size_t)(f->kernel[0] * f->kernel[1]), z;
    const float *columns = j->from + first * (u->taps / u->channels) * u->out_slice;
    float *image = j->to + first * u->in_plane;
    for (size_t c = 0; c < count; c++, image += u->in_plane)
        for (ptrdiff_t kz = 0; kz < f->kernel[WINDOW_DEEP]; kz++) {
            if (!place_slice(f, j->slice, kz, &z)) {
                columns += taps * u->out_slice;
                continue;
            }
            for (ptrdiff_t ky = 0; ky < f->kernel[0]; ky++)
                for (ptrdiff_t kx = 0; kx < f->kernel[1]; kx++, columns += u->out_slice) {
                    struct tap t = place_tap(f, ky, kx);
                    fold_tap(f, &t, columns, image + z * u->in_slice);
                }
        }
}

void fold(const struct unfold *u, struct thread_team *team, size_t slice, const float *columns, float *image) {
    share(&(struct job){u, slice, columns, image}, team, fold_channels);
}
