/* twins.c: maps of the same function must be the same maps. */
#include "judge/contrast.h"
#include "judge/gates.h"
#include "judge/rules.h"
#include "judge/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR .5         /* rank correlation that has to be left */
#define MOST_DISTANCE 2 /* that one input counts for: a map of other units is any number of times as large */

/* What is known of one twin. */
struct finding {
    enum twin twin;
    const struct attribution *attribution;
    uint32_t index;        /* of the attribution */
    double mean, reach;    /* of rho (near) or of the distance; half the 90 % interval */
    double limit;          /* of it */
    double rho;            /* mean, in the first view */
    double moved, of;      /* largest change of the logits, and their range */
    const char *view;      /* near: the view that decided */
    uint32_t inputs, left; /* inputs judged, and left out: their maps are constant */
    enum verdict_word word;
};

/* Of the case's row, in the results; false: the plan has no such check. */
static bool find_check(const struct judge_case *c, const char *id, size_t *at) {
    const struct plan *p = c->view->plan;
    for (uint32_t k = 0; k < p->check_count; k++)
        if (p->checks[k].control == c->control && strcmp(p->checks[k].predicate->id, id) == 0) {
            *at = (size_t)c->row * p->check_count + k;
            return true;
        }
    return false;
}

/* Of near, in the view where the least is left. A map that vanished on the twin alone has no similarity: 0. */
static void measure_near(const struct judge_case *c, struct finding *f, double *y) {
    uint32_t n = case_inputs(c);
    f->limit = NEAR;
    f->mean = INFINITY;
    for (uint32_t v = 0; v < c->view_count; v++) {
        const double *s = results_cell(c->r, c->row, f->index)->matched[0][c->views[v]];
        double mean, reach;
        uint32_t present;
        for (uint32_t i = 0; i < n; i++)
            y[i] = samples_constant(c, c->views[v], i) ? (double)NAN : isnan(s[i]) ? 0 : s[i];
        contrast_mean(y, n, c->constants->alpha, &mean, &reach, &present);
        if (!present || !(mean < f->mean)) continue; /* without: every original is constant in this view */
        f->mean = mean;
        f->reach = reach;
        f->inputs = present;
        f->view = view_name(c->views[v]);
    }
}

/* Of units and confidence: how far each map is off, as a share of its length. */
static void measure_distance(const struct judge_case *c, struct finding *f, const double *maps, double *y) {
    uint32_t n = case_inputs(c);
    f->limit = 0;
    for (uint32_t i = 0; i < n; i++) {
        double allowed = maps[n + i];
        y[i] = allowed > 0 ? fmin(maps[i], MOST_DISTANCE) : (double)NAN;
        f->limit = fmax(f->limit, allowed);
    }
    contrast_mean(y, n, c->constants->alpha, &f->mean, &f->reach, &f->inputs);
}

static double mean_rho(const struct judge_case *c, uint32_t attribution) {
    return samples_mean(c, attribution, c->views[0]);
}

static double largest(const double *v, uint32_t n) {
    double most = 0;
    for (uint32_t i = 0; i < n; i++) most = v[i] > most ? v[i] : most;
    return most;
}

/* Whether the twin is none: then it says nothing. What may move is a share of the logits' range, which is that of the
 * input where it is largest: between two classes it may be next to nothing. */
static bool is_no_twin(const struct judge_case *c, struct finding *f, struct judgement *j) {
    static const char *const ids[TWIN_COUNT] = {"near-logits", "units-logits", "confidence-logit"};
    const double *logits = NULL;
    uint32_t n = case_inputs(c);
    size_t at;
    if (find_check(c, ids[f->twin], &at) && c->r->checks[at].inputs == n) logits = c->r->deviations[at];
    if (!logits) {
        judgement_say(j, VERDICT_ERROR, "On %s: not all logits are known.", f->attribution->key);
        return true;
    }
    double allowed = largest(logits + n, n);
    f->moved = largest(logits, n);
    f->of = allowed / .1;
    if (f->moved <= allowed) return false;
    judgement_say(j, VERDICT_ERROR, "Not a twin: on %s %s by %.3g, where %.3g is allowed.", f->attribution->key,
                  f->twin == TWIN_CONFIDENCE ? "the class's own logit moves" : "the logits move", f->moved, allowed);
    return true;
}

/* False: `j` says why nothing can be said. */
static bool look_at(const struct judge_case *c, struct finding *f, double *y, struct judgement *j) {
    static const char *const ids[TWIN_COUNT] = {NULL, "units-map", "confidence-map"};
    if (gate_unit(c, f->index, j) || is_no_twin(c, f, j)) return false;
    f->rho = mean_rho(c, f->index);
    if (f->twin == TWIN_NEAR) {
        measure_near(c, f, y);
    } else {
        size_t at;
        if (!find_check(c, ids[f->twin], &at) || c->r->checks[at].inputs != case_inputs(c)) {
            judgement_say(j, VERDICT_ERROR, "On %s: not every map was compared.", f->attribution->key);
            return false;
        }
        measure_distance(c, f, c->r->deviations[at], y);
    }
    f->left = case_inputs(c) - f->inputs;
    bool same = f->twin == TWIN_NEAR ? f->mean - f->reach > f->limit : f->mean + f->reach < f->limit,
         other = f->twin == TWIN_NEAR ? f->mean + f->reach < f->limit : f->mean - f->reach > f->limit;
    f->word = same ? VERDICT_PASS : other ? VERDICT_FAIL : VERDICT_INCONCLUSIVE;
    return true;
}

/* ---- words ---- */

static void take_numbers(const struct finding *f, struct judgement *j) {
    j->first_stage = twin_name(f->twin);
    j->score = f->mean;
    j->lower = f->mean - f->reach;
    j->upper = f->mean + f->reach;
    j->inputs = f->inputs;
    j->draws = 1;
}

static void say_fail(const struct finding *f, struct judgement *j) {
    if (f->twin == TWIN_NEAR)
        judgement_say(
            j, VERDICT_FAIL,
            "Weights moved by 0.1 %% change the whole map (logits moved by %.2g of %.3g): rho = %.2f, at most "
            "%.2f < %.2f (%s, %u inputs).",
            f->moved, f->of, f->mean, j->upper, f->limit, f->view, j->inputs);
    else
        judgement_say(j, VERDICT_FAIL, "%s: relative distance %.2g, at least %.2g > %.3g; rho = %.2f (%u inputs).",
                      f->twin == TWIN_UNITS
                          ? "The map changes when hidden units are only re-ordered and rescaled (the logits do not)"
                          : "The map of a class changes when only the other classes' logits are shifted",
                      f->mean, j->lower, f->limit, f->rho, j->inputs);
}

static void say_open(const struct finding *f, struct judgement *j) {
    if (f->inputs < 2)
        judgement_say(j, VERDICT_INCONCLUSIVE, "%u map that is not constant: no interval. 2 or more wanted.",
                      f->inputs);
    else
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Undecided on %s: %s %.3g, between %.3g and %.3g around %.3g (%u inputs).", f->attribution->key,
                      f->twin == TWIN_NEAR ? "rho" : "relative distance", f->mean, j->lower, j->upper, f->limit,
                      j->inputs);
}

static const struct finding *find(const struct finding *all, uint32_t count, enum twin twin) {
    for (uint32_t k = 0; k < count; k++)
        if (all[k].twin == twin) return &all[k];
    return NULL;
}

static void say_pass(const struct judge_case *c, const struct finding *all, uint32_t count, struct judgement *j) {
    const struct finding *near = find(all, count, TWIN_NEAR), *units = find(all, count, TWIN_UNITS),
                         *confidence = find(all, count, TWIN_CONFIDENCE);
    const struct finding *first = near ? near : units ? units : confidence;
    const char *note = plan_note_of(c->view->plan, c->control);
    char parts[3][96] = {"", "", ""};
    take_numbers(first, j);
    j->reaches_last = units && c->view->plan->units_reach_last;
    if (near) snprintf(parts[0], sizeof parts[0], " near: rho = %.3f;", near->mean);
    if (units)
        snprintf(parts[1], sizeof parts[1], " units: distance %.2g%s;", units->mean,
                 j->reaches_last ? ", the last layer's inputs re-ordered, too" : "");
    if (confidence) snprintf(parts[2], sizeof parts[2], " confidence: distance %.2g;", confidence->mean);
    judgement_say(j, VERDICT_PASS,
                  "The same maps on networks that are the trained one in other words:%s%s%s %u "
                  "inputs.%s%s",
                  parts[0], parts[1], parts[2], j->inputs, note ? " " : "", note ? note : "");
}

/* ---- the rule ---- */

static void conclude(const struct judge_case *c, const struct finding *all, uint32_t count, struct judgement *j) {
    static const enum verdict_word order[] = {VERDICT_FAIL, VERDICT_INCONCLUSIVE};
    for (size_t w = 0; w < 2; w++)
        for (uint32_t k = 0; k < count; k++) {
            if (all[k].word != order[w]) continue;
            take_numbers(&all[k], j);
            if (order[w] == VERDICT_FAIL) say_fail(&all[k], j);
            else say_open(&all[k], j);
            return;
        }
    say_pass(c, all, count, j);
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    const struct plan *p = c->view->plan;
    struct finding all[TWIN_COUNT];
    uint32_t count = 0;
    (void)curves;
    if (gates_decide(c, j)) return true;
    double *y = malloc((case_inputs(c) + (size_t)1) * sizeof *y);
    if (!y) return error_memory(e);
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->use_count && count < TWIN_COUNT; i++) {
        const struct use *u = &p->uses[i];
        if (u->control != c->control) continue;
        const struct attribution *a = &p->attributions[u->attribution];
        all[count] = (struct finding){.twin = a->model.twin, .attribution = a, .index = u->attribution};
        ok = look_at(c, &all[count++], y, j);
    }
    free(y);
    if (!ok) return true;
    if (count) conclude(c, all, count, j);
    else judgement_say(j, VERDICT_SKIP, "%s", plan_note_of(p, c->control));
    return true;
}

const struct rule rule_twins = {
    .name = "twins",
    .family = FAMILY_WEIGHTS,
    .root = ROOT_MODEL,
    .no_floor = true,
    .decide = decide,
};
