/* Every attribution named once: what two controls share, what they must not, and networks of several hundred layers. */
#include "plan/plan.h"

#include "base/text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LAYERS 400u

static struct layer layers[MOST_LAYERS];
static struct graph graph;
static struct plan plan;

/* Layers fc1 .. fcN, from the input up. */
static void begin(uint32_t count) {
    graph = (struct graph){.layers = layers, .layer_count = count, .classes = 10};
    for (uint32_t l = 0; l < count; l++) layers[l].name = text_format("fc%u", l + 1);
    plan_init(&plan, &graph);
}

static void end(void) {
    plan_finish(&plan);
    for (uint32_t l = 0; l < graph.layer_count; l++) free(layers[l].name);
}

TestSuite(plan, .fini = end);

/* mask: "011" re-draws fc2 and fc3. */
static uint32_t redrawn(const char *mask, struct init_options init) {
    struct error e = {{0}};
    bool chosen[MOST_LAYERS] = {false};
    uint32_t index = UINT32_MAX;
    for (uint32_t l = 0; mask[l]; l++) chosen[l] = mask[l] == '1';
    cr_assert(plan_redrawn(&plan, chosen, &init, &index, &e), "%s", e.text);
    return index;
}

Test(plan, keys_name_scheme_layers_and_draw) {
    static const struct {
        const char *mask;
        struct init_options init;
        const char *key;
    } cases[] = {
        {"0001", {.scheme = &init_own, .draw = 0}, "own:fc4/draw0"},
        {"0011", {.scheme = &init_own, .draw = 3}, "own:fc4..fc3/draw3"},
        {"1111", {.scheme = &init_own, .draw = 3}, "own:fc4..fc1/draw3"},
        {"1001", {.scheme = &init_own, .draw = 1}, "own:fc4+fc1/draw1"},
        {"1101", {.scheme = &init_own, .draw = 1}, "own:fc4+fc2+fc1/draw1"},
        {"0100", {.scheme = &init_own, .draw = 1, .negate = true}, "own:fc2/draw1-"},
        {"0001", {.scheme = &init_normal, .sigma = .1, .draw = 2}, "normal(0.1):fc4/draw2"},
        {"0001", {.scheme = &init_normal, .sigma = .01, .draw = 2}, "normal(0.01):fc4/draw2"},
        {"0001", {.scheme = &init_normal, .sigma = .0100000001, .draw = 2}, "normal(0.0100000001):fc4/draw2"},
        {"0001", {.scheme = &init_permute, .sigma = .1, .draw = 2}, "permute:fc4/draw2"},
        {"0001", {.scheme = &init_matched, .keep_running_stats = true}, "matched:fc4/keep-stats/draw0"},
    };
    begin(4);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint32_t index = redrawn(cases[c].mask, cases[c].init);
        const struct attribution *a = &plan.attributions[index];
        cr_expect_str_eq(a->key, cases[c].key);
        cr_expect_eq(index, c, "%s was taken for an earlier one", cases[c].key);
        cr_expect_eq(a->root, ROOT_MODEL);
        cr_expect_eq(a->draw, cases[c].init.draw);
        for (uint32_t l = 0; l < 4; l++) cr_expect_eq(a->model.layers[l], cases[c].mask[l] == '1');
    }
}

/* Whatever the weights or the inputs are a function of must be in the key: two attributions that differ in any of it
 * are two. */
Test(plan, originals_and_networks) {
    struct error e = {{0}};
    uint32_t index, repeated;
    begin(2);
    static const char *const keys[] = {"model", "true", "linear"};
    for (int root = 0; root < ROOT_COUNT; root++) {
        cr_assert(plan_original(&plan, (enum root)root, NULL, 0, &index, &e));
        cr_expect_str_eq(plan.attributions[index].key, keys[root]);
        cr_expect_eq(plan.attributions[index].draw, PLAN_NO_DRAW);
    }
    cr_assert(plan_original(&plan, ROOT_MODEL, NULL, 1, &index, &e));
    cr_expect_str_eq(plan.attributions[index].key, "model/repeat1");
    cr_assert(plan_original(&plan, ROOT_MODEL, &input_jitter, 0, &index, &e));
    cr_expect_str_eq(plan.attributions[index].key, "model/jitter");
    cr_assert(plan_original(&plan, ROOT_MODEL, &input_zeroed, 2, &index, &e));
    cr_expect_str_eq(plan.attributions[index].key, "model/zeroed/repeat2");
    cr_assert(plan_network(&plan, NETWORK_PERMUTED, 2, &index, &e));
    cr_expect_str_eq(plan.attributions[index].key, "permuted/2");
    cr_expect_eq(plan.attributions[index].model.network_draw, 2);
    cr_expect_eq(plan.attributions[index].root, ROOT_LABELS);
    cr_assert(plan_network(&plan, NETWORK_TWIN, 2, &index, &e));
    cr_expect_str_eq(plan.attributions[index].key, "twin/2");
    uint32_t before = plan.attribution_count;
    cr_assert(plan_network(&plan, NETWORK_TWIN, 2, &repeated, &e));
    cr_expect_eq(repeated, index);
    cr_expect_eq(plan.attribution_count, before);
}

Test(plan, the_same_description_is_the_same_attribution) {
    struct error e = {{0}};
    begin(3);
    struct init_options init = {.scheme = &init_own, .seed = 5, .draw = 1};
    uint32_t top = redrawn("001", init), single = redrawn("001", init);
    cr_expect_eq(top, single);
    cr_expect_eq(plan.attribution_count, 1);
    /* Two controls use it, with different wants: it is computed once and owes both. */
    cr_assert(plan_use(&plan, 0, 0, "fc3", 1, top, WANT_MATCHED, &e));
    cr_assert(plan_use(&plan, 1, 0, "fc3", 1, single, WANT_MISMATCHED, &e));
    cr_expect_eq(plan.attributions[top].wants, WANT_MATCHED | WANT_MISMATCHED);
    cr_expect_eq(plan.use_count, 2);
    /* The same use again is no second one. */
    cr_assert(plan_use(&plan, 1, 0, "fc3", 1, single, WANT_MATCHED, &e));
    cr_expect_eq(plan.use_count, 2);
}

Test(plan, stages_and_their_names) {
    struct error e = {{0}};
    begin(3);
    uint32_t a = redrawn("001", (struct init_options){.scheme = &init_own}),
             b = redrawn("011", (struct init_options){.scheme = &init_own});
    cr_expect_eq(plan_stages(&plan, 0), 0);
    cr_expect_str_eq(plan_stage_name(&plan, 0, 0), "");
    cr_assert(plan_use(&plan, 0, 0, "fc3", 0, a, 0, &e) && plan_use(&plan, 0, 1, "+fc2", 0, b, 0, &e) &&
              plan_use(&plan, 2, 0, "other", 0, a, 0, &e));
    cr_expect_eq(plan_stages(&plan, 0), 2);
    cr_expect_eq(plan_stages(&plan, 1), 0);
    cr_expect_eq(plan_stages(&plan, 2), 1);
    cr_expect_str_eq(plan_stage_name(&plan, 0, 0), "fc3");
    cr_expect_str_eq(plan_stage_name(&plan, 0, 1), "+fc2");
    cr_expect_str_eq(plan_stage_name(&plan, 2, 0), "other");
}

/* 400 layers, 5 draws, both weight randomisations: every cascade stage and every layer once, and the two they share. */
Test(plan, several_hundred_layers, .timeout = 20) {
    const uint32_t count = MOST_LAYERS, draws = 5;
    struct error e = {{0}};
    begin(count);
    for (uint32_t draw = 0; draw < draws; draw++) {
        bool cascade[MOST_LAYERS] = {false}, single[MOST_LAYERS] = {false};
        struct init_options init = {.scheme = &init_own, .draw = draw};
        uint32_t a;
        for (uint32_t stage = 0; stage < count; stage++) {
            cascade[count - 1 - stage] = single[count - 1 - stage] = true;
            cr_assert(plan_redrawn(&plan, cascade, &init, &a, &e) &&
                      plan_use(&plan, 0, stage, "c", draw, a, WANT_MATCHED, &e));
            cr_assert(plan_redrawn(&plan, single, &init, &a, &e) &&
                      plan_use(&plan, 1, stage, "i", draw, a, WANT_MATCHED, &e));
            single[count - 1 - stage] = false;
        }
    }
    cr_expect_eq(plan.attribution_count, draws * (2 * count - 1));
    cr_expect_eq(plan.use_count, draws * 2 * count);
    cr_expect_eq(plan_stages(&plan, 0), count);
    for (uint32_t a = 0; a < plan.attribution_count; a++) cr_assert_lt(strlen(plan.attributions[a].key), 40);
}

static void never(const struct predicate_case *c, double *worst, double *tolerance) {
    (void)c;
    *worst = *tolerance = 0;
}

static const struct predicate linear = {.id = "linear", .what = "linear", .holds = never},
                              zero = {.id = "zero", .what = "zero", .holds = never},
                              again = {.id = "again", .what = "zero again", .holds = never};

Test(plan, checks_bring_their_attribution) {
    struct error e = {{0}};
    const struct ask line = {.root = ROOT_LINEAR}, zeroed = {.root = ROOT_MODEL, .inputs = &input_zeroed};
    begin(2);
    cr_assert(plan_check(&plan, 3, &linear, &line, 1, &e));
    cr_assert(plan_check(&plan, 4, &zero, &zeroed, 1, &e));
    cr_assert(plan_check(&plan, 4, &again, &zeroed, 1, &e));
    cr_expect_eq(plan.check_count, 3);
    cr_expect_eq(plan.attribution_count, 3, "and the original that each process begins with");
    cr_expect_eq(plan.checks[1].owner, plan.checks[2].owner);
    cr_expect_str_eq(plan.attributions[plan.checks[0].owner].key, "linear");
    cr_expect_str_eq(plan.attributions[plan.checks[1].owner].key, "model/zeroed");
    cr_expect_eq(plan.checks[2].control, 4);
}

/* ---- checks of several asks ---- */

static void shift(const struct input_case *c, struct rng *rng, float *x) {
    (void)rng;
    for (size_t k = 0; k < c->layout.channels * c->layout.positions; k++) x[k] += 1;
}

static uint32_t next_class(const struct target_case *c, struct rng *rng) {
    (void)rng;
    return (c->target + 1) % c->classes;
}

static const struct input_transform shifted = {"shifted", shift};
static const struct target_transform next = {"next", next_class};

/* Whoever asks for anything else asks for another attribution, and no gate takes it for one of its own. */
Test(plan, asks_are_told_apart) {
    struct error e = {{0}};
    bool top[2] = {false, true};
    begin(2);
    const struct model_transform redraw = {
        .kind = MODEL_REDRAWN, .layers = top, .init = {.scheme = &init_own, .draw = 3}};
    const struct {
        struct ask ask;
        const char *key;
        bool original, repeat, jittered, plain;
    } cases[] = {
        {{.root = ROOT_MODEL}, "model", true, false, false, true},
        {{.root = ROOT_MODEL, .repeat = 1}, "model/repeat1", false, true, false, false},
        {{.root = ROOT_MODEL, .inputs = &input_jitter}, "model/jitter", false, false, true, false},
        {{.root = ROOT_MODEL, .inputs = &shifted}, "model/shifted", false, false, false, false},
        {{.root = ROOT_MODEL, .inputs = &input_moved}, "model/moved", false, false, false, false},
        {{.root = ROOT_MODEL, .target = &next}, "model/target-next", false, false, false, false},
        {{.root = ROOT_MODEL, .target = &next, .repeat = 1}, "model/target-next/repeat1", false, false, false, false},
        {{.root = ROOT_MODEL, .inputs = &input_jitter, .target = &next},
         "model/jitter/target-next",
         false,
         false,
         false,
         false},
        {{.root = ROOT_MODEL, .model = &redraw}, "own:fc2/draw3", false, false, false, true},
        {{.root = ROOT_MODEL, .model = &redraw, .inputs = &shifted},
         "own:fc2/draw3/shifted",
         false,
         false,
         false,
         false},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint32_t index, same;
        cr_assert(plan_ask(&plan, &cases[c].ask, &index, &e) && plan_ask(&plan, &cases[c].ask, &same, &e));
        const struct attribution *a = &plan.attributions[index];
        cr_expect_eq(index, c, "%s", cases[c].key);
        cr_expect_eq(index, same, "%s", cases[c].key);
        cr_expect_str_eq(a->key, cases[c].key);
        cr_expect_eq(attribution_is_original(a), cases[c].original, "%s", a->key);
        cr_expect_eq(attribution_is_repeat(a), cases[c].repeat, "%s", a->key);
        cr_expect_eq(attribution_is_jittered(a), cases[c].jittered, "%s", a->key);
        cr_expect_eq(attribution_is_plain(a), cases[c].plain, "%s", a->key);
        cr_expect_eq(attribution_is_moved(a), strcmp(a->key, "model/moved") == 0, "%s", a->key);
        cr_expect_eq(attribution_is_redrawn(a), cases[c].ask.model != NULL, "%s", a->key);
        cr_expect_eq(a->draw, cases[c].ask.model ? 3 : PLAN_NO_DRAW, "%s", a->key);
    }
}

/* The answers to all asks meet in the process of one draw, or they do not meet. */
Test(plan, asks_of_a_check_meet) {
    struct error e = {{0}};
    bool top[2] = {false, true};
    begin(2);
    struct model_transform draws[2];
    for (uint32_t k = 0; k < 2; k++)
        draws[k] =
            (struct model_transform){.kind = MODEL_REDRAWN, .layers = top, .init = {.scheme = &init_own, .draw = k}};
    const struct ask plain = {.root = ROOT_MODEL}, first = {.root = ROOT_MODEL, .model = &draws[0]},
                     second = {.root = ROOT_MODEL, .model = &draws[1]}, line = {.root = ROOT_LINEAR};
    cr_assert(plan_check(&plan, 0, &zero, (struct ask[]){first, plain}, 2, &e), "%s", e.text);
    cr_expect_str_eq(plan.attributions[plan.checks[0].owner].key, "own:fc2/draw0");
    cr_expect(check_asks(&plan.checks[0], plan.checks[0].asks[1]));
    cr_expect_not(plan_check(&plan, 0, &zero, (struct ask[]){first, second}, 2, &e));
    cr_expect_str_eq(e.text, "check zero: asks of two draws: wanted those of one");
    cr_expect_not(plan_check(&plan, 0, &zero, (struct ask[]){plain, line}, 2, &e));
    cr_expect_str_eq(e.text, "check zero: asks of two roots: wanted those of one");
    struct ask many[CHECK_ASKS_MAX + 1];
    for (size_t k = 0; k < CHECK_ASKS_MAX + 1; k++) many[k] = plain;
    cr_expect_not(plan_check(&plan, 0, &zero, many, CHECK_ASKS_MAX + 1, &e));
    cr_expect_str_eq(e.text, "check zero: 9 asks: wanted 1 to 8");
    cr_expect_eq(plan.check_count, 1);
}
