/* class_maps.c: what must not change a map: the weights of other classes, and the places of all. Thresholds:
 * docs/controls.md. */
#include "judge/rules.h"
#include "judge/studies.h"

#include "base/text.h"

#include <math.h>

/* Between this and the limit of the reading: more than rounding, and less than any fault that was seen. */
#define ROUNDING 1e-5
/* Sums of maps that are zero but for rounding. */
#define VANISHES 1e-3

/* What the map explains instead, as the end of a sentence; false: out of memory. */
static bool add_name(const struct judge_case *c, uint32_t study, struct text *out) {
    double softmax = studies_number(c, study, "softmax"), logarithm = studies_number(c, study, "log-softmax"),
           followed = studies_number(c, study, "followed"), follows = studies_number(c, study, "follows");
    if (softmax > 1 - VANISHES)
        text_add(out,
                 "the same whatever class is asked for, as the sum of the logits or the network's own answer would be");
    else if (softmax < VANISHES) text_add(out, "the softmax probability");
    else if (logarithm < VANISHES) text_add(out, "the log-probability");
    else if (followed >= 1 && followed < 2) text_add(out, "logit %.0f", follows);
    else if (followed > 1) text_add(out, "something that %.0f other logits enter one by one", followed);
    else text_add(out, "something else than that logit");
    return !out->failed;
}

static bool judge_distance(struct judge_case *c, uint32_t study, struct judgement *j, uint32_t *place) {
    double limit = studies_limit(c, study, "distance");
    j->score = studies_worst(c, study, "distance", place);
    if (isnan(j->score))
        judgement_say(j, VERDICT_ERROR, "Constant map: zero everywhere on all inputs, so nothing was tested.");
    else if (j->score <= ROUNDING)
        judgement_say(j, VERDICT_PASS, "The maps stay as they are: relative distance at most %.2g, allowed %.0e.",
                      j->score, ROUNDING);
    else if (j->score <= limit)
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "The maps change by a relative distance of %.2g: more than rounding (%.0e), less than a fault "
                      "(%.0e).",
                      j->score, ROUNDING, limit);
    else return false;
    return true;
}

static double reading_at(const struct judge_case *c, uint32_t study, const char *id, uint32_t place) {
    uint32_t count;
    const double *v = studies_reading(c, study, id, &count);
    return v && place < count ? v[place] : (double)NAN;
}

static bool decide_other_classes(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study, place;
    struct text name = {0};
    (void)curves;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j) || judge_distance(c, study, j, &place)) return true;
    if (add_name(c, study, &name))
        judgement_say(j, VERDICT_FAIL,
                      "The map of class %.0f changes (relative distance %.2g) when only the weights of the other "
                      "classes change and logit %.0f does not: it explains %s.",
                      reading_at(c, study, "target", place), j->score, reading_at(c, study, "target", place),
                      name.data);
    bool ok = !name.failed || error_memory(e);
    text_finish(&name);
    return ok;
}

static bool decide_relabelling(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study, place;
    (void)curves, (void)e;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j) || judge_distance(c, study, j, &place)) return true;
    double target = reading_at(c, study, "target", place), moved = reading_at(c, study, "moved", place);
    if (reading_at(c, study, "dead", place) > 0)
        judgement_say(j, VERDICT_FAIL,
                      "The map of one logit is zero as class %.0f or as class %.0f and not as the other: it depends on "
                      "the number of the class.",
                      target, moved);
    else
        judgement_say(j, VERDICT_FAIL,
                      "The map of one logit as class %.0f is another than as class %.0f (relative distance %.2g): it "
                      "depends on the number of the class, or on its neighbours.",
                      target, moved, j->score);
    return true;
}

const struct rule rule_other_classes = {
    .name = "other-classes", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide_other_classes};
const struct rule rule_class_relabelling = {
    .name = "class-relabelling", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide_relabelling};
