/* axioms.c: the table of axioms. All networks are random, but for what an axiom wants: the features ALIKE have the same
 * weights, and logit 2 is the sum of logits 0 and 1. */
#include "cli/axioms.h"

#include "base/rng.h"
#include "explainers/explainer.h"
#include "nn/arch.h"
#include "nn/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPREAD .3 /* sd of all weights and biases: logits of order one */

#define TABLE "fc:16,relu,fc:8,relu,fc:4"
#define FEATURES 12u
#define ALIKE_A 3u
#define ALIKE_B 7u

/* No padding and a mean over all places: what lies MARGIN inside moves, and all else stays. Strides multiply to SHIFT.
 * The last unit looks at 8 x 8 places. */
#define PICTURE "conv:4x3,relu,maxpool:2,conv:6x3,relu,globalavgpool,fc:4"
#define SIDE 24u
#define CHANNELS 2u
#define MARGIN 7u
#define CONTENT 8u
#define SHIFT 2u

static double norm(const float *a, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += (double)a[k] * (double)a[k];
    return sqrt(sum);
}

/* ---- sensitivity: inputs that differ from the baseline in one feature ---- */

static void pose_single(struct axiom_case *c) {
    c->n = FEATURES;
    for (uint32_t i = 0; i < c->n; i++) {
        for (size_t k = 0; k < c->count; k++) c->inputs[i * c->count + k] = (float)c->baseline;
        c->inputs[i * c->count + i] += 1;
        c->targets[i] = i % 4;
    }
}

/* 1 less the smallest share of the difference that the feature has. A share of 1 or more is 0. */
static double measure_single(const struct axiom_case *c, const float *maps) {
    double most = 0, least = 1;
    for (uint32_t i = 0; i < c->n; i++) most = fmax(most, fabs(c->due[i]));
    for (uint32_t i = 0; i < c->n; i++) {
        if (fabs(c->due[i]) < .05 * most) continue; /* the network hardly looks at the feature */
        least = fmin(least, fabs((double)maps[i * c->count + i] / c->due[i]));
    }
    return 1 - least;
}

/* ---- symmetry: two features that the network treats alike have one value ---- */

static void pose_alike(struct axiom_case *c) {
    c->n = 8;
    rng_fill_uniform(rng_seed(c->seed, "axiom: alike", 0), 0, c->n * c->count, c->inputs);
    for (uint32_t i = 0; i < c->n; i++) {
        c->inputs[i * c->count + ALIKE_B] = c->inputs[i * c->count + ALIKE_A];
        c->targets[i] = i % 4;
    }
}

static double measure_alike(const struct axiom_case *c, const float *maps) {
    double worst = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        const float *map = maps + i * c->count;
        double off = fabs((double)map[ALIKE_A] - (double)map[ALIKE_B]), size = norm(map, c->count);
        if (off > 0) worst = fmax(worst, off / size);
    }
    return worst;
}

/* ---- additivity: logits 0, 1 and their sum ---- */

static void pose_sum(struct axiom_case *c) {
    c->n = 12;
    rng_fill_uniform(rng_seed(c->seed, "axiom: sum", 0), 0, c->n / 3 * c->count, c->inputs);
    for (uint32_t i = c->n; i-- > 0;) {
        memmove(c->inputs + i * c->count, c->inputs + i / 3 * c->count, c->count * sizeof *c->inputs);
        c->seeds[i] = c->seeds[i / 3];
        c->targets[i] = i % 3;
    }
}

static double measure_sum(const struct axiom_case *c, const float *maps) {
    double worst = 0;
    for (uint32_t i = 0; i < c->n; i += 3) {
        const float *a = maps + i * c->count, *b = a + c->count, *both = b + c->count;
        double off = 0, size = norm(a, c->count) + norm(b, c->count);
        for (size_t k = 0; k < c->count; k++) {
            double d = (double)a[k] + (double)b[k] - (double)both[k];
            off += d * d;
        }
        if (off > 0) worst = fmax(worst, sqrt(off) / size);
    }
    return worst;
}

/* ---- translation: what is shown lies two places further ---- */

static size_t place(uint32_t channel, uint32_t row, uint32_t column, uint32_t shift) {
    return ((size_t)channel * SIDE + MARGIN + row + shift) * SIDE + MARGIN + column + shift;
}

static void pose_moved(struct axiom_case *c) {
    c->n = 8;
    for (size_t k = 0; k < c->n * c->count; k++) c->inputs[k] = (float)c->baseline;
    for (uint32_t i = 0; i < c->n; i++) {
        struct rng rng = rng_stream(c->seed, "axiom: moved", i / 2);
        c->targets[i] = i / 2 % 4;
        c->seeds[i] = c->seeds[i / 2];
        for (uint32_t channel = 0; channel < CHANNELS; channel++)
            for (uint32_t row = 0; row < CONTENT; row++)
                for (uint32_t column = 0; column < CONTENT; column++)
                    c->inputs[i * c->count + place(channel, row, column, i % 2 * SHIFT)] = (float)rng_uniform(&rng);
    }
}

static double measure_moved(const struct axiom_case *c, const float *maps) {
    double worst = 0;
    for (uint32_t i = 0; i < c->n; i += 2) {
        const float *here = maps + i * c->count, *there = here + c->count;
        double off = 0, size = 0;
        for (uint32_t channel = 0; channel < CHANNELS; channel++)
            for (uint32_t row = 0; row < CONTENT; row++)
                for (uint32_t column = 0; column < CONTENT; column++) {
                    double a = (double)here[place(channel, row, column, 0)],
                           b = (double)there[place(channel, row, column, SHIFT)];
                    off += (a - b) * (a - b);
                    size += a * a;
                }
        if (off > 0) worst = fmax(worst, sqrt(off / size));
    }
    return worst;
}

/* ---- */

#define SAID (ASSAY_COMPLETE | ASSAY_LINEAR_EXACT)

const struct axiom axioms[AXIOMS] = {
    {"sensitivity",
     "a feature that alone differs from the baseline, and with it the logit, has an attribution",
     true,
     ASSAY_COMPLETE,
     0,
     TABLE,
     {1, {FEATURES}},
     pose_single,
     measure_single,
     .99},
    {"symmetry",
     "two features that the network treats alike, with one value, have one attribution",
     false,
     SAID,
     ASSAY_STOCHASTIC,
     TABLE,
     {1, {FEATURES}},
     pose_alike,
     measure_alike,
     1e-4},
    {"additivity",
     "the map of a sum of two logits is the sum of their maps",
     false,
     ASSAY_COMPLETE,
     0,
     TABLE,
     {1, {FEATURES}},
     pose_sum,
     measure_sum,
     1e-3},
    {"translation",
     "what the network sees two places further has the same attributions, two places further",
     false,
     SAID,
     ASSAY_STOCHASTIC,
     PICTURE,
     {3, {CHANNELS, SIDE, SIDE}},
     pose_moved,
     measure_moved,
     1e-3},
};

bool axiom_is_asked(const struct axiom *a, unsigned claims) {
    return (claims & a->claims) && !(claims & a->never);
}

/* ---- the network ---- */

/* Of the last layer: row 2 is the sum of rows 0 and 1. */
static bool add_rows(struct weights *w, struct error *e) {
    const struct layer *last = &w->graph->layers[w->graph->layer_count - 1];
    for (uint32_t k = 0; k < last->parameter_count; k++) {
        float *data = weights_edit(w, last->parameters[k]);
        size_t row = shape_count(&w->graph->values[last->parameters[k]].shape) / w->graph->classes;
        if (!data) return error_memory(e);
        for (size_t j = 0; j < row; j++) data[2 * row + j] = data[j] + data[row + j];
    }
    return true;
}

/* Of the first, a dense one: the two features have the same weights. */
static bool make_alike(struct weights *w, struct error *e) {
    uint32_t first = w->graph->layers[0].parameters[0];
    float *data = weights_edit(w, first);
    if (!data) return error_memory(e);
    if (w->graph->sample.rank > 1) return true;
    for (size_t row = 0; row < shape_count(&w->graph->values[first].shape) / FEATURES; row++)
        data[row * FEATURES + ALIKE_B] = data[row * FEATURES + ALIKE_A];
    return true;
}

static bool build(struct axiom_case *c, const struct axiom *a, struct error *e) {
    if (!arch_build(a->layers, &a->sample, &c->graph, e) || !weights_create(c->graph, &c->weights, e)) return false;
    const struct init_options init = {.scheme = &init_normal, .sigma = SPREAD, .seed = c->seed};
    for (uint32_t i = 0; i < c->graph->layer_count; i++)
        if (!weights_redraw(c->weights, i, &init, e)) return false;
    return make_alike(c->weights, e) && add_rows(c->weights, e);
}

static bool find_due(struct axiom_case *c, struct error *e) {
    struct net *net = NULL;
    uint32_t classes = c->graph->classes;
    float *from = malloc((c->count + (c->n + (size_t)1) * classes) * sizeof *from), *logits = from + c->count;
    if (!from) return error_memory(e);
    for (size_t k = 0; k < c->count; k++) from[k] = (float)c->baseline;
    bool ok = net_create(c->weights, &net, e) && net_forward(net, c->n, c->inputs, logits, e) &&
              net_forward(net, 1, from, logits + (size_t)c->n * classes, e);
    for (uint32_t i = 0; ok && i < c->n; i++)
        c->due[i] = (double)logits[i * classes + c->targets[i]] - (double)logits[c->n * classes + c->targets[i]];
    net_destroy(net);
    free(from);
    return ok;
}

bool axiom_case_init(struct axiom_case *c, const struct axiom *a, double baseline, uint64_t seed, struct error *e) {
    *c = (struct axiom_case){.count = shape_count(&a->sample), .baseline = baseline, .seed = seed};
    c->inputs = calloc(AXIOM_INPUTS, c->count * sizeof *c->inputs);
    if (!c->inputs) return error_memory(e);
    for (uint32_t i = 0; i < AXIOM_INPUTS; i++) c->seeds[i] = rng_seed(c->seed, "axiom: explainer", i);
    if (!build(c, a, e)) return false;
    a->pose(c);
    return find_due(c, e);
}

void axiom_case_finish(struct axiom_case *c) {
    weights_destroy(c->weights);
    graph_destroy(c->graph);
    free(c->inputs);
}
