/* Linear identity: on f(x) = Wx + b the gradient is the target's row w of W, integrated gradients from zero are w * x,
 * and every method that claims to be exact there must say so. What the map of any other method is there is said and not
 * judged. Sundararajan et al. 2017, arXiv:1703.01365. */
#include "controls/controls.h"

#include "controls/linear_form.h"
#include "explainers/explainer.h"
#include "judge/rules.h"

#include <math.h>

/* Deviations are measured in units of the map that is due, so that weights of 1e10 and of 1e-10 are held to the same
 * standard. 1e-4 leaves room for 50 steps summed in float32 (about 1e-6) and none for a wrong factor. */
static void holds(const struct predicate_case *c, double *worst, double *tolerance) {
    const struct answer *a = &c->answers[0];
    double scale = 0, deviation = 0;
    for (size_t j = 0; j < c->count; j++) {
        double due = a->row[j];
        if (c->claims & ASSAY_INPUT_MULTIPLIER) due *= a->input[j];
        if (c->claims & ASSAY_NON_NEGATIVE) due = fabs(due);
        double off = fabs((double)a->map[j] - due);
        if (fabs(due) > scale) scale = fabs(due);
        if (!(off <= deviation) && !isnan(deviation)) deviation = off; /* NaN is worse than anything */
    }
    *worst = deviation;
    *tolerance = 1e-4 * scale;
}

static const struct predicate predicate = {.id = "identity",
                                           .what = "map equals the linear model's own attribution",
                                           .claims = ASSAY_LINEAR_EXACT,
                                           .holds = holds};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    static const struct ask ask = {.root = ROOT_LINEAR};
    (void)values, (void)b, (void)to;
    return from > 0 || (plan_check(p, index, &predicate, &ask, 1, e) && plan_study(p, index, &study_linear_form, e));
}

const struct control control_linear_identity = {
    .id = "linear-identity",
    .summary = "on a linear model the map must be the weights (times the input, where the method multiplies by it)",
    .source =
        "Sundararajan et al. 2017, arXiv:1703.01365, section 3; Ancona et al. 2018, arXiv:1711.06104, section 3.1",
    .claim = "on linear models the method gives the one right answer",
    .standard = true,
    .quick = true,
    .rule = &rule_linear,
    .expand = expand,
};
