/* What would decide an INCONCLUSIVE, from its numbers. */
#include "reports/advice.h"

#include <math.h>
#include <string.h>

#define TIMES_MOST 50 /* beyond that nobody waits */

static double constant_of(const json_t *run, const char *name) {
    const json_t *value = json_object_get(json_object_get(run, "rule"), name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static long whole_of(const json_t *run, const char *section, const char *key) {
    const json_t *value = json_object_get(json_object_get(run, section), key);
    return json_is_integer(value) ? (long)json_integer_value(value) : 0;
}

/* The stage that is open, if shares were measured there. */
static const struct curve_row *open_stage(const struct curve_set *curves, const struct verdict_row *v) {
    for (size_t i = 0; i < curves->count; i++) {
        const struct curve_row *r = &curves->points[i];
        if (strcmp(r->control, v->control) == 0 && strcmp(r->explainer, v->explainer) == 0 &&
            strcmp(r->decision, "open") == 0 && strcmp(r->stage, v->first_stage) == 0)
            return r;
    }
    return NULL;
}

/* Whether maps of one input or of one draw are all there is. */
static bool is_single(const struct curve_set *curves, const struct verdict_row *v) {
    bool single = v->inputs < 2;
    for (size_t i = 0; i < curves->count && !single; i++) {
        const struct curve_row *r = &curves->points[i];
        single = r->draws < 2 && strcmp(r->control, v->control) == 0 && strcmp(r->explainer, v->explainer) == 0;
    }
    return single;
}

/* The bound on the other side of the limit has to come to it. An interval of n times as many inputs and draws is about
 * sqrt(n) times as narrow. */
static void add_times(struct text *out, const struct verdict_row *v, double share, double lower, double upper,
                      double limit, long inputs) {
    double gap = fabs(share - limit), wrong = share > limit ? share - lower : upper - share;
    double times = gap > 0 ? ceil(pow(wrong / gap, 2) - 1e-6) : INFINITY;

    text_add(
        out,
        "The share is %.2f and its limit %.2f; the bound on the other side of the limit is %.2f away from the share. ",
        share, limit, wrong);
    if (times > TIMES_MOST)
        text_add(out, "So near to the limit no affordable number of draws decides: the method stands on it. Say "
                      "INCONCLUSIVE under expect, or judge on other inputs.");
    else {
        text_add(out, "With the same spread, about %.0f times as many inputs and draws would bring the bound there",
                 times);
        if (inputs > 0) text_add(out, ": --set data.inputs=%ld to begin with", (long)(times * (double)inputs));
        text_add(out, ".");
        if (strchr(v->reason, ';')) text_add(out, " What else the reason names has to be clear then, too.");
    }
}

bool advice_add(struct text *out, const struct verdict_row *v, const struct curve_set *curves, const json_t *run) {
    const struct curve_row *open = open_stage(curves, v);
    double delta = constant_of(run, "delta");
    long inputs = whole_of(run, "data", "inputs");

    if (strcmp(v->verdict, "INCONCLUSIVE") != 0) return false;
    if (is_single(curves, v))
        text_add(out, "One input or one draw has no interval. --set data.inputs=6 --set rule.draws=3 is the least that "
                      "can be judged; 30 inputs and 5 draws are usual.");
    else if (strstr(v->reason, "vanished"))
        text_add(out, "Maps vanish where nothing is left to explain: other inputs (data.source, data.inputs), or fewer "
                      "layers drawn anew at once (the control's groups).");
    else if (open && open->share_lower < delta && delta < open->share_upper)
        add_times(out, v, open->share, open->share_lower, open->share_upper, delta, inputs);
    else if (v->lower < delta && delta < v->upper && isfinite(v->floor))
        add_times(out, v, v->score, v->lower, v->upper, delta, inputs);
    else
        text_add(out,
                 "More inputs make its interval narrower: --set data.inputs=%ld. Where the number stays at the limit "
                 "that the reason names, the method stands on it.",
                 inputs > 0 ? 2 * inputs : 60);
    return true;
}
