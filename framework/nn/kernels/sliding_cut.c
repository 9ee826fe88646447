/* sliding_cut.c: which of the compiled bodies runs, how the work is cut, and the memory. */
#include "nn/kernels/sliding_cut.h"

#include "base/cpu.h"
#include "base/sizes.h"
#include "nn/kernels/turn.h"

#include <string.h>

#define LINE 16u                      /* floats of a line of the cache */
#define SHARES 4u                     /* for each worker */
#define UNPACKED 64u                  /* taps at a time: at least 2 SLIDING_TILE */
#define FEW 2e5                       /* products, with which nobody is woken */
#define MOST_KERNEL 512u              /* of an axis */
#define MOST_FRAMES ((size_t)1 << 28) /* floats: offsets stay far from the end of what they are counted in */

/* What the window sees of an axis. */
static size_t extent(const struct sliding *s, int axis) {
    return (s->out[axis] - 1) * s->step[axis] + (s->kernel[axis] - 1) * s->tap_step[axis] + 1;
}

static bool has_taps(const struct sliding *s) {
    bool fits = cpu_route() >= CPU_AVX2;
    for (int axis = 0; axis < 2; axis++) fits = fits && s->kernel[axis] <= MOST_KERNEL && extent(s, axis) < MOST_FRAMES;
    size_t taps = s->kernel[0] * s->kernel[1];
    return fits && taps > 1 && taps <= SLIDING_TAPS / s->in_channels &&
           extent(s, 0) * extent(s, 1) <= MOST_FRAMES / s->in_channels;
}

bool sliding_fits(const struct sliding *s) {
    return has_taps(s) && s->step[1] == 1;
}

bool sliding_learns(const struct sliding *s) {
    return has_taps(s) && s->tap_step[1] == 1;
}

bool sliding_back(const struct sliding *there, struct sliding *back) {
    bool fits = true;
    *back = (struct sliding){.samples = there->samples,
                             .in_channels = there->out_channels,
                             .out_channels = there->in_channels,
                             .in_step = there->out_step,
                             .out_step = there->in_step,
                             .turned = true};
    for (int axis = 0; axis < 2; axis++) {
        size_t reach = (there->kernel[axis] - 1) * there->tap_step[axis];
        fits = fits && there->step[axis] == 1 && there->before[axis] <= reach;
        back->in[axis] = there->out[axis];
        back->out[axis] = there->in[axis];
        back->kernel[axis] = there->kernel[axis];
        back->before[axis] = reach - there->before[axis];
        back->step[axis] = 1;
        back->tap_step[axis] = there->tap_step[axis];
    }
    return fits;
}

/* ---- Memory ---- */

/* The floats of a row and of all of the frame that the window sees. */
static void measure(const struct sliding_body *body, const struct sliding *s, struct sliding_work *w) {
    *w = (struct sliding_work){.s = s, .body = body, .panel = 2 * body->lanes, .pitch = extent(s, 1)};
    w->frame = extent(s, 0) * w->pitch;
    w->taps = s->in_channels * s->kernel[0] * s->kernel[1];
    w->positions = s->out[0] * s->out[1];
    w->panels = (s->out_channels + w->panel - 1) / w->panel;
    w->own_size = size_up(s->in_channels * w->frame, LINE) + size_max(UNPACKED, w->positions) * w->panel;
}

static size_t offsets_size(const struct sliding_work *w) {
    return size_up(size_max(w->taps, w->positions), LINE);
}

static size_t packed_size(const struct sliding_work *w) {
    return w->panels * w->taps * w->panel;
}

size_t sliding_scratch_with(const struct sliding_body *body, const struct sliding *s, unsigned workers) {
    struct sliding_work w;
    measure(body, s, &w);
    return offsets_size(&w) + packed_size(&w) + workers * w.own_size;
}

static void place(struct sliding_work *w, float *scratch) {
    w->offsets = (int32_t *)(void *)scratch;
    w->packed = scratch + offsets_size(w);
    w->own = w->packed + packed_size(w);
}

/* ---- Frames ---- */

/* Rows of the output, and channels of the input. */
struct piece {
    size_t row, row_end, channel, channels;
};

/* The frame's rows that those of the output see; what lies beside the input is zero already. */
static void copy_plane(const struct sliding_work *w, const struct piece *p, const float *x, float *frame) {
    const struct sliding *s = w->s;
    size_t top = s->before[0], left = s->before[1], reach = (s->kernel[0] - 1) * s->tap_step[0] + 1;
    size_t from = size_max(p->row * s->step[0], top),
           to = size_min((p->row_end - 1) * s->step[0] + reach, top + s->in[0]);
    size_t columns = w->pitch > left ? size_min(s->in[1], w->pitch - left) : 0;
    if (from < to && columns)
        w->body->copy(x + (from - top) * s->in[1], s->in[1], frame + from * w->pitch + left, w->pitch, to - from,
                      columns);
}

static void copy_planes(const struct sliding_work *w, size_t sample, const struct piece *p, float *frames) {
    const size_t plane = w->s->in[0] * w->s->in[1];
    const float *x = w->x + sample * w->s->in_step + p->channel * plane;
    for (size_t c = 0; c < p->channels; c++) copy_plane(w, p, x + c * plane, frames + c * w->frame);
}

/* Where nobody is worth waking. */
static unsigned workers_of(const struct sliding_work *w, struct thread_team *team) {
    double products = (double)w->s->samples * (double)w->positions * (double)w->taps * (double)w->s->out_channels;
    return products < FEW ? 1 : thread_team_size(team);
}

/* ---- Forward ---- */

/* From the first position of the frame to what each tap sees there. */
static void find_taps(const struct sliding_work *w) {
    const struct sliding *s = w->s;
    size_t kernel = s->kernel[0] * s->kernel[1];
    int32_t *offset = w->offsets;
    for (size_t c = 0; c < s->in_channels; c++)
        for (size_t k = 0; k < kernel; k++) {
            size_t tap = s->turned ? kernel - 1 - k : k, y = tap / s->kernel[1], x = tap % s->kernel[1];
            *offset++ = (int32_t)(c * w->frame + y * s->tap_step[0] * w->pitch + x * s->tap_step[1]);
        }
}

/* packed[panels][taps][panel], zero behind the last channel. */
static void pack_weights(const struct sliding_work *w) {
    const struct sliding *s = w->s;
    size_t kernel = s->kernel[0] * s->kernel[1];
    float *to = w->packed;
    for (size_t p = 0; p < w->panels; p++, to += w->taps * w->panel) {
        size_t first = p * w->panel, count = size_min(s->out_channels - first, w->panel);
        if (count < w->panel) memset(to, 0, w->taps * w->panel * sizeof *to);
        if (!s->turned) {
            turn_run(w->weights + first * w->taps, w->taps, to, w->panel, w->taps, count);
            continue;
        }
        for (size_t c = 0; c < s->in_channels; c++)
            turn_run(w->weights + (c * s->out_channels + first) * kernel, kernel, to + c * kernel * w->panel, w->panel,
                     kernel, count);
    }
}

static void run_share(void *user, unsigned part, unsigned worker) {
    const struct sliding_work *w = user;
    const struct sliding *s = w->s;
    size_t end = (part + 1) * s->samples * w->blocks / w->parts;
    float *frames = w->own + worker * w->own_size, *tile = frames + size_up(s->in_channels * w->frame, LINE);
    memset(frames, 0, ((size_t)(tile - frames) + 2 * SLIDING_TILE * w->panel) * sizeof *frames);
    for (size_t i = part * s->samples * w->blocks / w->parts; i < end; i++) {
        size_t sample = i / w->blocks, block = i % w->blocks;
        struct piece p = {block * s->out[0] / w->blocks, (block + 1) * s->out[0] / w->blocks, 0, s->in_channels};
        copy_planes(w, sample, &p, frames);
        w->body->forward(w, frames, p.row, p.row_end, tile, w->y + sample * s->out_step);
    }
}

void sliding_run_with(const struct sliding_body *body, const struct sliding *s, struct thread_team *team,
                      const float *x, const float *weights, const float *bias, float *y, float *scratch) {
    struct sliding_work w;
    measure(body, s, &w);
    place(&w, scratch);
    w.x = x;
    w.weights = weights;
    w.bias = bias;
    w.y = y;
    unsigned workers = workers_of(&w, team);
    w.parts = workers > 1 ? SHARES * workers : 1;
    w.blocks = size_min(s->out[0], (w.parts + s->samples - 1) / s->samples);
    w.parts = size_min(w.parts, s->samples * w.blocks);
    find_taps(&w);
    pack_weights(&w);
    thread_team_run(team, (unsigned)w.parts, run_share, &w);
}

/* ---- Weights ---- */

static void find_positions(const struct sliding_work *w) {
    const struct sliding *s = w->s;
    int32_t *offset = w->offsets;
    for (size_t y = 0; y < s->out[0]; y++)
        for (size_t x = 0; x < s->out[1]; x++) *offset++ = (int32_t)(y * s->step[0] * w->pitch + x * s->step[1]);
}

/* Every share has channels of its own of the input, of all samples in their order. */
static void learn_share(void *user, unsigned part, unsigned worker) {
    const struct sliding_work *w = user;
    const struct sliding *s = w->s;
    size_t first = part * s->in_channels / w->parts, count = (part + 1) * s->in_channels / w->parts - first;
    float *frames = w->own + worker * w->own_size, *turned = frames + size_up(s->in_channels * w->frame, LINE);
    memset(frames, 0, (size_t)(turned - frames) * sizeof *frames);
    for (size_t i = 0; i < s->samples; i++) {
        copy_planes(w, i, &(struct piece){0, s->out[0], first, count}, frames);
        for (size_t panel = 0; panel < w->panels; panel++) {
            size_t channel = panel * w->panel, channels = size_min(s->out_channels - channel, w->panel);
            if (channels < w->panel) memset(turned, 0, w->positions * w->panel * sizeof *turned);
            turn_run(w->dy + i * s->out_step + channel * w->positions, w->positions, turned, w->panel, w->positions,
                     channels);
            w->body->learn(w, frames, first, count, panel, turned, i > 0);
        }
    }
}

/* Adds them to dw, some taps at a time, which are turned in memory of a worker. */
static void unpack(const struct sliding_work *w) {
    for (size_t o = 0; o < w->s->out_channels; o += w->panel) {
        size_t channels = size_min(w->s->out_channels - o, w->panel);
        for (size_t k = 0, taps; k < w->taps; k += taps) {
            taps = size_min(w->taps - k, UNPACKED);
            turn_run(w->packed + (o * w->taps + k * w->panel), w->panel, w->own, UNPACKED, channels, taps);
            for (size_t i = 0; i < channels; i++)
                for (size_t t = 0; t < taps; t++) w->dw[(o + i) * w->taps + k + t] += w->own[i * UNPACKED + t];
        }
    }
}

void sliding_learn_with(const struct sliding_body *body, const struct sliding *s, struct thread_team *team,
                        const float *x, const float *dy, float *dw, float *scratch) {
    struct sliding_work w;
    measure(body, s, &w);
    place(&w, scratch);
    w.x = x;
    w.dy = dy;
    w.dw = dw;
    unsigned workers = workers_of(&w, team);
    w.parts = size_min(s->in_channels, workers > 1 ? SHARES * workers : 1);
    find_positions(&w);
    thread_team_run(team, (unsigned)w.parts, learn_share, &w);
    unpack(&w);
}

/* ---- The bodies ---- */

static const struct sliding_body *best_body(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &sliding_avx512;
#endif
    return &sliding_avx2;
}

size_t sliding_scratch(const struct sliding *s, unsigned workers) {
    return sliding_scratch_with(best_body(), s, workers);
}

void sliding_run(const struct sliding *s, struct thread_team *team, const float *x, const float *weights,
                 const float *bias, float *y, float *scratch) {
    sliding_run_with(best_body(), s, team, x, weights, bias, y, scratch);
}

void sliding_learn(const struct sliding *s, struct thread_team *team, const float *x, const float *dy, float *dw,
                   float *scratch) {
    sliding_learn_with(best_body(), s, team, x, dy, dw, scratch);
}
