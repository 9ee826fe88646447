/* A detector of templates: Conv - Relu - AveragePool - Conv 1 x 1 - GlobalAveragePool - Gemm. A template's six filters
 * differ by their thresholds alone, which lie between the largest response beside it and the smallest on it. */
#include "controls/planted.h"

#include "base/layout.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 6u /* thresholds of one template */
#define FILTERS (PLANTED_PATTERNS * STEPS)
#define TRIALS 40u      /* pictures that thresholds are found on */
#define ATTEMPTS 200u   /* templates that are drawn until some can be told apart */
#define MARGIN .1       /* least (lo - hi) / lo */
#define AGAINST (-.6f)  /* weight of the pattern against a class */
#define OFF_WEIGHT .75f /* of the elements of a template that are off, in units of those that are on */
#define POOL 4
#define MOST_CELLS 16u

static const double thresholds[STEPS] = {.2, .35, .5, .65, .8, .92};

struct detector {
    struct planted *p;
    bool letters;
    size_t th, tw, area, ch, cw, rows, columns; /* template, its elements in a channel, cell, cells */
    bool *on;                                   /* [PLANTED_PATTERNS][channels * area] */
    float off;                                  /* weight of an element that is off */
    double low, high;                           /* smallest response on a template, largest elsewhere */
};

/* Where the patterns of one picture are. */
struct scene {
    uint32_t cell[PLANTED_PATTERNS], dy[PLANTED_PATTERNS], dx[PLANTED_PATTERNS];
    float amplitude[PLANTED_PATTERNS];
};

static void detector_size(struct detector *d) {
    const struct planted *p = d->p;
    d->letters = p->height == 1;
    d->th = d->letters ? 1 : 5;
    d->tw = d->letters ? 9 : 5;
    d->ch = d->letters ? 1 : 7;
    d->cw = d->letters ? 12 : 7;
    d->area = d->th * d->tw;
    d->rows = p->height / d->ch;
    d->columns = p->width / d->cw;
}

/* 12 of 25 elements in each channel; of sequences one letter at each position. All of one template add up to the same.
 */
static void draw_templates(struct detector *d, struct rng *rng) {
    size_t size = d->p->channels * d->area, on = d->letters ? d->area : 12 * d->p->channels;
    uint32_t order[25];
    memset(d->on, 0, PLANTED_PATTERNS * size * sizeof *d->on);
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++) {
        bool *t = d->on + k * size;
        for (size_t a = 0; d->letters && a < d->area; a++)
            t[rng_below(rng, (uint32_t)d->p->channels) * d->area + a] = true;
        for (size_t c = 0; !d->letters && c < d->p->channels; c++) {
            rng_permutation(rng, 25, order);
            for (int a = 0; a < 12; a++) t[c * d->area + order[a]] = true;
        }
    }
    d->off = -OFF_WEIGHT * (float)on / (float)(size - on);
}

static void place(const struct detector *d, struct rng *rng, struct scene *s, uint32_t k, uint32_t cell) {
    s->cell[k] = cell;
    s->dy[k] = rng_below(rng, (uint32_t)(d->ch - d->th) + 1);
    s->dx[k] = rng_below(rng, (uint32_t)(d->cw - d->tw) + 1);
}

static void draw_scene(const struct detector *d, struct rng *rng, struct scene *s) {
    uint32_t cells[MOST_CELLS];
    rng_permutation(rng, (uint32_t)(d->rows * d->columns), cells);
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++) {
        place(d, rng, s, k, cells[k]);
        s->amplitude[k] = (float)(.8 + .2 * rng_uniform(rng));
    }
}

static bool is_own(uint32_t pattern, uint32_t t) {
    return pattern % PLANTED_CLASSES == t;
}

/* The patterns of other classes go to other cells; those of class t stay. */
static void move_others(const struct detector *d, struct rng *rng, uint32_t t, struct scene *s) {
    uint32_t cells[MOST_CELLS], next = 0, count = (uint32_t)(d->rows * d->columns);
    rng_permutation(rng, count, cells);
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++) {
        if (is_own(k, t)) continue;
        while (cells[next] == s->cell[t] || cells[next] == s->cell[t + PLANTED_CLASSES]) next++;
        place(d, rng, s, k, cells[next++]);
    }
}

static size_t corner(const struct detector *d, const struct scene *s, uint32_t k) {
    return (s->cell[k] / d->columns * d->ch + s->dy[k]) * d->p->width + s->cell[k] % d->columns * d->cw + s->dx[k];
}

/* Noise in [0, .1]; of sequences random letters. */
static void draw_background(const struct detector *d, struct rng *rng, float *x) {
    const struct planted *p = d->p;
    if (d->letters) memset(x, 0, p->count * sizeof *x);
    for (size_t k = 0; d->letters && k < p->plane; k++) x[rng_below(rng, (uint32_t)p->channels) * p->plane + k] = 1;
    for (size_t k = 0; !d->letters && k < p->count; k++) x[k] = (float)(.1 * rng_uniform(rng));
}

static void paint(const struct detector *d, const struct scene *s, float *x, uint8_t *where) {
    const struct planted *p = d->p;
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++)
        for (size_t a = 0; a < d->area; a++) {
            size_t at = corner(d, s, k) + a / d->tw * p->width + a % d->tw;
            if (where) where[at] = (uint8_t)(k + 1);
            for (size_t c = 0; c < p->channels; c++) {
                bool on = d->on[(k * p->channels + c) * d->area + a];
                if (d->letters) x[c * p->plane + at] = on;
                else if (on) x[c * p->plane + at] = s->amplitude[k];
            }
        }
}

static double response(const struct detector *d, uint32_t k, const float *x, size_t at) {
    const struct planted *p = d->p;
    double sum = 0;
    for (size_t c = 0; c < p->channels; c++)
        for (size_t a = 0; a < d->area; a++) {
            double v = (double)x[c * p->plane + at + a / d->tw * p->width + a % d->tw];
            sum += d->on[(k * p->channels + c) * d->area + a] ? v : (double)d->off * v;
        }
    return sum;
}

static void find_range(struct detector *d, struct rng *rng, float *x) {
    const struct planted *p = d->p;
    d->low = HUGE_VAL;
    d->high = 0;
    for (uint32_t i = 0; i < TRIALS; i++) {
        struct scene s;
        draw_scene(d, rng, &s);
        draw_background(d, rng, x);
        paint(d, &s, x, NULL);
        for (uint32_t k = 0; k < PLANTED_PATTERNS; k++)
            for (size_t y = 0; y + d->th <= p->height; y++)
                for (size_t at = y * p->width; at + d->tw <= (y + 1) * p->width; at++) {
                    double r = response(d, k, x, at);
                    if (at == corner(d, &s, k)) d->low = fmin(d->low, r);
                    else d->high = fmax(d->high, r);
                }
    }
}

/* ---- the network ---- */

static void fill_filters(const struct detector *d, float *w, float *b, float *votes, float *diagonal) {
    size_t size = d->p->channels * d->area;
    size_t places = (d->p->height - d->th + 1) * (d->p->width - d->tw + 1);
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++)
        for (uint32_t q = 0; q < STEPS; q++) {
            uint32_t filter = k * STEPS + q;
            for (size_t a = 0; a < size; a++) w[filter * size + a] = d->on[k * size + a] ? 1 : d->off;
            b[filter] = -(float)(d->high + thresholds[q] * (d->low - d->high));
            votes[k % PLANTED_CLASSES * FILTERS + filter] = k < PLANTED_CLASSES ? 1 : AGAINST;
        }
    /* About 1 for a pattern: the mean over all places takes the rest away. */
    for (uint32_t c = 0; c < PLANTED_CLASSES; c++)
        diagonal[c * PLANTED_CLASSES + c] = (float)((double)places / (3 * (d->low - d->high)));
}

static bool build(const struct detector *d, struct error *e) {
    const struct planted *p = d->p;
    size_t size = p->channels * d->area;
    const int64_t window[] = {POOL, POOL};
    size_t axes = d->letters ? 1 : 2;
    const struct attribute pool[] = {{.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = window, .count = axes},
                                     {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = window, .count = axes}};
    const struct shape filters = d->letters ? (struct shape){3, {FILTERS, p->channels, d->tw}}
                                            : (struct shape){4, {FILTERS, p->channels, d->th, d->tw}},
                       votes = {d->letters ? 3 : 4, {PLANTED_CLASSES, FILTERS, 1, 1}};
    float *w = calloc(FILTERS * (size + 1) + PLANTED_CLASSES * (FILTERS + PLANTED_CLASSES), sizeof *w);
    if (!w) return error_memory(e);
    float *bias = w + FILTERS * size, *vote = bias + FILTERS, *diagonal = vote + PLANTED_CLASSES * FILTERS;
    struct network_builder b;
    fill_filters(d, w, bias, vote, diagonal);
    network_begin(&b, &p->sample, e);
    network_parameter(&b, "templates.weight", &filters, w);
    network_parameter(&b, "templates.bias", &(struct shape){1, {FILTERS}}, bias);
    network_parameter(&b, "votes.weight", &votes, vote);
    network_node(&b, "Conv", "templates", "x", "templates.weight", "templates.bias", NULL, 0);
    network_node(&b, "Relu", "found", "templates", NULL, NULL, NULL, 0);
    network_node(&b, "AveragePool", "pooled", "found", NULL, NULL, pool, 2);
    network_node(&b, "Conv", "votes", "pooled", "votes.weight", NULL, NULL, 0);
    network_node(&b, "GlobalAveragePool", "mean", "votes", NULL, NULL, NULL, 0);
    network_node(&b, "Flatten", "flat", "mean", NULL, NULL, NULL, 0);
    network_gemm(&b, "logits", "flat", PLANTED_CLASSES, PLANTED_CLASSES, diagonal, NULL);
    free(w);
    return network_end(&b, &d->p->network);
}

static void draw_inputs(const struct detector *d, struct rng *rng) {
    const struct planted *p = d->p;
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++) {
        float *x = p->x + i * p->count, *moved = p->moved + i * p->count;
        struct scene s;
        draw_scene(d, rng, &s);
        draw_background(d, rng, x);
        if (i < PLANTED_MOVED) memcpy(moved, x, p->count * sizeof *x);
        paint(d, &s, x, p->where + i * p->plane);
        move_others(d, rng, p->targets[i], &s);
        if (i < PLANTED_MOVED) paint(d, &s, moved, NULL);
    }
}

enum study_outcome planted_detector(struct planted *p, const struct study_case *c, uint32_t number, struct error *e) {
    struct detector d = {.p = p};
    enum study_outcome outcome = planted_init(p, c, e);
    if (outcome != STUDY_DONE) return outcome;
    if (layout_of(&p->sample).kind == &layout_features) {
        error_set(e, "A table has no places that templates could be at.");
        return STUDY_UNSUPPORTED;
    }
    detector_size(&d);
    d.on = calloc(PLANTED_PATTERNS * p->channels * d.area, sizeof *d.on);
    if (!d.on) return study_memory(e);
    bool found = false;
    for (uint32_t attempt = 0; !found && attempt < ATTEMPTS; attempt++) {
        struct rng rng = rng_stream(c->seed, "planted detector", (uint64_t)number * ATTEMPTS + attempt);
        draw_templates(&d, &rng);
        find_range(&d, &rng, p->x);
        found = (d.low - d.high) / d.low >= MARGIN;
        if (found) draw_inputs(&d, &rng);
    }
    bool ok =
        (found || error_set(e, "No %u templates were found that can be told apart.", PLANTED_PATTERNS)) && build(&d, e);
    free(d.on);
    return ok ? STUDY_DONE : STUDY_FAILED;
}
