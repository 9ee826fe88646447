/* Predicate controls: every check must hold on every input. */
#include "judge/judge.h"

#include <math.h>

void judge_checks(struct judge_case *c, struct judgement *j) {
    const struct plan *p = &c->run->plan;
    const char *what = "";
    double closest = 0;
    j->score = j->lower = j->upper = j->floor = j->ceiling = (double)NAN;
    for (uint32_t k = 0; k < p->check_count; k++) {
        const struct check *check = &p->checks[k];
        if (check->control != c->control) continue;
        const struct attribution *a = &p->attributions[check->attribution];
        const struct cell *cell = results_cell(c->r, c->row, check->attribution);
        const struct checked *s = &c->r->checks[(size_t)c->row * p->check_count + k];
        if (cell->present && cell->status == UNIT_UNSUPPORTED) {
            judgement_say(j, VERDICT_SKIP, "%s", cell->why);
            return;
        }
        if (!cell->present || cell->status == UNIT_FAILED || !s->present) {
            judgement_say(j, VERDICT_ERROR, "On %s: %s", a->key,
                          cell->present && cell->why[0] ? cell->why : "no map was computed.");
            return;
        }
        j->inputs = s->inputs;
        j->draws = 1;
        j->score = s->tolerance > 0 ? s->worst / s->tolerance : s->worst;
        if (s->inputs != c->run->inputs[a->root].count) {
            judgement_say(j, VERDICT_ERROR, "On %s: %u of %u inputs were checked.", a->key, s->inputs,
                          c->run->inputs[a->root].count);
            return;
        }
        if (s->holds && !(s->tolerance > 0)) {
            judgement_say(j, VERDICT_ERROR, "Constant map: zero everywhere on all %u inputs, so nothing was tested.",
                          s->inputs);
            return;
        }
        if (!s->holds) {
            judgement_say(j, VERDICT_FAIL, "%s: off by %.3g where %.3g is allowed, on input %u of %u.", check->what,
                          s->worst, s->tolerance, s->input, s->inputs);
            return;
        }
        what = check->what;
        closest = j->score;
    }
    if (!what[0]) {
        judgement_say(j, VERDICT_ERROR, "The plan has no check of this control.");
        return;
    }
    judgement_say(j, VERDICT_PASS, "%s on all %u inputs: the largest deviation is %.2g of the tolerance.", what,
                  j->inputs, closest);
}
