/* Numbers of Hedstroem et al. 2024, arXiv:2401.06465, beside the cascade: MPRT, smooth MPRT (section 4.1: explanations
 * averaged over noisy inputs are compared) and efficient MPRT (section 4.2: by how much the entropy of an explanation
 * rises when all weights are drawn anew). No verdict rests on them: they have neither a floor nor a limit. */
#include "controls/controls.h"

#include "base/rng.h"
#include "controls/maps.h"
#include "judge/rules.h"
#include "measure/entropy.h"
#include "measure/similarity.h"
#include "plan/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 6u
#define COPIES 10u /* of each input: all but the last under noise */
#define STAGES 4u
#define DRAWS 2u
#define NOISE .1 /* sd, as a share of the input's range: the default of the paper's code */

enum { LAYERS, MPRT, SMOOTH, RISE, READINGS };

static const struct study_reading readings[READINGS] = {
    [LAYERS] = {{.id = "layers", .what = "layers drawn anew, from the output down", .limit = NAN}, STAGES},
    [MPRT] = {{.id = "mprt", .what = "rank correlation of magnitudes with the original's", .limit = NAN}, STAGES},
    [SMOOTH] = {{.id = "smooth-mprt", .what = "the same of means over noisy inputs", .limit = NAN}, STAGES},
    [RISE] = {{.id = "efficient-mprt", .what = "relative rise of the entropy, all layers drawn anew", .limit = NAN},
              INPUTS *DRAWS},
};

struct work {
    const struct study_case *c;
    size_t count; /* elements of a sample */
    uint32_t n, stages;
    float *x, *maps;             /* [n * COPIES][count] */
    float *plain[2], *smooth[2]; /* [n][count]: of the original network, and of another */
    uint32_t *targets;           /* [n * COPIES] */
    double sum[2][STAGES];       /* of MPRT and SMOOTH */
    uint32_t counted[2][STAGES];
};

/* One to all of them: the top layer, then evenly. */
static uint32_t layers_at(const struct work *w, uint32_t stage) {
    uint32_t layers = w->c->model->graph->layer_count;
    if (w->stages < STAGES) return stage + 1;
    return 1 + (stage * (layers - 1) + (STAGES - 1) / 2) / (STAGES - 1);
}

/* Copies under noise of their own for each network; letters take none. */
static void make_copies(const struct work *w, uint64_t network) {
    struct rng rng = rng_stream(w->c->seed, "study/mprt/noise", network);
    for (uint32_t i = 0; i < w->n; i++) {
        const float *x = w->c->x + i * w->count;
        float low = x[0], high = x[0];
        for (size_t k = 0; k < w->count; k++) low = fminf(low, x[k]), high = fmaxf(high, x[k]);
        for (uint32_t copy = 0; copy < COPIES; copy++) {
            float *to = w->x + ((size_t)i * COPIES + copy) * w->count;
            bool noisy = copy + 1 < COPIES && !w->c->one_hot;
            for (size_t k = 0; k < w->count; k++)
                to[k] = noisy ? (float)((double)x[k] + NOISE * (double)(high - low) * rng_normal(&rng)) : x[k];
            w->targets[i * COPIES + copy] = w->c->target[i];
        }
    }
}

/* The maps of a network: of the inputs as they are, and the means over their copies. */
static enum study_outcome explain(const struct work *w, const struct weights *network, uint32_t number, int into,
                                  struct error *e) {
    const struct study_request r = {
        .weights = network, .n = w->n * COPIES, .repeat = number, .x = w->x, .targets = w->targets, .own = true};
    make_copies(w, number);
    enum study_outcome outcome = w->c->host.explain(w->c->host.user, &r, w->maps, e);
    for (uint32_t i = 0; outcome == STUDY_DONE && i < w->n; i++) {
        const float *all = w->maps + (size_t)i * COPIES * w->count;
        memcpy(w->plain[into] + i * w->count, all + (COPIES - 1) * w->count, w->count * sizeof *all);
        for (size_t k = 0; k < w->count; k++) {
            double sum = 0;
            for (uint32_t copy = 0; copy < COPIES; copy++) sum += (double)all[copy * w->count + k];
            w->smooth[into][i * w->count + k] = (float)(sum / COPIES);
        }
    }
    return outcome;
}

static void take_magnitudes(const struct work *w, int which) {
    for (size_t k = 0; k < w->n * w->count; k++) {
        w->plain[which][k] = fabsf(w->plain[which][k]);
        w->smooth[which][k] = fabsf(w->smooth[which][k]);
    }
}

static void compare(struct work *w, uint32_t stage, uint32_t draw) {
    for (uint32_t i = 0; i < w->n; i++) {
        size_t at = i * w->count;
        const double rho[2] = {spearman(w->plain[0] + at, w->plain[1] + at, w->count),
                               w->c->one_hot ? (double)NAN : spearman(w->smooth[0] + at, w->smooth[1] + at, w->count)};
        for (int k = 0; k < 2; k++) {
            if (isnan(rho[k])) continue;
            w->sum[k][stage] += rho[k];
            w->counted[k][stage]++;
        }
        if (stage + 1 < w->stages) continue;
        double before = entropy_of_histogram(w->plain[0] + at, w->count),
               after = entropy_of_histogram(w->plain[1] + at, w->count);
        w->c->values[RISE][draw * INPUTS + i] = before > 0 ? (after - before) / before : (double)NAN;
    }
}

static enum study_outcome measure_draw(struct work *w, uint32_t draw, struct error *e) {
    /* The cascade's own draws, by its defaults (control_init). */
    const struct init_options init = {
        .scheme = init_schemes[0], .sigma = .1, .seed = control_draw_seed(w->c->seed), .draw = draw};
    uint32_t layers = w->c->model->graph->layer_count, done = 0;
    struct weights *network = NULL;
    enum study_outcome outcome = weights_copy(w->c->model, &network, e) ? STUDY_DONE : STUDY_FAILED;
    for (uint32_t stage = 0; outcome == STUDY_DONE && stage < w->stages; stage++) {
        for (; outcome == STUDY_DONE && done < layers_at(w, stage); done++)
            if (!weights_redraw(network, layers - 1 - done, &init, e)) outcome = STUDY_FAILED;
        if (outcome == STUDY_DONE) outcome = explain(w, network, 1 + draw * STAGES + stage, 1, e);
        if (outcome != STUDY_DONE) break;
        take_magnitudes(w, 1);
        compare(w, stage, draw);
    }
    weights_destroy(network);
    return outcome;
}

static enum study_outcome measure(struct work *w, struct error *e) {
    enum study_outcome outcome = explain(w, w->c->model, 0, 0, e);
    if (outcome == STUDY_DONE) take_magnitudes(w, 0);
    for (uint32_t draw = 0; outcome == STUDY_DONE && draw < DRAWS; draw++) outcome = measure_draw(w, draw, e);
    for (uint32_t stage = 0; outcome == STUDY_DONE && stage < w->stages; stage++) {
        w->c->values[LAYERS][stage] = layers_at(w, stage);
        for (int k = 0; k < 2; k++)
            if (w->counted[k][stage]) w->c->values[MPRT + k][stage] = w->sum[k][stage] / w->counted[k][stage];
    }
    return outcome;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct work w = {.c = c, .count = shape_count(c->sample), .n = c->inputs < INPUTS ? c->inputs : INPUTS};
    uint32_t layers = c->model->graph->layer_count;
    enum study_outcome outcome = STUDY_UNSUPPORTED;
    if (!layers) {
        error_set(e, "The network has no layer to draw anew.");
        return outcome;
    }
    w.stages = layers < STAGES ? layers : STAGES;
    size_t all = (size_t)w.n * COPIES * w.count, one = w.n * w.count;
    w.x = malloc((2 * all + 4 * one) * sizeof *w.x);
    w.targets = malloc(w.n * COPIES * sizeof *w.targets);
    if (w.x && w.targets) {
        w.maps = w.x + all;
        w.plain[0] = w.maps + all;
        w.plain[1] = w.plain[0] + one;
        w.smooth[0] = w.plain[1] + one;
        w.smooth[1] = w.smooth[0] + one;
        outcome = measure(&w, e);
    } else outcome = study_memory(e);
    free(w.x);
    free(w.targets);
    return outcome;
}

static const struct study study = {.name = "mprt",
                                   .readings = readings,
                                   .reading_count = READINGS,
                                   .inputs = INPUTS,
                                   .maps = INPUTS * COPIES * (1 + STAGES * DRAWS),
                                   .run = run};

const struct control control_mprt = {
    .id = "mprt",
    .summary = "MPRT, smooth MPRT and efficient MPRT: numbers for comparison, never a verdict",
    .source = "Hedstroem et al. 2024, arXiv:2401.06465, sections 3 and 4",
    .claim = "nothing: numbers without a floor, an interval or a limit",
    .rule = &rule_mprt,
    .study = &study,
};
