/* gates.c: what can be said before any share is measured. */
#include "judge/gates.h"

#include "explainers/explainer.h"
#include "experiment/reduce.h"
#include "judge/samples.h"

#include <math.h>

/* Similarities are stored for every view, NaN where a map vanished: none at all means that they were lost. */
static bool has_numbers(const struct cell *cell) {
    for (int v = 0; v < VIEW_COUNT; v++)
        if (!cell->matched[0][v]) return false;
    return true;
}

static bool too_small(const struct judge_case *c) {
    const struct map_shape shape = run_map_shape(c->view->sample, case_row(c)->reduction);
    return !measures[0]->applies(&shape);
}

bool gate_unit(const struct judge_case *c, uint32_t attribution, struct judgement *j) {
    const struct cell *cell = results_cell(c->r, c->row, attribution);
    const char *key = c->view->plan->attributions[attribution].key;
    if (!cell->present) judgement_say(j, VERDICT_ERROR, "No map was computed for %s.", key);
    else if (cell->status == UNIT_FAILED) judgement_say(j, VERDICT_ERROR, "On %s: %s", key, cell->why);
    else if (cell->status == UNIT_UNSUPPORTED) /* of layers that it supported in the original */
        judgement_say(j, VERDICT_ERROR, "Refused %s, though not the original: %s", key, cell->why);
    else if (too_small(c))
        judgement_say(j, VERDICT_ERROR, "Maps of so few elements cannot be compared: %s wants more.",
                      measures[0]->title);
    else if (!has_numbers(cell)) judgement_say(j, VERDICT_ERROR, "No similarities are stored for %s.", key);
    else return false;
    return true;
}

static bool gate_original(struct judge_case *c, struct judgement *j) {
    uint32_t original;
    if (!plan_find(c->view->plan, c->root, attribution_is_original, &original)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no original to compare with.");
        return true;
    }
    const struct cell *cell = results_cell(c->r, c->row, original);
    if (!cell->present || cell->status != UNIT_UNSUPPORTED) return gate_unit(c, original, j);
    judgement_say(j, VERDICT_SKIP, "%s", cell->why);
    return true;
}

bool gate_audit(const struct judge_case *c, uint32_t attribution, struct judgement *j) {
    const struct audit *a = &c->r->audits[attribution];
    const char *key = c->view->plan->attributions[attribution].key;
    if (!attribution_is_redrawn(&c->view->plan->attributions[attribution])) return false;
    if (!a->present) judgement_say(j, VERDICT_ERROR, "Not a control: %s was not audited (see plugins.log).", key);
    else if (!a->finite) judgement_say(j, VERDICT_ERROR, "Overflow: the logits of %s are not finite.", key);
    else if (!a->expected)
        judgement_say(
            j, VERDICT_ERROR,
            "Not a control: nothing in the layers of %s can change, as they already are what the draw makes of "
            "them: leave them out of the groups.",
            key);
    else if (a->changed != a->expected)
        judgement_say(j, VERDICT_ERROR, "Not a control: %u layers of %s changed where %u should have.", a->changed, key,
                      a->expected);
    else return false;
    return true;
}

static bool gate_ran(struct judge_case *c, struct judgement *j) {
    const struct plan *p = c->view->plan;
    if (gate_original(c, j)) return true;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->control != c->control || u->draw >= c->draws) continue;
        if (gate_audit(c, u->attribution, j) || gate_unit(c, u->attribution, j)) return true;
    }
    return false;
}

static uint32_t constant_originals(const struct judge_case *c) {
    uint32_t constant = 0;
    for (uint32_t i = 0; i < case_inputs(c); i++) constant += samples_constant(c, c->views[0], i);
    return constant;
}

/* A map that is never negative may be empty where the method found nothing (a ReLU): the other inputs are judged, as
 * long as they are the most. */
static bool gate_empty(const struct judge_case *c, uint32_t constant, struct judgement *j) {
    uint32_t n = case_inputs(c);
    if (constant > c->constants->vanished_share * n) {
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Empty maps: the original network's are constant for %u of %u inputs, so there is too little to "
                      "compare.",
                      constant, n);
        return true;
    }
    j->note = judgement_keep(j, "%u of %u maps are empty", constant, n);
    if (j->note) return false;
    j->note = "";
    judgement_say(j, VERDICT_ERROR, "Out of memory.");
    return true;
}

static bool gate_constant(struct judge_case *c, struct judgement *j) {
    uint32_t n = case_inputs(c), constant = constant_originals(c);
    if (constant <= c->constants->constant_share * n) return false;
    if (case_row(c)->claims & ASSAY_NON_NEGATIVE) return gate_empty(c, constant, j);
    const char *op = c->root == ROOT_MODEL ? c->view->saturating : NULL;
    judgement_say(j, VERDICT_ERROR,
                  "Constant map on the original network for %u of %u inputs: nothing to compare.%s%s%s", constant, n,
                  op ? " The network ends in a " : "", op ? op : "",
                  op ? ", whose slope vanishes where it is sure: export it without." : "");
    return true;
}

/* Spearman-Brown: how many times the samples give repeatability `wanted`. */
static double spearman_brown(double repeat, double wanted) {
    return wanted * (1 - repeat) / (repeat * (1 - wanted));
}

static bool gate_repeat(struct judge_case *c, struct judgement *j) {
    uint32_t repeat;
    if (!plan_find(c->view->plan, c->root, attribution_is_repeat, &repeat)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no repetition to measure the ceiling with.");
        return true;
    }
    if (gate_unit(c, repeat, j)) return true;
    for (int v = 0; v < VIEW_COUNT; v++) c->repeat[v] = samples_mean(c, repeat, (enum view)v);
    double worst = 1;
    for (uint32_t v = 0; v < c->view_count; v++)
        if (!isnan(worst) && !(c->repeat[c->views[v]] >= worst)) worst = c->repeat[c->views[v]];
    if (worst >= c->constants->repeatability) return false;
    if (isnan(worst)) {
        judgement_say(j, VERDICT_ERROR,
                      "The ceiling is not a number: no repetition has a similarity to the original (constant maps).");
        return true;
    }
    j->ceiling = worst;
    if (worst > .02)
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not repeatable: two seeds agree at %.2f < %.2f; about %.0f times the samples would give .80.",
                      worst, c->constants->repeatability, spearman_brown(worst, .8));
    else judgement_say(j, VERDICT_UNINFORMATIVE, "Not repeatable: two seeds give unrelated maps (%.2f).", worst);
    return true;
}

/* Of letters all positions count: the elements that are not zero are all one, in which a map may well be constant. */
static enum view stability_view(const struct judge_case *c) {
    bool magnitude = case_row(c)->non_negative;
    if (c->view->inputs[c->root].one_hot) return magnitude ? VIEW_ABSOLUTE_ALL : VIEW_SIGNED_ALL;
    return magnitude ? VIEW_ABSOLUTE_NONZERO : VIEW_SIGNED_NONZERO;
}

static bool gate_stable(struct judge_case *c, struct judgement *j) {
    uint32_t jitter;
    if (!plan_find(c->view->plan, c->root, attribution_is_jittered, &jitter)) return false;
    if (gate_unit(c, jitter, j)) return true;
    double stable = samples_mean(c, jitter, stability_view(c));
    if (stable >= c->constants->stability) return false;
    if (isnan(stable))
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not stable: maps of jittered inputs have no similarity to the originals.");
    else if (c->view->inputs[c->root].one_hot)
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not stable: another letter at %.2g %% of the positions (at least one) leaves similarity %.2f < "
                      "%.2f.",
                      100 * c->constants->jitter, stable, c->constants->stability);
    else
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not stable: noise of %.2g %% of the input range leaves similarity %.2f < %.2f.",
                      100 * c->constants->jitter, stable, c->constants->stability);
    return true;
}

/* One input has no other to measure the floor with, and one input or draw no interval. Otherwise the floor is measured
 * here: G3 and all that follows reads it. */
static bool gate_number(struct judge_case *c, struct judgement *j) {
    static const char *const few[2][2] = {
        {NULL, "One draw: no interval, so the similarities are shown and not judged. 2 or more wanted "
               "(`draws` of `rule`; default 5)."},
        {"One input: neither floor nor interval, so the similarities are shown and not judged. 2 or more wanted "
         "(`inputs` of `data`; default 30).",
         "One input and one draw: neither floor nor interval, so the similarities are shown and not judged. 2 or more "
         "of each wanted (`inputs` of `data`, default 30; `draws` of `rule`, default 5)."}};
    for (int v = 0; v < VIEW_COUNT; v++) c->floor[v] = samples_floor(c, c->row, (enum view)v);
    const char *why = few[case_inputs(c) < 2 + constant_originals(c)][c->draws < 2];
    if (why) judgement_say(j, VERDICT_INCONCLUSIVE, "%s", why);
    return why != NULL;
}

static bool gate_same(struct judge_case *c, struct judgement *j) {
    for (uint32_t k = 0; k < c->view_count; k++) {
        enum view v = c->views[k];
        if (!(c->repeat[v] - c->floor[v] < c->constants->degenerate)) continue;
        j->floor = c->floor[v];
        j->ceiling = c->repeat[v];
        judgement_say(
            j, VERDICT_FAIL,
            "The same map for any image and any model: maps of different images on different networks agree at %.2f "
            "(%s), against %.2f for a repetition.",
            c->floor[v], view_name(v), c->repeat[v]);
        return true;
    }
    return false;
}

static bool always(const struct judge_case *c) {
    (void)c;
    return true;
}

static bool has_floor(const struct judge_case *c) {
    return !c->rule->no_floor;
}

/* What canaries are known for says nothing of jittered inputs. */
static bool is_jittered(const struct judge_case *c) {
    return has_floor(c) && !case_row(c)->canary;
}

static bool trains(const struct judge_case *c) {
    return c->rule->needs_training;
}

static bool is_stochastic(const struct judge_case *c) {
    return (case_row(c)->claims & ASSAY_STOCHASTIC) != 0;
}

const struct gate gates[] = {
    {"L0", trains, gate_networks},    {"before", always, gate_ran},
    {"E0", always, gate_constant},    {"G1", is_stochastic, gate_repeat},
    {"G2", is_jittered, gate_stable}, {"N", has_floor, gate_number},
    {"G3", has_floor, gate_same},     {.id = NULL},
};

const struct gate *gates_decide(struct judge_case *c, struct judgement *j) {
    j->inputs = case_inputs(c);
    j->draws = c->draws;
    j->low_power = case_row(c)->non_negative && !c->rule->no_floor;
    for (const struct gate *g = gates; g->id; g++)
        if (g->applies(c) && g->decide(c, j)) return g;
    return NULL;
}
