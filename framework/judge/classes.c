/* classes.c: maps of two classes must not be the same. */
#include "judge/contrast.h"
#include "judge/gates.h"
#include "judge/rules.h"
#include "judge/samples.h"

#include <math.h>
#include <stdlib.h>

/* Honest maps of the absolute gradient agree at .57 to .70, of guided backpropagation and VarGrad at up to .89, of
 * methods that do not see the class at 1.00 (docs/verdict.md, section 9). */
#define SAME .98

/* In the view where maps are least alike: a method need not be class-sensitive in all. */
static const char *measure(const struct judge_case *c, uint32_t attribution, double *y, struct judgement *j,
                           double *reach) {
    uint32_t n = case_inputs(c), present;
    const char *view = "";
    j->score = INFINITY;
    for (uint32_t v = 0; v < c->view_count; v++) {
        const double *s = results_cell(c->r, c->row, attribution)->matched[0][c->views[v]];
        double mean, here;
        for (uint32_t i = 0; i < n; i++)
            y[i] = samples_constant(c, c->views[v], i) ? (double)NAN : isnan(s[i]) ? 0 : s[i];
        contrast_mean(y, n, c->constants->alpha, &mean, &here, &present);
        if (!(mean < j->score)) continue;
        j->score = mean;
        j->inputs = present;
        *reach = here;
        view = view_name(c->views[v]);
    }
    return view;
}

static void conclude(const struct judge_case *c, uint32_t attribution, double *y, struct judgement *j) {
    double reach = (double)NAN;
    const char *view = measure(c, attribution, y, j, &reach);
    j->lower = j->score - reach;
    j->upper = j->score + reach;
    j->draws = 1;
    if (j->lower > SAME)
        judgement_say(
            j, VERDICT_FAIL,
            "The same map for any class: maps of two classes agree at rho = %.3f, at least %.3f > %.2f (%s, %u "
            "inputs). If that is meant, claim CLASS_BLIND.",
            j->score, j->lower, SAME, view, j->inputs);
    else if (j->upper < SAME)
        judgement_say(j, VERDICT_PASS, "Maps of two classes agree at rho = %.2f, at most %.2f < %.2f (%s, %u inputs).",
                      j->score, j->upper, SAME, view, j->inputs);
    else
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Undecided: maps of two classes agree at rho = %.3f, between %.3f and %.3f around %.2f (%s, %u "
                      "inputs).",
                      j->score, j->lower, j->upper, SAME, view, j->inputs);
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t at[2];
    (void)curves;
    if (gates_decide(c, j)) return true;
    if (!samples_attributions(c, 0, 0, at)) {
        judgement_say(j, VERDICT_SKIP, "%s", plan_note_of(c->view->plan, c->control));
        return true;
    }
    double *y = malloc((case_inputs(c) + (size_t)1) * sizeof *y);
    if (!y) return error_memory(e);
    conclude(c, at[0], y, j);
    free(y);
    return true;
}

const struct rule rule_classes = {
    .name = "class-sensitivity",
    .family = FAMILY_CHECKS,
    .root = ROOT_MODEL,
    .no_floor = true,
    .decide = decide,
};
