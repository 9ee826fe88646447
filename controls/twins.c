/* Twins: networks that are the trained one in other words, on which the same maps are due. A method may depend on the
 * function and on nothing else: implementation invariance, Sundararajan et al. 2017, arXiv:1703.01365, section 2.2. */
#include "controls/controls.h"

#include "base/rng.h"
#include "controls/maps.h"
#include "judge/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWINS "twins"

static const struct control_option options[] = {
    {.name = TWINS,
     .kind = OPTION_TEXT,
     .summary = "which networks: near, units, confidence (default: all). A method that explains probabilities depends "
                "on other classes on purpose: [near, units]"},
    {.name = NULL}};

/* ---- what is asked of the logits: whether the network is a twin at all ---- */

/* Of the original's logits: their range, or the largest where there is one. */
static double range(const struct answer *a) {
    double low = INFINITY, high = -INFINITY, most = 0;
    for (uint32_t k = 0; k < a->classes; k++) {
        low = fmin(low, (double)a->logits[k]);
        high = fmax(high, (double)a->logits[k]);
        most = fmax(most, fabs((double)a->logits[k]));
    }
    return high > low ? high - low : most;
}

static double furthest(const struct predicate_case *c) {
    double worst = 0;
    for (uint32_t k = 0; k < c->answers[0].classes; k++)
        worst = fmax(worst, fabs((double)c->answers[0].logits[k] - (double)c->answers[1].logits[k]));
    return worst;
}

static void logits_near(const struct predicate_case *c, double *worst, double *tolerance) {
    *worst = furthest(c);
    *tolerance = .1 * range(&c->answers[0]);
}

static void logits_same(const struct predicate_case *c, double *worst, double *tolerance) {
    *worst = furthest(c);
    *tolerance = 1e-4 * range(&c->answers[0]);
}

/* The same bits: nothing was done to the class's own logit. */
static void logit_same(const struct predicate_case *c, double *worst, double *tolerance) {
    uint32_t t = c->answers[0].target;
    *worst = fabs((double)c->answers[0].logits[t] - (double)c->answers[1].logits[t]);
    *tolerance = 0;
}

/* ---- what is asked of the maps ---- */

/* ||m - m'|| / ||m||; of a constant map, which is no map, nothing is asked (0 where 0 is allowed). */
static double distance(const struct predicate_case *c, bool *constant) {
    const float *m = c->answers[0].map, *other = c->answers[1].map;
    double squares = 0, off = 0;
    *constant = maps_constant(m, c->count);
    for (size_t j = 0; j < c->count; j++) {
        double d = (double)m[j] - (double)other[j];
        squares += (double)m[j] * (double)m[j];
        off += d * d;
    }
    return *constant ? 0 : sqrt(off / squares);
}

/* Rules that add a constant to a denominator (LRP-epsilon: .07) are not free of the scale of hidden units. */
static void map_scaled(const struct predicate_case *c, double *worst, double *tolerance) {
    bool constant;
    *worst = distance(c, &constant);
    *tolerance = constant ? 0 : .25;
}

static void map_same(const struct predicate_case *c, double *worst, double *tolerance) {
    bool constant;
    *worst = distance(c, &constant);
    *tolerance = constant ? 0 : 1e-3;
}

static const struct predicate predicates[TWIN_COUNT][2] = {
    [TWIN_NEAR] = {{"near-logits", "weights moved by 0.1 % hardly move the logits", true, logits_near}},
    [TWIN_UNITS] = {{"units-logits", "hidden units in another order leave the logits as they are", true, logits_same},
                    {"units-map", "hidden units in another order leave the map as it is", true, map_scaled}},
    [TWIN_CONFIDENCE] = {{"confidence-logit", "the class's own logit stays as it is", true, logit_same},
                         {"confidence-map", "other classes' logits leave the map as it is", true, map_same}},
};

/* ---- which twins ---- */

static bool unknown_twin(const struct battery *b, const struct control_values *values, const char *name,
                         struct error *e) {
    return battery_fail(b, control_location(&control_twins, values, TWINS), e,
                        "twins of control twins: there is no '%s': near, units and confidence wanted", name);
}

static bool find_wanted(const struct battery *b, const struct control_values *values, bool wanted[TWIN_COUNT],
                        struct error *e) {
    const char *text = control_text(&control_twins, values, TWINS);
    for (int t = 0; t < TWIN_COUNT; t++) wanted[t] = !text;
    while (text && *text) {
        char name[32];
        size_t length = strcspn(text, ", ");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name), text);
        int t = 0;
        while (t < TWIN_COUNT && strcmp(twin_name((enum twin)t), name) != 0) t++;
        if (length && t == TWIN_COUNT) return unknown_twin(b, values, name, e);
        if (length) wanted[t] = true;
        text += length + (text[length] != 0);
    }
    for (int t = 0; t < TWIN_COUNT; t++)
        if (wanted[t]) return true;
    return unknown_twin(b, values, "", e);
}

static bool ask_for(struct plan *p, uint32_t index, enum twin twin, uint64_t seed, struct error *e) {
    const struct model_transform model = {.kind = MODEL_TWIN, .twin = twin, .seed = seed};
    const struct ask asks[] = {{.root = ROOT_MODEL}, {.root = ROOT_MODEL, .model = &model}};
    uint32_t a;
    if (!plan_twin(p, twin, seed, &a, e) ||
        !plan_use(p, index, plan_stages(p, index), twin_name(twin), 0, a, WANT_MATCHED, e))
        return false;
    for (size_t k = 0; k < 2; k++)
        if (predicates[twin][k].id && !plan_check(p, index, &predicates[twin][k], asks, 2, e)) return false;
    return twin != TWIN_UNITS || twin_reaches_last(p->graph, &p->units_reach_last, e);
}

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    bool wanted[TWIN_COUNT], ok = true;
    (void)to;
    if (from > 0) return true;
    if (!find_wanted(b, values, wanted, e)) return false;
    for (int t = 0; ok && t < TWIN_COUNT; t++) {
        char why[160];
        bool exists = false;
        if (!wanted[t]) continue;
        ok = twin_exists(p->graph, (enum twin)t, &exists, why, sizeof why, e);
        if (ok)
            ok = exists ? ask_for(p, index, (enum twin)t, rng_seed(b->seed, "twins", 0), e)
                        : plan_note(p, index, why, e);
    }
    return ok;
}

const struct control control_twins = {
    .id = "twins",
    .summary = "networks that are the trained one in other words: the same maps are due",
    .source = "Sundararajan et al. 2017, arXiv:1703.01365, section 2.2 (implementation invariance); permuted and "
              "rescaled units: Hecht-Nielsen 1990, Neyshabur et al. 2015, arXiv:1506.02617",
    .claim = "the map depends on the function and on the class's own logit, not on how the weights write it down",
    .standard = true,
    .rule = &rule_twins,
    .options = options,
    .expand = expand,
};
