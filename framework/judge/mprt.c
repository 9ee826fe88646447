/* mprt.c: numbers that are printed and not judged, from the study mprt. */
#include "judge/rules.h"
#include "judge/studies.h"

#include "base/text.h"

#include <math.h>

static double plain(double v) {
    return fabs(v) < .005 ? 0 : v; /* no "-0.00" */
}

/* "0.23 0.11 0.02" */
static void add_stages(const struct judge_case *c, uint32_t study, const char *id, struct text *out) {
    uint32_t n = 0;
    const double *v = studies_reading(c, study, id, &n);
    bool any = false;
    for (uint32_t k = 0; v && k < n; k++) {
        if (isnan(v[k])) continue;
        text_add(out, " %.2f", plain(v[k]));
        any = true;
    }
    if (!any) text_add(out, " none");
}

static void add_rise(const struct judge_case *c, uint32_t study, struct text *out) {
    uint32_t n = 0, count = 0;
    double sum = 0, squares = 0;
    const double *v = studies_reading(c, study, "efficient-mprt", &n);
    for (uint32_t k = 0; v && k < n; k++) {
        if (isnan(v[k])) continue;
        sum += v[k];
        squares += v[k] * v[k];
        count++;
    }
    if (!count) {
        text_add(out, " none");
        return;
    }
    double mean = sum / count, sd = count > 1 ? sqrt(fmax(squares - sum * mean, 0) / (count - 1)) : 0;
    text_add(out, " %+.2f (sd %.2f of %u)", plain(mean), sd, count);
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study;
    struct text numbers = {0}, layers = {0};
    (void)curves;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j)) return true;
    uint32_t n = 0;
    const double *drawn = studies_reading(c, study, "layers", &n);
    for (uint32_t k = 0; drawn && k < n; k++)
        if (!isnan(drawn[k])) text_add(&layers, " %.0f", drawn[k]);
    text_add(&numbers, "MPRT");
    add_stages(c, study, "mprt", &numbers);
    text_add(&numbers, ", sMPRT");
    add_stages(c, study, "smooth-mprt", &numbers);
    text_add(&numbers, ", eMPRT");
    add_rise(c, study, &numbers);
    const char *note = numbers.failed ? NULL : judgement_keep(j, "%s", numbers.data);
    if (note && !layers.failed)
        judgement_say(j, VERDICT_SKIP,
                      "Numbers without a limit, which nothing is judged by: magnitudes, with%s layers drawn anew from "
                      "the output down.",
                      layers.data ? layers.data : " no");
    bool ok = (note && !layers.failed) || error_memory(e);
    if (note) j->note = note;
    text_finish(&numbers);
    text_finish(&layers);
    return ok;
}

const struct rule rule_mprt = {.name = "mprt", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
