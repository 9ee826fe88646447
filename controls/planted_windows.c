/* A multilayer perceptron whose hidden units look into one window each: for a class 12 into the one that is for it, 12
 * into the one that is against it. */
#include "controls/planted.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

#define UNITS 12u /* of one window */
#define HIDDEN (PLANTED_PATTERNS * UNITS)
#define MOST_CELLS 49u

struct windows {
    struct planted *p;
    size_t h, w, rows, columns; /* of a cell, and how many */
    uint32_t cell[PLANTED_PATTERNS];
};

/* No mirror image or transpose of a class's windows meets them: a map that is turned over is seen. */
static bool is_lopsided(const struct windows *v, uint32_t a, uint32_t b) {
    uint32_t columns = (uint32_t)v->columns, rows = (uint32_t)v->rows, r = a / columns, c = a % columns;
    const uint32_t images[] = {r * columns + (columns - 1 - c), (rows - 1 - r) * columns + c,
                               (rows - 1 - r) * columns + (columns - 1 - c),
                               rows == columns ? c * columns + r : UINT32_MAX};
    for (size_t k = 0; k < sizeof images / sizeof *images; k++) {
        bool itself = rows == 1 && k == 1; /* a row upside down */
        if (!itself && (images[k] == a || images[k] == b)) return false;
    }
    return true;
}

static void draw_cells(struct windows *v, struct rng *rng) {
    uint32_t cells[MOST_CELLS];
    for (bool good = false; !good;) {
        rng_permutation(rng, (uint32_t)(v->rows * v->columns), cells);
        memcpy(v->cell, cells, sizeof v->cell);
        good = true;
        for (uint32_t t = 0; t < PLANTED_CLASSES; t++) {
            uint32_t a = v->cell[t], b = v->cell[t + PLANTED_CLASSES];
            good = good && is_lopsided(v, a, b) && is_lopsided(v, b, a);
        }
    }
}

/* The pattern whose window covers the place, and 1; 0: none. */
static uint8_t pattern_at(const struct windows *v, size_t at) {
    uint32_t cell = (uint32_t)(at / v->p->width / v->h * v->columns + at % v->p->width / v->w);
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++)
        if (v->cell[k] == cell) return (uint8_t)(k + 1);
    return 0;
}

static void fill_weights(const struct windows *v, struct rng *rng, float *w, float *b, float *out) {
    const struct planted *p = v->p;
    for (uint32_t k = 0; k < PLANTED_PATTERNS; k++)
        for (uint32_t u = 0; u < UNITS; u++) {
            uint32_t unit = k * UNITS + u;
            double sum = 0;
            for (size_t at = 0; at < p->count; at++) {
                if (pattern_at(v, at % p->plane) != k + 1) continue;
                w[unit * p->count + at] = (float)rng_uniform(rng);
                sum += (double)w[unit * p->count + at];
            }
            /* Below what windows hold at least: on at every input, off on the way from 0. */
            b[unit] = (float)(-sum * .5 * rng_uniform(rng));
            double size = (.5 + .5 * rng_uniform(rng)) * 4 / (sum * UNITS);
            out[k % PLANTED_CLASSES * HIDDEN + unit] = (float)(k < PLANTED_CLASSES ? size : -size);
        }
}

static bool build(const struct windows *v, struct rng *rng, struct error *e) {
    const struct planted *p = v->p;
    struct network_builder b;
    float *w = calloc(HIDDEN * (p->count + 1 + PLANTED_CLASSES), sizeof *w);
    if (!w) return error_memory(e);
    float *bias = w + HIDDEN * p->count, *out = bias + HIDDEN;
    fill_weights(v, rng, w, bias, out);
    network_begin(&b, &p->sample, e);
    network_node(&b, "Flatten", "flat", "x", NULL, NULL, NULL, 0);
    network_gemm(&b, "looks", "flat", HIDDEN, p->count, w, bias);
    network_node(&b, "Relu", "found", "looks", NULL, NULL, NULL, 0);
    network_gemm(&b, "logits", "found", PLANTED_CLASSES, HIDDEN, out, NULL);
    free(w);
    return network_end(&b, &v->p->network);
}

static float draw_value(struct rng *rng, bool window) {
    double u = rng_uniform(rng);
    return (float)(window ? .6 + .4 * u : .5 * u);
}

/* Of inputs that are shown again the windows of other classes get other values. */
static void draw_inputs(const struct windows *v, struct rng *rng) {
    const struct planted *p = v->p;
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++)
        for (size_t k = 0; k < p->count; k++) {
            uint8_t pattern = pattern_at(v, k % p->plane);
            bool other = pattern && (pattern - 1u) % PLANTED_CLASSES != p->targets[i];
            p->where[i * p->plane + k % p->plane] = pattern;
            p->x[i * p->count + k] = draw_value(rng, pattern > 0);
            if (i >= PLANTED_MOVED) continue;
            p->moved[i * p->count + k] = other ? draw_value(rng, true) : p->x[i * p->count + k];
        }
}

enum study_outcome planted_windows(struct planted *p, const struct study_case *c, uint32_t number, struct error *e) {
    enum study_outcome outcome = planted_init(p, c, e);
    if (outcome != STUDY_DONE) return outcome;
    struct rng rng = rng_stream(c->seed, "planted windows", number);
    struct windows v = {.p = p, .h = p->height > 1 ? 4 : 1, .w = p->height > 1 ? 4 : 8};
    v.rows = p->height / v.h;
    v.columns = p->width / v.w;
    draw_cells(&v, &rng);
    draw_inputs(&v, &rng);
    return build(&v, &rng, e) ? STUDY_DONE : STUDY_FAILED;
}
