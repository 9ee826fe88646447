/* What the judge is told through its view alone: no run, no model, no data. And what it says, whatever the length. */
#include "base/text.h"
#include "controls/controls.h"
#include "judge/contrast.h"
#include "judge/gates.h"
#include "judge/judge.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 4u

struct lab {
    struct graph graph;
    struct plan plan;
    struct explainer_entry explainer;
    struct control_entry control;
    struct input_set inputs[ROOT_COUNT];
    struct rule_constants constants;
    struct shape sample;
    struct experiment_view view;
    struct results *results;
    char name[16];
};

/* Keeps lab->graph. */
static void setup(struct lab *lab, const struct control *control) {
    struct error e;
    const struct graph graph = lab->graph;
    *lab = (struct lab){
        .graph = graph, .control = {.control = control}, .constants = rule_constants_default(), .sample = {1, {2}}};
    strcpy(lab->name, "by hand");
    lab->explainer.name = lab->name;
    for (int root = 0; root < ROOT_COUNT; root++) lab->inputs[root].count = INPUTS;
    plan_init(&lab->plan, &lab->graph);
    struct battery battery = {.seed = 1};
    cr_assert(control_expand(control, &lab->plan, 0, &lab->control.values, &battery, 0, 1, &e));
    lab->view = (struct experiment_view){.plan = &lab->plan,
                                         .controls = &lab->control,
                                         .control_count = 1,
                                         .explainers = &lab->explainer,
                                         .explainer_count = 1,
                                         .inputs = lab->inputs,
                                         .rule = &lab->constants,
                                         .sample = &lab->sample,
                                         .seed = 1};
    cr_assert(results_create(&lab->view, &lab->results, &e));
}

static void teardown(struct lab *lab) {
    results_destroy(lab->results);
    plan_finish(&lab->plan);
}

/* A unit of every attribution, with that reason. */
static void put_units(struct lab *lab, enum unit_status status, const char *why) {
    for (uint32_t a = 0; a < lab->plan.attribution_count; a++) {
        struct cell *cell = &lab->results->cells[a];
        cell->present = true;
        cell->status = status;
        free(cell->why);
        cell->why = text_copy(why);
    }
}

static struct judgement judged(const struct lab *lab) {
    struct judgement j;
    struct error e = {{0}};
    cr_assert(judge(lab->results, 0, 0, 5, NULL, &j, &e), "%s", e.text);
    return j;
}

Test(judge_view, no_run_is_needed) {
    struct lab lab = {.graph = {.layer_count = 0}};
    setup(&lab, &control_zero_pixel);
    cr_expect_eq(judged(&lab).word, VERDICT_ERROR, "nothing is known");
    put_units(&lab, UNIT_OK, "");
    lab.results->checks[0] = (struct checked){true, true, 1e-7, 1e-4, 3, INPUTS};
    struct judgement j = judged(&lab);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    cr_expect_eq(j.inputs, INPUTS);
    teardown(&lab);
}

/* A long explanation once ended in the middle. */
Test(judge_view, reasons_are_not_cut) {
    struct lab lab = {.graph = {.layer_count = 0}};
    char why[3001];
    memset(why, 'x', sizeof why - 1);
    strcpy(why + sizeof why - 5, "end.");
    setup(&lab, &control_zero_pixel);
    put_units(&lab, UNIT_FAILED, why);
    struct judgement j = judged(&lab);
    cr_expect_eq(j.word, VERDICT_ERROR);
    cr_expect_gt(strlen(j.reason), 3000);
    cr_expect(strcmp(j.reason + strlen(j.reason) - 4, "end.") == 0);
    struct judgement copy = j;
    judgement_say(&j, VERDICT_FAIL, "%.2f and %.2f", -.001, -.5);
    cr_expect_str_eq(j.reason, "0.00 and -0.50");
    cr_expect_gt(strlen(copy.reason), 3000, "a copy keeps its own");
    teardown(&lab);
}

/* As docs/verdict.md names and orders them. */
Test(judge_view, gates_are_a_table) {
    static const char *const ids[] = {"L0", "before", "E0", "G1", "G2", "N", "G3"};
    size_t n = 0;
    for (; gates[n].id; n++) {
        cr_assert_lt(n, sizeof ids / sizeof *ids);
        cr_expect_str_eq(gates[n].id, ids[n]);
        cr_expect(gates[n].applies && gates[n].decide);
    }
    cr_expect_eq(n, sizeof ids / sizeof *ids);
}

/* ---- what a check rests on ---- */

static void nothing(const struct predicate_case *c, double *worst, double *tolerance);
static const struct predicate both = {.id = "both", .what = "both are alike", .holds = nothing};
static bool first_layer = true;

static bool expand_redrawn(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                           uint32_t from, uint32_t to, struct error *e) {
    const struct model_transform redrawn = {
        .kind = MODEL_REDRAWN, .layers = &first_layer, .init = {.scheme = &init_own}};
    const struct ask asks[2] = {{.root = ROOT_MODEL, .inputs = &input_zeroed}, {.root = ROOT_MODEL, .model = &redrawn}};
    (void)v, (void)b, (void)from, (void)to;
    return plan_check(p, index, &both, asks, 2, e);
}

/* Attributions: 0 the model, 1 with zeroed inputs, 2 drawn anew, which carries the check. */
Test(judge_view, a_check_rests_on_all_it_asked_for) {
    static const struct {
        const char *name;
        enum unit_status zeroed, redrawn;
        struct audit audit;
        enum verdict_word word;
        const char *words;
    } cases[] = {
        {"all is there", UNIT_OK, UNIT_OK, {true, true, 1, 1, 0}, VERDICT_PASS, "both are alike"},
        {"the first failed", UNIT_FAILED, UNIT_OK, {true, true, 1, 1, 0}, VERDICT_ERROR, "On model/zeroed: because"},
        {"the second failed", UNIT_OK, UNIT_FAILED, {true, true, 1, 1, 0}, VERDICT_ERROR, "On own:fc/draw0: because"},
        {"the first is refused", UNIT_UNSUPPORTED, UNIT_OK, {true, true, 1, 1, 0}, VERDICT_SKIP, "because"},
        {"no audit", UNIT_OK, UNIT_OK, {false, true, 1, 1, 0}, VERDICT_ERROR, "was not audited"},
        {"overflow", UNIT_OK, UNIT_OK, {true, false, 1, 1, 0}, VERDICT_ERROR, "Overflow"},
        {"nothing to draw",
         UNIT_OK,
         UNIT_OK,
         {true, true, 0, 0, 0},
         VERDICT_ERROR,
         "nothing in the layers of own:fc/draw0"},
        {"nothing drawn", UNIT_OK, UNIT_OK, {true, true, 0, 1, 0}, VERDICT_ERROR, "0 layers of own:fc/draw0"},
    };
    struct control control = control_zero_pixel;
    struct layer layer = {.name = (char *)"fc"};
    control.expand = expand_redrawn;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct lab lab = {.graph = {.layers = &layer, .layer_count = 1}};
        setup(&lab, &control);
        put_units(&lab, UNIT_OK, "because");
        lab.results->checks[0] = (struct checked){true, true, 1e-7, 1e-4, 3, INPUTS};
        lab.results->cells[1].status = cases[k].zeroed;
        lab.results->cells[2].status = cases[k].redrawn;
        lab.results->audits[2] = cases[k].audit;
        struct judgement j = judged(&lab);
        cr_expect_eq(j.word, cases[k].word, "%s: %s", cases[k].name, j.reason);
        cr_expect(strstr(j.reason, cases[k].words), "%s: %s", cases[k].name, j.reason);
        teardown(&lab);
    }
}

/* ---- two checks of one sentence ---- */

static void nothing(const struct predicate_case *c, double *worst, double *tolerance) {
    (void)c;
    *worst = *tolerance = 0;
}

static const struct predicate twins[] = {{.id = "first", .what = "the same words", .holds = nothing},
                                         {.id = "second", .what = "the same words", .holds = nothing}};

static bool expand_twins(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                         uint32_t from, uint32_t to, struct error *e) {
    static const struct ask ask = {.root = ROOT_MODEL};
    (void)v, (void)b, (void)from, (void)to;
    return plan_check(p, index, &twins[0], &ask, 1, e) && plan_check(p, index, &twins[1], &ask, 1, e);
}

static uint32_t global[INPUTS] = {0, 1, 2, 3};

Test(judge_view, checks_are_told_apart_by_their_id) {
    struct control control = control_zero_pixel;
    struct lab lab = {.graph = {.layer_count = 0}};
    struct store *store;
    struct results *r;
    struct error e = {{0}};
    control.expand = expand_twins;
    setup(&lab, &control);
    lab.inputs[ROOT_MODEL].global = global;
    cr_assert(store_open(":memory:", &store, &e), "%s", e.text);
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < INPUTS; i++) {
            const struct check_row row = {lab.name, "zero-pixel", twins[k].id, twins[k].what, i, k, .5, k == 0, "v"};
            cr_assert(store_put_check(store, &row, &e), "%s", e.text);
        }
    cr_assert(results_load(&lab.view, store, &r, &e), "%s", e.text);
    cr_expect(r->checks[0].holds && r->checks[0].inputs == INPUTS);
    cr_expect(!r->checks[1].holds && r->checks[1].inputs == INPUTS);
    results_destroy(r);
    store_close(store);
    teardown(&lab);
}

/* ---- L5 and L6, beyond fifty networks ---- */

Test(judge_view, a_contrast_of_many_networks) {
    enum { NETWORKS = 120, COLUMNS = 3 };
    double s[NETWORKS][COLUMNS], t[2][COLUMNS] = {{1, 2, 3}, {2, 3, 4}}, scratch[NETWORKS];
    for (int r = 0; r < NETWORKS; r++)
        for (int i = 0; i < COLUMNS; i++) s[r][i] = r % 2 + i;
    const struct contrast_side twin = {t[0], 2, 2}, permuted = {s[0], NETWORKS, 1};
    struct interval x = contrast(&twin, &permuted, COLUMNS, scratch);
    /* Means over networks: 1.5, 2.5, 3.5 and .5, 1.5, 2.5, so differences 2.5, 3.5, 4.5: mean 3.5, variance 1 / 3.
     * Means of networks: 2, 3 (variance .5 / 2, times 4) and 1, 2 in turn (variance 30 / 119 / 120). */
    cr_expect_float_eq(x.mean, 3.5, 1e-12);
    double inputs = 1.0 / 3, twins_part = 1, permuted_part = 30.0 / 119 / 120,
           sum = inputs + twins_part + permuted_part;
    cr_expect_float_eq(x.variance, sum, 1e-12);
    cr_expect_float_eq(
        x.df, sum * sum / (inputs * inputs / 2 + twins_part * twins_part + permuted_part * permuted_part / 119), 1e-9);
}
