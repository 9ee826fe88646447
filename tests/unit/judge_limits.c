/* What is said where a number is its limit to the last bit, and where there is nothing to measure. */
#include "base/text.h"
#include "controls/controls.h"
#include "judge/contrast.h"
#include "judge/gates.h"
#include "judge/judge.h"
#include "judge/samples.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 4, ORIGINAL = 0, REPEAT, JITTERED };

struct lab {
    struct graph graph;
    struct plan plan;
    struct explainer_entry explainer;
    struct control control;
    struct control_entry entry;
    struct input_set inputs[ROOT_COUNT];
    struct rule_constants constants;
    struct shape sample;
    struct experiment_view view;
    struct results *results;
    struct judge_case c;
    struct judgement j;
};

typedef bool expand(struct plan *, uint32_t index, const struct control_values *, const struct battery *, uint32_t from,
                    uint32_t to, struct error *);

/* Three uses of one stage and draw, where rules ask for a pair at most. */
static bool expand_three(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                         uint32_t from, uint32_t to, struct error *e) {
    uint32_t a[3];
    (void)v, (void)b, (void)from, (void)to;
    bool ok = plan_original(p, ROOT_MODEL, NULL, 0, &a[ORIGINAL], e) &&
              plan_original(p, ROOT_MODEL, NULL, 1, &a[REPEAT], e) &&
              plan_original(p, ROOT_MODEL, &input_jitter, 0, &a[JITTERED], e);
    for (int k = 0; ok && k < 3; k++) ok = plan_use(p, index, 0, "stage", 0, a[k], WANT_MATCHED, e);
    return ok;
}

enum { STAGES = 3 };

/* Stages of one attribution each. */
static bool expand_stages(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                          uint32_t from, uint32_t to, struct error *e) {
    uint32_t a;
    (void)v, (void)b, (void)from, (void)to;
    bool ok = plan_original(p, ROOT_MODEL, NULL, 0, &a, e);
    for (uint32_t k = 0; ok && k < STAGES; k++) ok = plan_use(p, index, k, "stage", 0, a, WANT_MATCHED, e);
    return ok;
}

/* Three draws of an attribution each, and a use of another control. */
static bool expand_draws(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                         uint32_t from, uint32_t to, struct error *e) {
    uint32_t a;
    (void)v, (void)b, (void)from, (void)to;
    bool ok = plan_original(p, ROOT_MODEL, NULL, 0, &a, e);
    for (uint32_t k = 0; ok && k < 4; k++)
        ok = plan_original(p, ROOT_MODEL, NULL, k + 1, &a, e) &&
             plan_use(p, k < 3 ? index : index + 1, 0, "stage", k < 3 ? k : 0, a, WANT_MATCHED, e);
    return ok;
}

static bool expand_nothing(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                           uint32_t from, uint32_t to, struct error *e) {
    (void)p, (void)index, (void)v, (void)b, (void)from, (void)to;
    return e != NULL;
}

/* Every similarity is .5. */
static void setup(struct lab *lab, const struct control *control, expand *by) {
    const struct battery battery = {.seed = 1};
    struct error e = {{0}};
    *lab = (struct lab){.control = *control, .constants = rule_constants_default(), .sample = {3, {1, 2, 2}}};
    lab->control.expand = by;
    lab->entry.control = &lab->control;
    lab->explainer.name = (char *)"by hand";
    for (int root = 0; root < ROOT_COUNT; root++) lab->inputs[root].count = INPUTS;
    plan_init(&lab->plan, &lab->graph);
    cr_assert(by(&lab->plan, 0, &lab->entry.values, &battery, 0, 1, &e), "%s", e.text);
    lab->view = (struct experiment_view){.plan = &lab->plan,
                                         .controls = &lab->entry,
                                         .control_count = 1,
                                         .explainers = &lab->explainer,
                                         .explainer_count = 1,
                                         .inputs = lab->inputs,
                                         .rule = &lab->constants,
                                         .sample = &lab->sample,
                                         .seed = 1};
    cr_assert(results_create(&lab->view, &lab->results, &e), "%s", e.text);
    for (uint32_t a = 0; a < lab->plan.attribution_count; a++) {
        struct cell *cell = &lab->results->cells[a];
        cell->present = true;
        cell->why = text_copy("");
        for (int v = 0; v < VIEW_COUNT; v++) {
            cell->matched[0][v] = calloc(INPUTS, sizeof(double));
            for (int i = 0; i < INPUTS; i++) cell->matched[0][v][i] = .5;
        }
    }
    case_begin(&lab->c, lab->results, 0, 0, 5);
    lab->j = judgement_begin(lab->results);
}

static void teardown(struct lab *lab) {
    results_destroy(lab->results);
    plan_finish(&lab->plan);
}

static bool decides(struct lab *lab, const char *id) {
    for (const struct gate *g = gates; g->id; g++)
        if (strcmp(g->id, id) == 0) return g->decide(&lab->c, &lab->j);
    cr_assert(false, "no gate %s", id);
    return false;
}

/* A gate lets pass what is as good as its limit. */
Test(judge_limits, gates_let_their_limit_pass) {
    const double more = nextafter(.5, 1);
    static const char *const ids[] = {"G1", "G2"};
    for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
        struct lab lab;
        setup(&lab, &control_cascading, expand_three);
        lab.constants.repeatability = lab.constants.stability = .5;
        cr_expect_not(decides(&lab, ids[k]), "%s: %s", ids[k], lab.j.reason);
        lab.constants.repeatability = lab.constants.stability = more;
        cr_expect(decides(&lab, ids[k]), "%s", ids[k]);
        cr_expect_eq(lab.j.word, VERDICT_UNINFORMATIVE);
        teardown(&lab);
    }
}

Test(judge_limits, a_repetition_of_a_fiftieth_is_unrelated) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_three);
    for (int v = 0; v < VIEW_COUNT; v++)
        for (int i = 0; i < INPUTS; i++) lab.results->cells[REPEAT].matched[0][v][i] = .02;
    cr_expect(decides(&lab, "G1"));
    cr_expect(strstr(lab.j.reason, "unrelated maps (0.02)"), "%s", lab.j.reason);
    teardown(&lab);
}

Test(judge_limits, as_many_constant_maps_as_are_allowed) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_three);
    double *s = lab.results->cells[ORIGINAL].matched[0][lab.c.views[0]];
    lab.constants.constant_share = .5;
    s[0] = s[3] = (double)NAN;
    cr_expect_not(decides(&lab, "E0"), "two of four: %s", lab.j.reason);
    s[1] = (double)NAN;
    cr_expect(decides(&lab, "E0"));
    cr_expect(strstr(lab.j.reason, "for 3 of 4 inputs"), "%s", lab.j.reason);
    teardown(&lab);
}

Test(judge_limits, a_floor_as_far_below_as_it_must_be) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_three);
    lab.constants.degenerate = .25;
    for (int v = 0; v < VIEW_COUNT; v++) lab.c.repeat[v] = .75, lab.c.floor[v] = .5;
    cr_expect_not(decides(&lab, "G3"), "%s", lab.j.reason);
    for (int v = 0; v < VIEW_COUNT; v++) lab.c.floor[v] = nextafter(.5, 1);
    cr_expect(decides(&lab, "G3"));
    cr_expect_eq(lab.j.word, VERDICT_FAIL);
    for (int v = 0; v < VIEW_COUNT; v++) lab.c.floor[v] = (double)NAN;
    cr_expect_not(decides(&lab, "G3"), "an unknown floor says nothing");
    teardown(&lab);
}

Test(judge_limits, two_inputs_and_two_draws_are_enough) {
    static const struct {
        uint32_t inputs, draws;
        const char *words;
    } cases[] = {{2, 2, NULL}, {2, 1, "One draw:"}, {1, 2, "One input:"}, {1, 1, "One input and one draw:"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct lab lab;
        setup(&lab, &control_cascading, expand_three);
        lab.inputs[ROOT_MODEL].count = cases[k].inputs;
        lab.c.draws = cases[k].draws;
        cr_expect_eq(decides(&lab, "N"), cases[k].words != NULL, "%u inputs, %u draws", cases[k].inputs,
                     cases[k].draws);
        if (cases[k].words) cr_expect(strstr(lab.j.reason, cases[k].words), "%s", lab.j.reason);
        teardown(&lab);
    }
}

/* Similarities of every view are there, or they were lost. */
Test(judge_limits, a_view_that_was_lost_is_an_error) {
    for (int v = 0; v <= VIEW_COUNT; v++) {
        struct lab lab;
        setup(&lab, &control_cascading, expand_three);
        if (v < VIEW_COUNT) {
            free(lab.results->cells[ORIGINAL].matched[0][v]);
            lab.results->cells[ORIGINAL].matched[0][v] = NULL;
        }
        cr_expect_eq(gate_unit(&lab.c, ORIGINAL, &lab.j), v < VIEW_COUNT, "view %d: %s", v, lab.j.reason);
        if (v < VIEW_COUNT)
            cr_expect(strstr(lab.j.reason, "No similarities are stored for model."), "%s", lab.j.reason);
        teardown(&lab);
    }
}

/* A method that does not support the network is not judged on it; one that refuses another network later is. */
Test(judge_limits, an_unsupported_original_is_skipped) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_three);
    struct cell *cell = &lab.results->cells[ORIGINAL];
    free(cell->why);
    cell->why = text_copy("wants attention");
    cell->status = UNIT_UNSUPPORTED;
    cr_expect(decides(&lab, "before"));
    cr_expect_eq(lab.j.word, VERDICT_SKIP);
    cr_expect_str_eq(lab.j.reason, "wants attention");
    cr_expect(gate_unit(&lab.c, ORIGINAL, &lab.j) && lab.j.word == VERDICT_ERROR, "%s", lab.j.reason);
    cell->present = false;
    cr_expect(decides(&lab, "before") && lab.j.word == VERDICT_ERROR, "%s", lab.j.reason);
    teardown(&lab);
}

/* Only the maps that the case rests on: of its own control, and of the draws that are looked at. */
Test(judge_limits, what_is_not_looked_at_may_fail) {
    static const struct {
        uint32_t attribution;
        bool decides;
    } failing[] = {{1, true}, {2, true}, {3, false}, {4, false}};
    for (size_t k = 0; k < sizeof failing / sizeof *failing; k++) {
        struct lab lab;
        setup(&lab, &control_cascading, expand_draws);
        lab.c.draws = 2;
        lab.results->cells[failing[k].attribution].present = false;
        cr_expect_eq(decides(&lab, "before"), failing[k].decides, "attribution %u: %s", failing[k].attribution,
                     lab.j.reason);
        teardown(&lab);
    }
}

/* The saturated end is that of the model, and not of networks that the harness trains. */
Test(judge_limits, constant_maps_of_a_saturated_model) {
    for (int labels = 0; labels < 2; labels++) {
        struct lab lab;
        setup(&lab, &control_cascading, expand_three);
        lab.view.saturating = "Sigmoid";
        lab.results->view = lab.view;
        lab.constants.constant_share = -1; /* none is too many */
        if (labels) lab.c.root = ROOT_LABELS;
        cr_expect(decides(&lab, "E0"));
        cr_expect_eq(strstr(lab.j.reason, "ends in a Sigmoid, whose slope") != NULL, !labels, "%s", lab.j.reason);
        teardown(&lab);
    }
}

Test(judge_limits, no_repetition_no_ceiling) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_stages);
    cr_expect(decides(&lab, "G1"));
    cr_expect(lab.j.word == VERDICT_ERROR && strstr(lab.j.reason, "no repetition"), "%s", lab.j.reason);
    cr_expect_not(decides(&lab, "G2"), "stability was not asked for");
    teardown(&lab);
}

/* ---- nothing to measure ---- */

Test(judge_limits, vanished_maps_are_a_share_of_those_that_could) {
    struct lab lab;
    double y[2 * INPUTS];
    setup(&lab, &control_cascading, expand_three);
    double *s = lab.results->cells[ORIGINAL].matched[0][VIEW_SIGNED_ALL];
    for (size_t k = 0; k < 2 * INPUTS; k++) y[k] = k ? .5 : (double)NAN;
    cr_expect_eq(samples_fill_vanished(&lab.c, VIEW_SIGNED_ALL, 2, y), 1.0 / 8);
    cr_expect_eq(y[0], 0);
    for (int i = 0; i < INPUTS; i++) s[i] = (double)NAN;
    cr_expect_eq(samples_fill_vanished(&lab.c, VIEW_SIGNED_ALL, 2, y), 1, "of none, all");
    teardown(&lab);
}

Test(judge_limits, a_stage_is_a_pair_at_most) {
    struct lab lab;
    uint32_t at[3] = {9, 9, 9};
    double y[INPUTS];
    setup(&lab, &control_cascading, expand_three);
    cr_expect_eq(samples_attributions(&lab.c, 0, 0, at), 2);
    cr_expect(at[0] == ORIGINAL && at[1] == REPEAT && at[2] == 9);
    samples_similarity(&lab.c, 0, 0, 1, 0, VIEW_SIGNED_ALL, y);
    for (int i = 0; i < INPUTS; i++) cr_expect_eq(y[i], .5);
    lab.results->cells[REPEAT].matched[0][VIEW_SIGNED_ALL][1] = (double)NAN;
    samples_similarity(&lab.c, 0, 0, 1, 0, VIEW_SIGNED_ALL, y);
    cr_expect(isnan(y[1]) && y[0] == .5, "half a pair is none");
    teardown(&lab);
}

/* The floor is that of the last stage, or of the first for a rule that has it there. */
Test(judge_limits, each_rule_has_its_floor_stage) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_stages);
    cr_expect_eq(samples_floor_stage(&lab.c), STAGES - 1);
    cr_expect_eq(samples_stages(&lab.c), STAGES);
    lab.c.rule = control_label_permutation.rule;
    cr_expect_eq(samples_floor_stage(&lab.c), 0);
    teardown(&lab);
    setup(&lab, &control_cascading, expand_nothing);
    cr_expect_eq(samples_floor_stage(&lab.c), 0, "of no stages the first");
    teardown(&lab);
}

/* NaN, and never a number, where nothing was stored; what is there is averaged. */
Test(judge_limits, what_was_not_stored_is_no_number) {
    struct lab lab;
    double y[INPUTS];
    setup(&lab, &control_cascading, expand_three);
    samples_similarity(&lab.c, 0, 0, 1, 1, VIEW_SIGNED_ALL, y); /* the second measure was not compared by */
    for (int i = 0; i < INPUTS; i++) cr_expect(isnan(y[i]), "%g", y[i]);
    samples_similarity(&lab.c, 0, 7, 1, 0, VIEW_SIGNED_ALL, y); /* no such stage */
    for (int i = 0; i < INPUTS; i++) cr_expect(isnan(y[i]), "%g", y[i]);
    cr_expect(isnan(samples_draw_floor(&lab.c, 0, 0, 0, VIEW_SIGNED_ALL)));
    cr_expect(isnan(samples_floor(&lab.c, 0, VIEW_SIGNED_ALL)));
    double *s = lab.results->cells[ORIGINAL].matched[0][VIEW_SIGNED_ALL];
    s[0] = (double)NAN, s[1] = .2, s[2] = .3, s[3] = .7;
    cr_expect_float_eq(samples_mean(&lab.c, ORIGINAL, VIEW_SIGNED_ALL), .4, 1e-15);
    for (int i = 0; i < INPUTS; i++) s[i] = (double)NAN;
    cr_expect(isnan(samples_mean(&lab.c, ORIGINAL, VIEW_SIGNED_ALL)));
    teardown(&lab);
}

/* Mismatched maps of both members of a pair, and of draws that have some. */
Test(judge_limits, a_floor_is_the_mean_of_what_is_there) {
    struct lab lab;
    setup(&lab, &control_cascading, expand_three);
    lab.c.draws = 2; /* of the second there is nothing */
    for (uint32_t a = 0; a < 2; a++) {
        double *s = calloc((size_t)DERANGEMENTS * INPUTS, sizeof *s);
        cr_assert_not_null(s);
        for (uint32_t k = 0; k < DERANGEMENTS * INPUTS; k++) s[k] = a ? .75 : k % 2 ? .25 : (double)NAN;
        lab.results->cells[a].mismatched[VIEW_SIGNED_ALL] = s;
    }
    const double floor =
        (.25 * DERANGEMENTS * INPUTS / 2 + .75 * DERANGEMENTS * INPUTS) / (1.5 * DERANGEMENTS * INPUTS);
    cr_expect_float_eq(samples_draw_floor(&lab.c, 0, 0, 0, VIEW_SIGNED_ALL), floor, 1e-15);
    cr_expect_float_eq(samples_floor(&lab.c, 0, VIEW_SIGNED_ALL), floor, 1e-15);
    teardown(&lab);
}

/* Without an original no map is known to be constant, and none of its inputs is left out. */
Test(judge_limits, no_original_no_constant_map) {
    struct lab lab;
    double y[2] = {.5, (double)NAN};
    setup(&lab, &control_cascading, expand_nothing);
    for (uint32_t i = 0; i < INPUTS; i++) cr_expect_not(samples_constant(&lab.c, VIEW_SIGNED_ALL, i));
    lab.inputs[ROOT_MODEL].count = 2;
    cr_expect_eq(samples_fill_vanished(&lab.c, VIEW_SIGNED_ALL, 1, y), .5);
    cr_expect_eq(y[1], 0);
    teardown(&lab);
}

/* No rule invents what the plan does not have. */
Test(judge_limits, an_empty_plan_is_an_error) {
    const struct control *const tried[] = {&control_label_permutation, &control_cascading, &control_independent,
                                           &control_zero_pixel};
    for (size_t k = 0; k < sizeof tried / sizeof *tried; k++) {
        struct lab lab;
        struct error e = {{0}};
        setup(&lab, tried[k], expand_nothing);
        cr_assert(judge(lab.results, 0, 0, 5, NULL, &lab.j, &e), "%s", e.text);
        cr_expect_eq(lab.j.word, VERDICT_ERROR, "%s: %s", tried[k]->id, lab.j.reason);
        cr_expect_eq(lab.j.draws, 0, "%s", tried[k]->id);
        teardown(&lab);
    }
}

/* Numbers that do not vary have an interval of no width, with the degrees of freedom of the networks. */
Test(judge_limits, a_contrast_without_spread) {
    enum { NETWORKS = 5, COLUMNS = 3 };
    double s[NETWORKS * COLUMNS], t[2 * COLUMNS], scratch[NETWORKS];
    for (int k = 0; k < NETWORKS * COLUMNS; k++) s[k] = .25;
    for (int k = 0; k < 2 * COLUMNS; k++) t[k] = .5;
    const struct contrast_side twin = {t, 2, 1}, permuted = {s, NETWORKS, 1};
    struct interval x = contrast(&twin, &permuted, COLUMNS, scratch);
    cr_expect_eq(x.mean, .25);
    cr_expect_eq(x.variance, 0);
    cr_expect_eq(x.df, NETWORKS - 1);
}
