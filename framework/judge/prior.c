/* prior.c: tests P and MP of docs/verdict.md: what a map has in common with the map of another input on a network that
 * lost its weights, and therefore owes to neither. */
#include "judge/chance.h"
#include "judge/samples.h"
#include "judge/weights.h"

#include <math.h>

/* The cascade, where the run has one: it alone has the guard of magnitudes. */
bool prior_applies(const struct judge_case *c) {
    if (c->rule->magnitude_guard) return true;
    for (uint32_t control = 0; control < c->view->control_count; control++)
        if (c->view->controls[control].control->rule->magnitude_guard) return false;
    return true;
}

/* One P for each view and one MP. Maps without signs are never failed by them. */
uint32_t prior_tests(const struct judge_case *c) {
    return case_row(c)->non_negative ? 0 : c->view_count + 1;
}

static void measure(struct weights_tests *b, struct test *t, double base, double span) {
    struct judge_case *c = b->c;
    t->vanished = samples_mismatched(c, c->row, t->stage, t->view, base, span, b->y, b->z);
    t->share.kept = interval_two_way(b->y, c->draws, case_inputs(c));
    t->share.filled = interval_two_way(b->z, c->draws, case_inputs(c));
}

/* P: signed maps of different inputs, one of them on a fully randomised network, are unrelated in honest methods. */
static void run_view(struct weights_tests *b, enum view view) {
    struct judge_case *c = b->c;
    struct test *t = &b->priors[b->prior_count++];
    *t = (struct test){.stage = samples_floor_stage(c), .view = view, .limit = c->constants->prior_share};
    measure(b, t, 0, c->repeat[view]);
    weights_decide_share(b, t);
}

/* b0: what the magnitudes of the gradient have in common, or of random weights times the input. */
static double base_of(const struct judge_case *c) {
    const struct explainer_entry *yardstick = view_yardstick(c->view, case_row(c));
    double base = fmax(0, chance_mismatched(c, c->magnitude_view));
    if (!yardstick) return base;
    return fmax(base, samples_floor(c, (uint32_t)(yardstick - c->view->explainers), c->magnitude_view));
}

/* Whether the map of another input, moved to another place, was asked for. */
static bool finds_moved(const struct judge_case *c, uint32_t *attribution) {
    return !case_row(c)->non_negative && !case_row(c)->canary && prior_applies(c) &&
           plan_find(c->view->plan, c->root, attribution_is_moved, attribution);
}

bool gate_moved(const struct judge_case *c, struct judgement *j) {
    uint32_t a;
    if (!finds_moved(c, &a)) return false;
    const struct cell *cell = results_cell(c->r, c->row, a);
    const char *key = c->view->plan->attributions[a].key;
    if (!cell->present) judgement_say(j, VERDICT_ERROR, "No map was computed for %s.", key);
    else if (cell->status != UNIT_OK) judgement_say(j, VERDICT_ERROR, "On %s: %s", key, cell->why);
    else if (!cell->mismatched[c->magnitude_view])
        judgement_say(j, VERDICT_ERROR, "No similarities are stored for %s.", key);
    else return false;
    return true;
}

/* Either of two shares may say PASS: they have the error rate together. Most is for the first, as few draws make its
 * bound wide, and the second has none. */
#define MOVED_ALPHA .1

/* A prior is the same for any input, so it stays where the input is moved: what inputs have in common because they are
 * alike does not, and is no prior. The smaller of the two shares counts. */
static void ask_moved(struct weights_tests *b, struct test *t, double span) {
    struct judge_case *c = b->c;
    struct test m = {.stage = t->stage, .view = t->view, .limit = t->limit};
    uint32_t a, n = case_inputs(c);
    if ((t->decision != FAILS && t->decision != OPEN) || !finds_moved(c, &a)) return;
    m.vanished = samples_moved(c, a, t->view, b->prior_base, span, b->y, b->z);
    m.share.kept = interval_two_way(b->y, DERANGEMENTS, n);
    m.share.filled = interval_two_way(b->z, DERANGEMENTS, n);
    if (!weights_undefined(b, &m)) {
        if (weights_above(&m.share.filled, b->alpha_fail, m.limit)) m.decision = FAILS;
        else if (weights_below(&m.share.kept, MOVED_ALPHA * b->alpha_pass, m.limit)) m.decision = PASSES;
    }
    bool smaller = m.decision != FAILS || m.share.filled.mean < t->share.filled.mean;
    if (m.decision != PASSES && !(t->decision == FAILS && smaller)) return;
    b->alpha_magnitude = MOVED_ALPHA * b->alpha_pass;
    *t = m;
}

/* MP of signed maps; of those without signs the same share says whether they show anything else. */
static void run_magnitudes(struct weights_tests *b) {
    struct judge_case *c = b->c;
    bool absolute = case_row(c)->non_negative;
    uint32_t moved;
    struct test *t = &b->magnitude_prior;
    b->alpha_magnitude = b->alpha_pass * (finds_moved(c, &moved) ? 1 - MOVED_ALPHA : 1);
    *t = (struct test){.stage = samples_floor_stage(c), .view = c->magnitude_view, .limit = c->constants->delta};
    b->has_magnitude_prior = true;
    b->prior_base = base_of(c);
    double span = c->repeat[t->view] - b->prior_base;
    measure(b, t, b->prior_base, span);
    if (!(span >= c->constants->degenerate)) {
        t->decision = absolute ? DOMINATED : NOT_ASKED;
        return;
    }
    if (weights_undefined(b, t)) return;
    if (weights_above(&t->share.filled, absolute ? b->alpha_pass : b->alpha_fail, t->limit))
        t->decision = absolute ? DOMINATED : FAILS;
    else if (weights_below(&t->share.kept, b->alpha_magnitude, t->limit)) t->decision = PASSES;
    ask_moved(b, t, span);
}

void prior_run(struct weights_tests *b) {
    for (uint32_t v = 0; v < b->c->view_count && !case_row(b->c)->non_negative; v++) run_view(b, b->c->views[v]);
    run_magnitudes(b);
}
