/* strided_code.h: the body of strided.h, compiled once for every kind of processor, as winograd_code.h is. */
#include "nn/kernels/each_row.h"
#include "nn/kernels/lanes.h"
#include "nn/kernels/strided_passes.h"

#define PANEL (2 * LANES) /* positions of one call of the inner kernel */
#define BLOCK STRIDED_BLOCK

struct job {
    struct strided_passes all;
    const float *dy, *weights;
    float *dx;                    /* both of one sample */
    float *packed, *frames, *own; /* weights; dy; sums of each worker */
};

/* ---- The product ---- */

#define ZERO(r) lanes left##r = {0}, right##r = {0};
#define FETCH(r) left##r = load(c + (r)*PANEL), right##r = load(c + (r)*PANEL + LANES);
#define ADD(r) left##r += a[r] * b0, right##r += a[r] * b1;
#define HALF_ZERO(r) lanes left##r = {0};
#define HALF_FETCH(r) left##r = load(c + (r)*PANEL);
#define HALF_ADD(r) left##r += a[r] * b0;
#define HALF_STORE(r) store(c + (r)*PANEL, left##r);
#define STORE(r) store(c + (r)*PANEL, left##r), store(c + (r)*PANEL + LANES, right##r);

/* What one panel of positions sees: `taps` of `channels`, tap t from dy[offsets[t]] on. */
struct sight {
    size_t taps, channels, frame;
    const ptrdiff_t *offsets;
};

/* c[ROWS][PANEL] (+)= the sum over taps and channels of a[tap][channel][ROWS]' dy[channel][...]. */
static __attribute__((noinline)) void multiply(const struct sight *s, const float *restrict a, const float *dy,
                                               bool add, float *restrict c) {
    size_t channels = s->channels, frame = s->frame;
    EACH_ROW(ZERO)
    if (add) IN_EACH_ROW(FETCH);
    for (size_t t = 0; t < s->taps; t++) {
        const float *restrict b = dy + s->offsets[t];
        for (size_t k = 0; k < channels; k++, a += ROWS, b += frame) {
            lanes b0 = load(b), b1 = load(b + LANES);
            EACH_ROW(ADD)
        }
    }
    EACH_ROW(STORE)
}

/* The same where only the first half counts. */
static __attribute__((noinline)) void multiply_half(const struct sight *s, const float *restrict a, const float *dy,
                                                    bool add, float *restrict c) {
    size_t channels = s->channels, frame = s->frame;
    EACH_ROW(HALF_ZERO)
    if (add) IN_EACH_ROW(HALF_FETCH);
    for (size_t t = 0; t < s->taps; t++) {
        const float *restrict b = dy + s->offsets[t];
        for (size_t k = 0; k < channels; k++, a += ROWS, b += frame) {
            lanes b0 = load(b);
            EACH_ROW(HALF_ADD)
        }
    }
    EACH_ROW(HALF_STORE)
}

/* ---- The output ---- */

INLINE void copy_apart(const float *restrict from, size_t n, size_t step, float *restrict to) {
    for (size_t k = 0; k < n; k++) to[k * step] = from[k];
}

/* Elements a step apart, as far as they exist: of c[ROWS][PANEL], at positions of the frame from `at` on. */
static void spread(const struct job *w, const struct strided_pass *pass, size_t first, size_t at, const float *c) {
    const struct strided *s = w->all.there;
    size_t end = at + PANEL < pass->positions ? at + PANEL : pass->positions, pitch = w->all.pitch;
    size_t last = first + ROWS < pass->rows ? first + ROWS : pass->rows;
    for (size_t i = at, next; i < end; i = next) { /* a row of positions */
        size_t y = i / pitch, x = i % pitch, phase = first / s->in_channels, channel = first % s->in_channels;
        next = (y + 1) * pitch < end ? (y + 1) * pitch : end;
        for (size_t row = first; row < last; row++, channel++) {
            if (channel == s->in_channels) channel = 0, phase++;
            size_t below = y * s->step[0] + pass->first[0] + phase / pass->phases[1];
            size_t beside = pass->first[1] + phase % pass->phases[1];
            size_t wide = (s->in[1] - beside + s->step[1] - 1) / s->step[1]; /* positions that make an element */
            if (below >= s->in[0] || x >= wide) continue;
            size_t n = wide - x < next - i ? wide - x : next - i;
            const float *from = c + (row - first) * PANEL + i - at;
            float *to = w->dx + (channel * s->in[0] + below) * s->in[1] + x * s->step[1] + beside;
            if (s->step[1] == 2) copy_apart(from, n, 2, to);
            else copy_apart(from, n, 1, to);
        }
    }
}

/* ---- Parts ---- */

#define CHANNELS 16u /* of dy: a part of what is prepared */

static void prepare_weights(void *job, unsigned part, unsigned worker) {
    (void)worker;
    const struct job *w = job;
    for (size_t c = part * CHANNELS; c < (part + 1) * CHANNELS && c < w->all.there->out_channels; c++)
        for (size_t i = 0; i < w->all.count; i++) strided_weights(&w->all, &w->all.pass[i], c, w->weights, w->packed);
}

static void prepare_frames(void *job, unsigned part, unsigned worker) {
    (void)worker;
    const struct job *w = job;
    const struct strided *s = w->all.there;
    for (size_t c = part * CHANNELS; c < (part + 1) * CHANNELS && c < s->out_channels; c++) {
        float *frame = w->frames + c * w->all.frame, *to = frame + w->all.before[0] * w->all.pitch + w->all.before[1];
        const float *from = w->dy + c * s->out[0] * s->out[1];
        memset(frame, 0, w->all.frame * sizeof *frame);
        for (size_t y = 0; y < s->out[0]; y++, to += w->all.pitch, from += s->out[1])
            memcpy(to, from, s->out[1] * sizeof *to);
    }
}

/* A block of positions, or a group of its rows, of one of the passes. */
static void run_part(void *job, unsigned part, unsigned worker) {
    const struct job *w = job;
    const struct strided_pass *pass = w->all.pass;
    size_t number = part, channels = w->all.there->out_channels, taps, step;
    for (; number >= pass->blocks * pass->groups; pass++) number -= pass->blocks * pass->groups;
    size_t first = number / pass->groups * BLOCK, row = number % pass->groups * pass->group_rows;
    size_t last = first + BLOCK < pass->positions ? first + BLOCK : pass->positions;
    size_t end = row + pass->group_rows < pass->rows ? row + pass->group_rows : pass->rows;
    ptrdiff_t offsets[STRIDED_TAPS];
    taps = pass->taps[0] * pass->taps[1];
    for (size_t t = 0; t < taps; t++)
        offsets[t] = ((ptrdiff_t)(w->all.before[0] + t / pass->taps[1]) + pass->low[0]) * (ptrdiff_t)w->all.pitch +
                     (ptrdiff_t)(w->all.before[1] + t % pass->taps[1]) + pass->low[1];
    step = pass->chunk < channels ? ROWS * BLOCK : 0; /* sums have to wait for the next chunk */
    for (size_t c = 0; c < channels; c += pass->chunk) {
        struct sight s = {taps, channels - c < pass->chunk ? channels - c : pass->chunk, w->all.frame, offsets};
        for (size_t r = row; r < end; r += ROWS)
            for (size_t at = first; at < last; at += PANEL) {
                float *sums = w->own + worker * w->all.own + (r - row) / ROWS * step + (at - first) * ROWS;
                const float *a = w->packed + pass->weights + r / ROWS * pass->panel + c * taps * ROWS;
                const float *b = w->frames + c * w->all.frame + at;
                if (last - at > LANES) multiply(&s, a, b, c > 0, sums);
                else multiply_half(&s, a, b, c > 0, sums);
                if (c + s.channels == channels) spread(w, pass, r, at, sums);
            }
    }
}

static void run(const struct strided *s, struct thread_team *team, const float *dy, const float *weights, float *dx,
                float *scratch) {
    struct job w = {.weights = weights, .packed = scratch};
    size_t parts = 0;
    strided_passes(&NAME(strided), s, thread_team_size(team), &w.all);
    unsigned prepared = (unsigned)((s->out_channels + CHANNELS - 1) / CHANNELS);
    for (size_t i = 0; i < w.all.count; i++) parts += w.all.pass[i].blocks * w.all.pass[i].groups;
    w.frames = scratch + w.all.weights;
    w.own = w.frames + w.all.frames;
    thread_team_run(team, prepared, prepare_weights, &w);
    for (size_t i = 0; i < s->samples; i++) {
        w.dy = dy + i * s->out_step;
        w.dx = dx + i * s->in_step;
        if (w.all.gaps) memset(w.dx, 0, s->in_channels * s->in[0] * s->in[1] * sizeof *dx);
        thread_team_run(team, prepared, prepare_frames, &w);
        thread_team_run(team, (unsigned)parts, run_part, &w);
    }
}

const struct strided_body NAME(strided) = {ROWS, PANEL, run};
