/* weights.c: tests A (cascade), I (independent layers) and M (magnitude guard) of docs/verdict.md, and the fixed
 * cut-off. */
#include "judge/weights.h"

#include "experiment/reduce.h"
#include "explainers/explainer.h"
#include "judge/chance.h"
#include "judge/curve.h"
#include "judge/gates.h"
#include "judge/rules.h"
#include "judge/samples.h"

#include <math.h>
#include <stdlib.h>

static const char *const decision_names[] = {"open",     "pass",          "fail",        "input-dominated",
                                             "vanished", "not a control", "no magnitude"};

/* r^2 that chance gives, on average. Of k > 2 outputs double centring leaves (n - 1)(k - 1) numbers, of which it is
 * little; of one output there are as many numbers as inputs, and chance alone reaches the cut. */
static double chance_square(const struct judge_case *c) {
    uint32_t n = c->view->inputs[ROOT_MODEL].count;
    return c->view->one_output && n > 1 ? 1. / (n - 1) : 0;
}

/* E1: root mean square over draws of the correlation of doubly centred logits. */
static double logit_rms(const struct judge_case *c, uint32_t control, uint32_t stage) {
    struct judge_case other = *c;
    uint32_t at[2], present = 0;
    double sum = 0;
    other.control = control;
    for (uint32_t r = 0; r < c->constants->draws[0]; r++) {
        uint32_t members = samples_attributions(&other, stage, r, at);
        for (uint32_t m = 0; m < members; m++) {
            const struct audit *a = &c->r->audits[at[m]];
            if (!a->present || isnan(a->logit_r)) continue;
            sum += a->logit_r * a->logit_r;
            present++;
        }
    }
    return present ? sqrt(fmax(0, sum / present - chance_square(c))) : 0;
}

/* Whether the stage is a control at all. On the cascade every stage is: there even chance reaches the cut. */
static bool changes_function(const struct judge_case *c, uint32_t control, uint32_t stage) {
    return !c->view->controls[control].control->rule->single_layers ||
           logit_rms(c, control, stage) < c->constants->logit_r;
}

/* K: the stage-and-view tests of both weight randomisations share one Bonferroni family. */
static uint32_t family_size(const struct judge_case *c) {
    uint32_t k = 0;
    for (uint32_t control = 0; control < c->view->control_count; control++) {
        struct judge_case other = *c;
        other.control = control;
        if (c->view->controls[control].control->rule->family != FAMILY_WEIGHTS) continue;
        for (uint32_t s = 0; s < samples_stages(&other); s++)
            if (changes_function(c, control, s)) k += c->view_count;
    }
    return k ? k : 1;
}

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

static bool below(const struct interval *x, double alpha, double delta) {
    return interval_upper(x, alpha) < delta;
}

static bool above(const struct interval *x, double alpha, double delta) {
    return interval_lower(x, alpha) > delta;
}

static void measure_vanished(struct weights_tests *b, struct test *t) {
    struct judge_case *c = b->c;
    t->kept = interval_two_way(b->y, c->draws, case_inputs(c));
    t->vanished = samples_fill_vanished(c, t->view, c->draws, b->y);
    t->filled = t->vanished > 0 ? interval_two_way(b->y, c->draws, case_inputs(c)) : t->kept;
}

static void decide_signed(const struct weights_tests *b, struct test *t) {
    double delta = b->c->constants->delta;
    if (t->vanished > b->c->constants->vanished_share) t->decision = VANISHED;
    else if (above(&t->filled, b->alpha_fail, delta)) t->decision = FAILS;
    else if (below(&t->kept, b->alpha_pass, delta)) t->decision = PASSES;
}

/* Magnitudes survive re-drawing to some degree in every method, so a non-negative map may also pass by surviving no
 * more than the absolute gradient does on the same draws and inputs. */
static void decide_non_negative(struct weights_tests *b, struct test *t) {
    struct judge_case *c = b->c;
    const struct explainer_entry *yardstick = view_yardstick(c->view, case_row(c)->reduction);
    double delta = c->constants->delta;
    size_t cells = (size_t)c->draws * case_inputs(c);
    if (t->vanished > c->constants->vanished_share) {
        t->decision = VANISHED;
        return;
    }
    shares(c, c->row, t->stage, t->view, c->repeat[t->view], b->y);
    shares(c, (uint32_t)(yardstick - c->view->explainers), t->stage, t->view, 1, b->z);
    for (size_t k = 0; k < cells; k++) b->y[k] -= b->z[k];
    t->paired = interval_two_way(b->y, c->draws, case_inputs(c));
    bool multiplies = case_row(c)->claims & ASSAY_INPUT_MULTIPLIER, survives = above(&t->filled, b->alpha_fail, delta);
    if (below(&t->kept, b->alpha_pass, delta) || below(&t->paired, b->alpha_pass, delta)) {
        t->decision = PASSES;
    } else if (survives || multiplies) {
        /* What is left may be no more than random weights times the input would leave: then the input is to blame, and
         * more draws would not change it. */
        double base;
        bool defined = chance_share(c, t->stage, c->draws, b->y, &base);
        struct interval magnitude = interval_two_way(b->y, c->draws, case_inputs(c));
        if (!defined || below(&magnitude, b->alpha_pass, delta)) t->decision = DOMINATED;
        else if (survives && magnitude.mean > delta && above(&t->paired, b->alpha_fail, delta)) t->decision = FAILS;
    }
}

static void run_test(struct weights_tests *b, uint32_t stage, enum view view) {
    struct judge_case *c = b->c;
    struct test *t = &b->tests[b->test_count++];
    *t = (struct test){.stage = stage, .view = view};
    shares(c, c->row, stage, view, c->repeat[view], b->y);
    measure_vanished(b, t);
    if (!changes_function(c, c->control, stage)) t->decision = NO_CONTROL;
    else if (case_row(c)->non_negative) decide_non_negative(b, t);
    else decide_signed(b, t);
}

static void run_guard(struct weights_tests *b) {
    struct judge_case *c = b->c;
    struct test *t = &b->guard;
    *t = (struct test){.stage = samples_floor_stage(c), .view = c->magnitude_view};
    b->has_guard = true;
    bool defined = chance_share(c, t->stage, c->draws, b->y, &b->guard_base);
    measure_vanished(b, t);
    if (defined) decide_signed(b, t);
    else t->decision = NO_MAGNITUDE;
}

/* ---- curves for the figures and tables ---- */

static bool put_curves(struct weights_tests *b, struct store *store, struct error *e) {
    struct judge_case *c = b->c;
    struct map_shape shape = run_map_shape(c->view->sample, case_row(c)->reduction);
    for (uint32_t stage = 0; stage < samples_stages(c); stage++)
        for (uint32_t m = 0; measures[m]; m++) {
            if (!measures[m]->applies(&shape)) continue;
            for (int v = 0; v < VIEW_COUNT; v++) {
                const struct test *t = NULL;
                for (uint32_t i = 0; m == 0 && i < b->test_count; i++)
                    if (b->tests[i].stage == stage && b->tests[i].view == (enum view)v) t = &b->tests[i];
                const struct curve curve = {.stage = stage,
                                            .measure = m,
                                            .view = (enum view)v,
                                            .share = t ? &t->kept : NULL,
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
    size_t cells = (size_t)c->draws * case_inputs(c), tests = (size_t)samples_stages(c) * c->view_count;
    *b = (struct weights_tests){
        .c = c, .y = malloc(2 * cells * sizeof *b->y), .tests = calloc(tests + 1, sizeof *b->tests)};
    if (!b->y || !b->tests) return false;
    b->z = b->y + cells;
    b->alpha_pass = c->constants->alpha / c->looks;
    b->alpha_fail = c->constants->alpha / (c->looks * family_size(c));
    return true;
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    struct weights_tests b = {0};
    bool decided = gates_decide(c, j) != NULL, ok = true;
    if (decided && (j->word == VERDICT_ERROR || j->word == VERDICT_SKIP)) return true;
    if (!tests_init(&b, c)) ok = error_memory(e);
    if (ok && !decided) {
        for (uint32_t s = 0; s < samples_stages(c); s++)
            for (uint32_t v = 0; v < c->view_count; v++) run_test(&b, s, c->views[v]);
        if (c->rule->magnitude_guard && !case_row(c)->non_negative) run_guard(&b);
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

const struct rule rule_independent = {
    .name = "independent",
    .family = FAMILY_WEIGHTS,
    .root = ROOT_MODEL,
    .sequential = true,
    .floor_last = true,
    .single_layers = true,
    .if_skipped = "cascade only", /* no single layer changed the function enough to be a control */
    .decide = decide,
};
