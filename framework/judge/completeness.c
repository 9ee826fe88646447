/* completeness.c: whether maps add up to f(x) - f(baseline), of methods that claim it. Thresholds: docs/controls.md. */
#include "judge/rules.h"

#include "judge/studies.h"

#include <math.h>

/* "Map 3, the furthest off, adds up to 1.2 where f(x) - f(baseline) is 3.4" needs all three. */
struct furthest {
    uint32_t place;
    double off, sum, due;
};

static bool find_furthest(const struct judge_case *c, uint32_t study, struct furthest *f) {
    uint32_t n = 0;
    f->off = studies_worst(c, study, "off", &f->place);
    if (isnan(f->off)) return false;
    const double *sum = studies_reading(c, study, "sum", &n), *due = studies_reading(c, study, "due", &n);
    f->sum = sum ? sum[f->place] : (double)NAN;
    f->due = due ? due[f->place] : (double)NAN;
    return !isnan(f->sum) && !isnan(f->due);
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study;
    struct furthest f;
    (void)curves, (void)e;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j)) return true;
    double limit = studies_limit(c, study, "missing");
    j->score = studies_number(c, study, "missing");
    if (isnan(j->score) || !find_furthest(c, study, &f))
        judgement_say(j, VERDICT_ERROR, "No map was added up: nothing was tested.");
    else if (f.off <= studies_limit(c, study, "off") && j->score > limit) /* noise whose sum is 0, say */
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "The maps add up to f(x) - f(baseline) only beside values that cancel: off by %.2g times it on "
                      "average, and that is little of their size alone.",
                      j->score);
    else if (f.off <= studies_limit(c, study, "off"))
        judgement_say(j, VERDICT_PASS,
                      "The maps add up to f(x) - f(baseline): off by %.2g %% of it on average, within what is allowed "
                      "on every input.",
                      100 * j->score);
    else if (j->score > limit)
        judgement_say(
            j, VERDICT_FAIL,
            "The maps do not add up to f(x) - f(baseline): off by %.0f %% of it on average (%.0f %% allowed). "
            "Input %u, the furthest off: %.4g where %.4g is due. A part of the path is missing, or the "
            "baseline is another than the parameter says.",
            100 * j->score, 100 * limit, f.place, f.sum, f.due);
    else
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "The maps add up to f(x) - f(baseline) only roughly: off by %.2g %% of it on average, input %u, "
                      "the furthest off: %.4g where %.4g is due. More steps may bring it nearer.",
                      100 * j->score, f.place, f.sum, f.due);
    return true;
}

const struct rule rule_completeness = {
    .name = "completeness", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
