/* unseen.c: how far a map follows what the network does not see. Thresholds: docs/controls.md. */
#include "judge/rules.h"

#include "judge/studies.h"

#include <math.h>

#define ROUNDING 1e-5
#define ITSELF .8 /* cosines from which on the change is called by a name */
#define EDGES .6

/* Median of the numbers of a reading; *count: how many there are. */
static double median(const struct judge_case *c, uint32_t study, const char *id, uint32_t *count) {
    uint32_t n = 0;
    const double *v = studies_reading(c, study, id, &n);
    *count = 0;
    for (uint32_t k = 0; v && k < n; k++) *count += isnan(v[k]) ? 0u : 1u;
    if (!*count) return (double)NAN;
    return (studies_at_rank(v, n, (*count - 1) / 2) + studies_at_rank(v, n, *count / 2)) / 2;
}

static const char *name_of(const struct judge_case *c, uint32_t study) {
    uint32_t n;
    if (fabs(median(c, study, "picture", &n)) >= ITSELF) return "the input itself";
    if (fabs(median(c, study, "edges", &n)) >= EDGES) return "the input's edges";
    return "the input";
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study;
    (void)curves, (void)e;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j)) return true;
    double limit = studies_limit(c, study, "distance");
    j->score = median(c, study, "distance", &j->inputs);
    if (isnan(j->score)) judgement_say(j, VERDICT_ERROR, "Constant map on all inputs: nothing was tested.");
    else if (j->score <= ROUNDING)
        judgement_say(j, VERDICT_PASS,
                      "Where the network sees nothing the map does not change with the input (by %.2g of its size, "
                      "%.0e allowed; %u inputs).",
                      j->score, ROUNDING, j->inputs);
    else if (j->score <= limit)
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Where the network sees nothing the map changes with the input by %.2g of its size: more than "
                      "rounding (%.0e), less than %.2f.",
                      j->score, ROUNDING, limit);
    else
        judgement_say(
            j, VERDICT_FAIL,
            "Where the network sees nothing the map follows the input (change %.0f %% of its size): part of it "
            "is %s, not the model.",
            100 * j->score, name_of(c, study));
    return true;
}

const struct rule rule_unseen_region = {
    .name = "unseen-region", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
