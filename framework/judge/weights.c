/* weights.c: tests A (cascade), I (independent layers) and M (magnitude guard) of docs/verdict.md, and the fixed
 * cut-off. */
#include "judge/weights.h"

#include "experiment/reduce.h"
#include "judge/chance.h"
#include "judge/curve.h"
#include "judge/gates.h"
#include "judge/rules.h"
#include "judge/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const decision_names[DECISIONS] = {
    "open", "pass", "fail", "input-dominated", "vanished", "grey", "no magnitude", "shown only", "not a number"};

static bool decide(struct judge_case *, struct judgement *, struct store *curves, struct error *);

/* ---- which tests there are ---- */

static bool draws_top_layer(const struct judge_case *c, uint32_t stage) {
    const struct plan *p = c->view->plan;
    uint32_t at[2];
    return samples_attributions(c, stage, 0, at) && p->attributions[at[0]].model.layers &&
           p->attributions[at[0]].model.layers[p->graph->layer_count - 1];
}

/* Of single layers the top one is the cascade's first stage: it says nothing new. */
static bool is_tested(const struct judge_case *c, uint32_t stage) {
    return !c->rule->single_layers || !draws_top_layer(c, stage);
}

/* K: the stage-and-view tests of both weight randomisations and the priors share one Bonferroni family. */
static uint32_t family_size(const struct judge_case *c) {
    uint32_t k = prior_tests(c);
    for (uint32_t control = 0; control < c->view->control_count; control++) {
        struct judge_case other = *c;
        other.control = control;
        other.rule = c->view->controls[control].control->rule;
        if (other.rule->decide != decide) continue;
        for (uint32_t s = 0; s < samples_stages(&other); s++)
            if (is_tested(&other, s)) k += c->view_count;
    }
    return k ? k : 1;
}

/* ---- shares ---- */

/* y: D[draw][input] of a row that need not be the one judged (the yardstick). */
static void shares(const struct judge_case *c, uint32_t row, uint32_t stage, enum view view, double repeat, double *y) {
    uint32_t n = case_inputs(c), floor_stage = samples_floor_stage(c);
    double floor = samples_floor(c, row, view);
    samples_similarity(c, row, stage, c->draws, 0, view, y);
    for (uint32_t r = 0; r < c->draws; r++) {
        double f = samples_draw_floor(c, row, floor_stage, r, view);
        if (isnan(f)) f = floor; /* every map of that draw vanished */
        for (uint32_t i = 0; i < n; i++) {
            double *v = &y[(size_t)r * n + i];
            if (!isnan(*v)) *v = (*v - f) / (repeat - floor);
        }
    }
}

/* |r| of the logits on the stage's network of that draw; of constant logits 0. */
static double draw_logit_r(const struct judge_case *c, uint32_t stage, uint32_t draw) {
    uint32_t at[2], members = samples_attributions(c, stage, draw, at);
    double sum = 0;
    for (uint32_t m = 0; m < members; m++) {
        double r = c->r->audits[at[m]].logit_r;
        sum += isnan(r) ? 0 : fabs(r);
    }
    return members ? sum / members : 0;
}

static struct interval interval_of(const struct weights_tests *b, const double *y) {
    return interval_two_way(y, b->c->draws, case_inputs(b->c));
}

/* D less the gradient's share (b->z), and D less |r|, of D as it is in b->y. */
static void measure_differences(struct weights_tests *b, const struct test *t, struct interval *paired,
                                struct interval *excess) {
    struct judge_case *c = b->c;
    uint32_t n = case_inputs(c);
    size_t cells = (size_t)c->draws * n;
    for (size_t k = 0; k < cells; k++) b->u[k] = b->y[k] - b->z[k];
    *paired = interval_of(b, b->u);
    for (uint32_t r = 0; r < c->draws && c->rule->single_layers; r++) {
        double logit_r = draw_logit_r(c, t->stage, r);
        for (uint32_t i = 0; i < n; i++) b->u[(size_t)r * n + i] = b->y[(size_t)r * n + i] - logit_r;
    }
    *excess = interval_of(b, b->u);
}

static double mean_logit_r(const struct judge_case *c, uint32_t stage) {
    double sum = 0;
    for (uint32_t r = 0; r < c->draws; r++) sum += draw_logit_r(c, stage, r);
    return sum / c->draws;
}

/* All that is asked of a stage in a view. */
static void measure_stage(struct weights_tests *b, struct test *t) {
    struct judge_case *c = b->c;
    const struct explainer_entry *yardstick = view_yardstick(c->view, case_row(c));
    bool differences = yardstick && (c->rule->single_layers || case_row(c)->non_negative);
    shares(c, c->row, t->stage, t->view, c->repeat[t->view], b->y);
    t->share.kept = interval_of(b, b->y);
    if (differences) {
        shares(c, (uint32_t)(yardstick - c->view->explainers), t->stage, t->view, 1, b->z);
        measure_differences(b, t, &t->paired.kept, &t->excess.kept);
    }
    t->vanished = samples_fill_vanished(c, t->view, c->draws, b->y);
    t->share.filled = interval_of(b, b->y);
    if (differences) measure_differences(b, t, &t->paired.filled, &t->excess.filled);
    t->logit_r = c->rule->single_layers ? mean_logit_r(c, t->stage) : (double)NAN;
}

/* ---- tests ---- */

static void run_test(struct weights_tests *b, uint32_t stage, enum view view) {
    struct judge_case *c = b->c;
    const struct interval none = {(double)NAN, (double)NAN, (double)NAN};
    struct test *t = &b->tests[b->test_count++];
    *t = (struct test){.stage = stage,
                       .view = view,
                       .limit = c->constants->delta,
                       .paired = {none, none},
                       .excess = {none, none},
                       .magnitude = none};
    measure_stage(b, t);
    if (is_tested(c, stage)) weights_decide(b, t);
    else t->decision = NOT_ASKED;
}

static void run_guard(struct weights_tests *b) {
    struct judge_case *c = b->c;
    struct test *t = &b->guard;
    *t = (struct test){.stage = samples_floor_stage(c), .view = c->magnitude_view, .limit = c->constants->delta};
    b->has_guard = true;
    bool defined = chance_share(c, t->stage, c->draws, b->y, &b->guard_base);
    t->share.kept = interval_of(b, b->y);
    t->vanished = samples_fill_vanished(c, t->view, c->draws, b->y);
    t->share.filled = interval_of(b, b->y);
    if (defined) weights_decide_share(b, t);
    else t->decision = NO_MAGNITUDE;
}

/* ---- curves for the figures and tables ---- */

static bool put_curves(struct weights_tests *b, struct store *store, struct error *e) {
    struct judge_case *c = b->c;
    struct map_shape shape = run_map_shape(c->view->sample, case_row(c)->reduction);
    for (uint32_t stage = 0; stage < samples_stages(c); stage++)
        for (uint32_t m = 0; measures[m]; m++) {
            if (!view_measures(c->view, m) || !measures[m]->applies(&shape)) continue;
            for (int v = 0; v < VIEW_COUNT; v++) {
                const struct test *t = NULL;
                for (uint32_t i = 0; m == 0 && i < b->test_count; i++)
                    if (b->tests[i].stage == stage && b->tests[i].view == (enum view)v) t = &b->tests[i];
                const struct curve curve = {.stage = stage,
                                            .measure = m,
                                            .view = (enum view)v,
                                            .share = t ? &t->share.kept : NULL,
                                            .logit_r = t ? t->logit_r : (double)NAN,
                                            .alpha_fail = b->alpha_fail,
                                            .alpha_pass = b->alpha_pass,
                                            .decision = t ? decision_names[t->decision] : "shown only"};
                if (!curve_put(c, &curve, b->y, store, e)) return false;
            }
        }
    return true;
}

/* The common practice, for comparison: one cut-off on the mean absolute similarity of the last stage. */
static void fixed_cutoff(struct weights_tests *b, struct judgement *j) {
    struct judge_case *c = b->c;
    uint32_t stage = samples_stages(c) - 1;
    samples_similarity(c, c->row, stage, c->draws, 0, VIEW_ABSOLUTE_ALL, b->y);
    struct interval s = interval_two_way(b->y, c->draws, case_inputs(c));
    double vanished = samples_fill_vanished(c, VIEW_ABSOLUTE_ALL, c->draws, b->y);
    j->score = s.mean;
    j->lower = interval_lower(&s, c->constants->alpha);
    j->upper = interval_upper(&s, c->constants->alpha);
    if (isnan(s.mean) || vanished > c->constants->vanished_share)
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Fixed cut-off (uncalibrated): %.0f %% of the maps vanished at the last stage.", 100 * vanished);
    else
        judgement_say(j, s.mean < c->constants->cutoff ? VERDICT_PASS : VERDICT_FAIL,
                      "Fixed cut-off (uncalibrated): mean absolute Spearman %.2f at the last stage, cut-off %.2f.",
                      s.mean, c->constants->cutoff);
}

static bool tests_init(struct weights_tests *b, struct judge_case *c) {
    size_t rows = c->draws > DERANGEMENTS ? c->draws : DERANGEMENTS;
    size_t cells = rows * case_inputs(c), tests = (size_t)samples_stages(c) * c->view_count;
    *b = (struct weights_tests){
        .c = c, .y = malloc(3 * cells * sizeof *b->y), .tests = calloc(tests + 1, sizeof *b->tests)};
    if (!b->y || !b->tests) return false;
    b->z = b->y + cells;
    b->u = b->z + cells;
    b->alpha_pass = case_alpha_pass(c);
    b->alpha_fail = case_alpha_fail(c) / family_size(c);
    return true;
}

/* Every map of the gradient that shares are compared with was computed. */
static bool gate_yardstick(const struct judge_case *c, struct judgement *j) {
    const struct plan *p = c->view->plan;
    const struct explainer_entry *yardstick = view_yardstick(c->view, case_row(c));
    uint32_t at[2];
    if (c->constants->kind == RULE_FIXED_CUTOFF) return false;
    if (!yardstick) {
        judgement_say(j, VERDICT_ERROR, "The gradient, which maps are compared with, was not computed.");
        return true;
    }
    uint32_t row = (uint32_t)(yardstick - c->view->explainers), last = samples_floor_stage(c);
    bool all = c->rule->single_layers || case_row(c)->non_negative;
    for (uint32_t stage = all ? 0 : last; stage <= last; stage++)
        for (uint32_t r = 0; r < c->draws; r++) {
            uint32_t members = samples_attributions(c, stage, r, at);
            for (uint32_t m = 0; m < members; m++) {
                const struct cell *cell = results_cell(c->r, row, at[m]);
                if (cell->present && cell->status == UNIT_OK) continue;
                judgement_say(j, VERDICT_ERROR, "The gradient, which maps are compared with: on %s: %s",
                              p->attributions[at[m]].key,
                              cell->present && cell->why[0] ? cell->why : "it was not computed.");
                return true;
            }
        }
    return false;
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    struct weights_tests b = {0};
    bool decided = gates_decide(c, j) != NULL || gate_yardstick(c, j) || gate_moved(c, j), ok = true;
    if (decided && (j->word == VERDICT_ERROR || j->word == VERDICT_SKIP)) return true;
    if (!tests_init(&b, c)) ok = error_memory(e);
    if (ok && !decided) {
        for (uint32_t s = 0; s < samples_stages(c); s++)
            for (uint32_t v = 0; v < c->view_count; v++) run_test(&b, s, c->views[v]);
        if (c->rule->magnitude_guard && !case_row(c)->non_negative) run_guard(&b);
        if (prior_applies(c)) prior_run(&b);
        if (c->constants->kind == RULE_FIXED_CUTOFF) fixed_cutoff(&b, j);
        else weights_conclude(&b, j);
    }
    ok = ok && (!curves || put_curves(&b, curves, e));
    free(b.y);
    free(b.tests);
    return ok;
}

const struct rule rule_cascading = {
    .name = "cascading",
    .family = FAMILY_WEIGHTS,
    .root = ROOT_MODEL,
    .sequential = true,
    .floor_last = true,
    .magnitude_guard = true,
    .decide = decide,
};

const struct rule rule_bottom_up = {
    .name = "bottom-up",
    .family = FAMILY_WEIGHTS,
    .root = ROOT_MODEL,
    .sequential = true,
    .floor_last = true,
    .single_layers = true,
    .from_input = true,
    .decide = decide,
};

const struct rule rule_independent = {
    .name = "independent",
    .family = FAMILY_WEIGHTS,
    .root = ROOT_MODEL,
    .sequential = true,
    .floor_last = true,
    .single_layers = true,
    .decide = decide,
};
