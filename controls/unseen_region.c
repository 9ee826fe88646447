/* Unseen region: the network is shown k * x, k = 1 in a window and 0 elsewhere. Where it sees nothing, other pixels
 * must not change the map: sensitivity(b), the dummy axiom, Sundararajan et al. 2017, arXiv:1703.01365, section 4. Only
 * the change is judged, as many methods spread to where the network is blind, and may. */
#include "controls/controls.h"

#include "base/layout.h"
#include "controls/maps.h"
#include "judge/rules.h"
#include "plan/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 8u

enum { DISTANCE, PICTURE, EDGES, READINGS };

static const struct study_reading readings[READINGS] = {
    [DISTANCE] = {{.id = "distance",
                   .what = "where the network sees nothing, the map does not change with the input",
                   .limit = .05},
                  INPUTS},
    [PICTURE] = {{.id = "picture", .what = "cosine of that change with the change of the input", .limit = NAN}, INPUTS},
    [EDGES] = {{.id = "edges", .what = "cosine of that change with the change of its edges", .limit = NAN}, INPUTS},
};

struct window {
    size_t channels, height, width, count;
    float *mask;        /* [count]: 1 inside */
    size_t first, last; /* places outside, counted in a channel */
};

/* [low, high) of n: off the centre, so that a mirror image is another region. */
static bool inside(size_t at, size_t n, size_t low, size_t high) {
    return n == 1 || (at >= n * low / 28 && at < (n * high + 27) / 28);
}

static bool window_make(struct window *w, const struct shape *sample) {
    const struct layout layout = layout_of(sample);
    size_t plane = layout.positions, outside = 0;
    w->channels = layout.channels;
    w->width = sample->rank > 1 ? sample->dim[sample->rank - 1] : plane;
    w->height = w->width ? plane / w->width : 0;
    w->count = w->channels * plane;
    w->first = plane;
    for (size_t p = 0; p < plane; p++) {
        bool in = inside(p / w->width, w->height, 6, 22) && inside(p % w->width, w->width, 3, 17);
        for (size_t c = 0; c < w->channels; c++) w->mask[c * plane + p] = in;
        if (in) continue;
        if (w->first == plane) w->first = p;
        w->last = p;
        outside++;
    }
    return outside >= 3 && outside < plane;
}

/* x with the other input's elements outside, both with the same lowest and highest value: noise levels are shares of an
 * input's range. Letters have that already, and a fixed element would be no letter. */
static void make_pair(const struct window *w, const struct study_case *c, const float *x, const float *other, float *a,
                      float *b) {
    float low = x[0], high = x[0];
    for (size_t k = 0; k < w->count; k++) {
        a[k] = x[k];
        b[k] = w->mask[k] > 0 ? x[k] : other[k];
        low = fminf(low, fminf(a[k], b[k]));
        high = fmaxf(high, fmaxf(a[k], b[k]));
    }
    if (c->one_hot) return;
    a[w->first] = b[w->first] = low;
    a[w->last] = b[w->last] = high;
}

/* Sum of the sizes of the steps to the next element to the right and below. */
static double edge(const struct window *w, const float *x, size_t k) {
    size_t plane = w->height * w->width, at = k % plane;
    double right = at % w->width + 1 < w->width ? fabs((double)x[k + 1] - (double)x[k]) : 0,
           below = at / w->width + 1 < w->height ? fabs((double)x[k + w->width] - (double)x[k]) : 0;
    return right + below;
}

struct cosine {
    double ab, aa, bb;
};

static void cosine_add(struct cosine *c, double a, double b) {
    c->ab += a * b;
    c->aa += a * a;
    c->bb += b * b;
}

static double cosine(const struct cosine *c) {
    return c->aa > 0 && c->bb > 0 ? c->ab / sqrt(c->aa * c->bb) : (double)NAN;
}

static void read_pair(const struct window *w, const struct study_case *c, uint32_t i, const float *const x[2],
                      const float *const map[2]) {
    struct cosine picture = {.ab = 0}, edges = {.ab = 0};
    double change = 0, size = maps_norm(map[0], w->count);
    if (maps_constant(map[0], w->count) && maps_constant(map[1], w->count)) return;
    for (size_t k = 0; k < w->count; k++) {
        double d = (double)map[0][k] - (double)map[1][k];
        if (w->mask[k] > 0) continue;
        change += d * d;
        cosine_add(&picture, d, (double)x[0][k] - (double)x[1][k]);
        cosine_add(&edges, d, edge(w, x[0], k) - edge(w, x[1], k));
    }
    c->values[DISTANCE][i] = change > 0 ? (size > 0 ? fmin(sqrt(change) / size, 1e6) : 1e6) : 0;
    c->values[PICTURE][i] = cosine(&picture);
    c->values[EDGES][i] = cosine(&edges);
}

static enum study_outcome measure(const struct window *w, const struct study_case *c, float *x, struct error *e) {
    uint32_t n = c->inputs < INPUTS ? c->inputs : INPUTS;
    float *maps = x + 2 * n * w->count;
    for (uint32_t i = 0; i < n; i++)
        make_pair(w, c, c->x + i * w->count, c->x + (i + 1 + n / 2) % c->inputs * w->count, x + i * w->count,
                  x + (n + i) * w->count);
    for (uint32_t k = 0; k < 2; k++) {
        const struct study_request r = {
            .weights = c->model, .mask = w->mask, .n = n, .x = x + k * n * w->count, .targets = c->target, .own = true};
        enum study_outcome outcome = c->host.explain(c->host.user, &r, maps + k * n * w->count, e);
        if (outcome != STUDY_DONE) return outcome;
    }
    for (uint32_t i = 0; i < n; i++)
        read_pair(w, c, i, (const float *const[]){x + i * w->count, x + (n + i) * w->count},
                  (const float *const[]){maps + i * w->count, maps + (n + i) * w->count});
    return STUDY_DONE;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    size_t count = shape_count(c->sample);
    struct window w = {.mask = malloc(count * sizeof *w.mask)};
    float *x = malloc(4 * INPUTS * count * sizeof *x);
    enum study_outcome outcome = STUDY_UNSUPPORTED;
    if (!w.mask || !x) outcome = study_memory(e);
    else if (c->inputs < 2) error_set(e, "One input: there is no other to take elements from.");
    else if (!window_make(&w, c->sample)) error_set(e, "An input of so few elements has no region to hide.");
    else outcome = measure(&w, c, x, e);
    free(w.mask);
    free(x);
    return outcome;
}

static const struct study study = {.name = "unseen-region",
                                   .readings = readings,
                                   .reading_count = READINGS,
                                   .inputs = INPUTS,
                                   .maps = 2 * INPUTS,
                                   .run = run};

const struct control control_unseen_region = {
    .id = "unseen-region",
    .summary = "the network sees a window of the input only: what is changed elsewhere must not show there",
    .source = "Sundararajan et al. 2017, arXiv:1703.01365, section 4 (sensitivity(b), the dummy axiom)",
    .claim = "no part of the map is the input itself: what the model cannot see does not show where it lies",
    .standard = true,
    .quick = true,
    .rule = &rule_unseen_region,
    .study = &study,
};
