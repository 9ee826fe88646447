/* Completeness: the map of a method that claims it adds up to f(x) - f(baseline), the logit less that of the baseline
 * that its parameter names. Sundararajan et al. 2017, arXiv:1703.01365, section 3, proposition 1. */
#include "controls/controls.h"

#include "explainers/explainer.h"
#include "judge/rules.h"
#include "plan/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUTS 8u
#define OF_DUE .05 /* what quadrature may leave: a share of what is due, and of what it adds up */
#define OF_SIZE .01

enum { OFF, MISSING, SUM, DUE, READINGS };

static const struct study_reading readings[READINGS] = {
    [OFF] = {{.id = "off", .what = "the map adds up to f(x) - f(baseline), in units of what is allowed", .limit = 1},
             INPUTS},
    [MISSING] = {{.id = "missing", .what = "share of f(x) - f(baseline) that is missing or too much", .limit = .2}, 1},
    [SUM] = {{.id = "sum", .what = "what the map adds up to", .limit = NAN}, INPUTS},
    [DUE] = {{.id = "due", .what = "f(x) - f(baseline)", .limit = NAN}, INPUTS},
};

static bool applies(unsigned claims, char *why, size_t size) {
    if (claims & ASSAY_COMPLETE) return true;
    snprintf(why, size, "The method does not claim that its map adds up to f(x) - f(baseline).");
    return false;
}

/* logits[n + 1][classes]: of the inputs, then of the baseline. */
static void read_sums(const struct study_case *c, uint32_t n, size_t count, const float *maps, const float *logits) {
    size_t classes = c->model->graph->classes;
    const float *from = logits + n * classes;
    double off = 0, all = 0;
    for (uint32_t i = 0; i < n; i++) {
        double sum = 0, size = 0, due = (double)logits[i * classes + c->target[i]] - (double)from[c->target[i]];
        for (size_t k = 0; k < count; k++) {
            sum += (double)maps[i * count + k];
            size += fabs((double)maps[i * count + k]);
        }
        c->values[OFF][i] = fabs(sum - due) / fmax(OF_DUE * fabs(due) + OF_SIZE * size, 1e-30);
        c->values[SUM][i] = sum;
        c->values[DUE][i] = due;
        off += fabs(sum - due);
        all += fabs(due);
    }
    c->values[MISSING][0] = off > 0 ? off / fmax(all, 1e-30) : 0;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    uint32_t n = c->inputs < INPUTS ? c->inputs : INPUTS;
    size_t count = shape_count(c->sample), logits = (n + 1) * (size_t)c->model->graph->classes;
    float *room = malloc(((n + 1) * count + logits) * sizeof *room), *baseline = room ? room + n * count : NULL;
    enum study_outcome outcome = STUDY_FAILED;
    if (!room) return study_memory(e);
    for (size_t k = 0; k < count; k++) baseline[k] = (float)c->baseline;
    float *values = baseline + count;
    const struct study_request r = {.weights = c->model, .n = n, .x = c->x, .targets = c->target, .own = true};
    if (c->host.forward(c->host.user, c->model, n, c->x, values, e) &&
        c->host.forward(c->host.user, c->model, 1, baseline, values + n * (size_t)c->model->graph->classes, e))
        outcome = c->host.explain(c->host.user, &r, room, e);
    if (outcome == STUDY_DONE) read_sums(c, n, count, room, values);
    free(room);
    return outcome;
}

static const struct study study = {.name = "completeness",
                                   .readings = readings,
                                   .reading_count = READINGS,
                                   .inputs = INPUTS,
                                   .maps = INPUTS,
                                   .run = run};

const struct control control_completeness = {
    .id = "completeness",
    .summary = "the map of a method that says so must add up to f(x) - f(baseline)",
    .source = "Sundararajan et al. 2017, arXiv:1703.01365, section 3 (the axiom of completeness)",
    .claim = "the map shares out all of the logit's difference from the baseline, and no more",
    .standard = true,
    .quick = true,
    .rule = &rule_completeness,
    .applies = applies,
    .study = &study,
};
