/* Zero pixel: a method that multiplies by the input says zero wherever the input is zero. Sundararajan & Taly 2018,
 * arXiv:1806.04205. */
#include "controls/controls.h"

#include "explainers/explainer.h"
#include "judge/rules.h"

#include <math.h>
#include <stdio.h>

/* 0 * g is exactly 0; 1e-6 of the largest attribution allows an implementation that adds and subtracts the baseline. */
static void holds(const struct predicate_case *c, double *worst, double *tolerance) {
    const struct answer *a = &c->answers[0];
    double scale = 0, deviation = 0;
    for (size_t j = 0; j < c->count; j++) {
        double value = fabs((double)a->map[j]);
        if (value > scale) scale = value;
        if (a->input[j] == 0 && !(value <= deviation) && !isnan(deviation))
            deviation = value; /* NaN is worse than anything */
    }
    *worst = deviation;
    *tolerance = 1e-6 * scale;
}

static bool applies(unsigned claims, char *why, size_t size) {
    if (claims & ASSAY_INPUT_MULTIPLIER) return true;
    snprintf(why, size, "The method does not claim to multiply by the input.");
    return false;
}

static const struct predicate predicate = {
    .id = "zero-attribution", .what = "zero input, zero attribution", .holds = holds};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    static const struct ask ask = {.root = ROOT_MODEL, .inputs = &input_zeroed};
    (void)values, (void)b, (void)to;
    return from > 0 || plan_check(p, index, &predicate, &ask, 1, e);
}

const struct control control_zero_pixel = {
    .id = "zero-pixel",
    .summary = "where the input is zero, a method that multiplies by it must say zero",
    .source =
        "Sundararajan et al. 2017, arXiv:1703.01365, section 2.1 (baseline zero); Sundararajan & Taly 2018, arXiv:1806.04205",
    .claim = "elements at the zero baseline get no attribution",
    .standard = true,
    .quick = true,
    .rule = &rule_checks,
    .applies = applies,
    .expand = expand,
};
