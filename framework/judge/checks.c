/* checks.c: predicate controls: every check must hold on every input. */
#include "judge/checks.h"

#include "judge/gates.h"
#include "judge/rules.h"

/* Every answer that the check rests on is there, of networks that are what their names say. */
static bool gate_asks(const struct judge_case *c, const struct check *check, struct judgement *j) {
    for (uint32_t k = 0; k < check->ask_count; k++) {
        const struct attribution *a = &c->view->plan->attributions[check->asks[k]];
        const struct cell *cell = results_cell(c->r, c->row, check->asks[k]);
        if (cell->present && cell->status == UNIT_UNSUPPORTED) {
            judgement_say(j, VERDICT_SKIP, "%s", cell->why);
            return true;
        }
        if (!cell->present || cell->status == UNIT_FAILED) {
            judgement_say(j, VERDICT_ERROR, "On %s: %s", a->key,
                          cell->present && cell->why[0] ? cell->why : "no map was computed.");
            return true;
        }
        if (gate_audit(c, check->asks[k], j)) return true;
    }
    return false;
}

/* True when the check is not PASS. */
static bool decide_check(const struct judge_case *c, uint32_t index, struct judgement *j) {
    const struct plan *p = c->view->plan;
    const struct check *check = &p->checks[index];
    const struct attribution *a = &p->attributions[check->owner];
    const struct checked *s = &c->r->checks[(size_t)c->row * p->check_count + index];
    uint32_t inputs = c->view->inputs[a->root].count;
    const struct apart off = figures_apart(s->worst, s->tolerance, 3);
    if (gate_asks(c, check, j)) return true;
    if (!s->present) {
        judgement_say(j, VERDICT_ERROR, "On %s: no map was computed.", a->key);
        return true;
    }
    j->inputs = s->inputs;
    j->draws = 1;
    j->score = s->tolerance > 0 ? s->worst / s->tolerance : s->worst;
    if (s->inputs != inputs)
        judgement_say(j, VERDICT_ERROR, "On %s: %u of %u inputs were checked.", a->key, s->inputs, inputs);
    else if (s->holds && !(s->tolerance > 0))
        judgement_say(j, VERDICT_ERROR, "Constant map: zero everywhere on all %u inputs, so nothing was tested.",
                      s->inputs);
    else if (!s->holds)
        judgement_say(j, VERDICT_FAIL, "%s: off by %s where %s is allowed, on input %u of %u.", check->predicate->what,
                      off.a, off.b, s->input, s->inputs);
    else return false;
    return true;
}

void checks_decide(const struct judge_case *c, struct judgement *j) {
    const struct plan *p = c->view->plan;
    const struct check *last = NULL;
    for (uint32_t k = 0; k < p->check_count; k++) {
        if (p->checks[k].control != c->control || p->checks[k].readings) continue;
        if (decide_check(c, k, j)) return;
        last = &p->checks[k];
    }
    if (last)
        judgement_say(j, VERDICT_PASS, "%s on all %u inputs: the largest deviation is %.2g of the tolerance.",
                      last->predicate->what, j->inputs, j->score);
    else judgement_say(j, VERDICT_ERROR, "The plan has no check of this control.");
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    (void)curves, (void)e;
    checks_decide(c, j);
    return true;
}

const struct rule rule_checks = {
    .name = "checks",
    .family = FAMILY_CHECKS,
    .root = ROOT_NONE,
    .decide = decide,
};
