/* Numbers that are their limit to the last bit. They do not vary, so that both bounds of an interval are the number
 * itself. What is not beyond a limit has not been shown: neither FAIL nor PASS. All are sums of a few powers of two. */
#include "synthetic.h"

#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define CLEAN .repeat = 1, .stable = 1, .twin = 1, .twin_magnitude = 1
#define SIGNLESS .non_negative = true

static const struct edge {
    const char *name;
    const struct control *control;
    struct profile p;
    enum verdict_word word;
    const char *words;
} edges[] = {
    {"a stage", &control_cascading, {CLEAN, .cascade = {0, .25}}, VERDICT_INCONCLUSIVE, "Undecided at stage +fc2"},
    {"its magnitudes", &control_cascading, {CLEAN, .magnitude = .25}, VERDICT_INCONCLUSIVE, "magnitude share 0.25"},
    {"a stage below", &control_cascading, {CLEAN, .cascade = {0, .1875}}, VERDICT_PASS, "D = 0.19"},
    {"a stage above", &control_cascading, {CLEAN, .cascade = {0, .3125}}, VERDICT_FAIL, "at stage +fc2"},
    {"permuted labels",
     &control_label_permutation,
     {CLEAN, .permuted = .25},
     VERDICT_INCONCLUSIVE,
     "Undecided after 4 permutations: D = 0.25"},
    {"below", &control_label_permutation, {CLEAN, .permuted = .1875}, VERDICT_PASS, "D = 0.19"},
    {"above", &control_label_permutation, {CLEAN, .permuted = .3125}, VERDICT_FAIL, "survives permuted labels"},
    {"their magnitudes",
     &control_label_permutation,
     {CLEAN, .permuted_magnitude = .25},
     VERDICT_INCONCLUSIVE,
     "magnitude share 0.25"},
    {"magnitudes below", &control_label_permutation, {CLEAN, .permuted_magnitude = .1875}, VERDICT_PASS, ""},
    {"magnitudes above",
     &control_label_permutation,
     {CLEAN, .permuted_magnitude = .3125},
     VERDICT_FAIL,
     "magnitudes survive permuted labels"},
    {"the twins' lead",
     &control_label_permutation,
     {.repeat = 1, .twin = .125, .twin_magnitude = 1},
     VERDICT_UNINFORMATIVE,
     "twin gap 0.12, at least 0.12, 0.12 needed"},
    {"a longer lead", &control_label_permutation, {.repeat = 1, .twin = .25, .twin_magnitude = 1}, VERDICT_PASS, ""},
    {"what retraining reproduces",
     &control_label_permutation,
     {.repeat = 1, .permuted = .1875, .twin = .375, .twin_magnitude = 1},
     VERDICT_INCONCLUSIVE,
     "share of the reproducible part 0.50"},
    {"more of it",
     &control_label_permutation,
     {.repeat = 1, .permuted = .21875, .twin = .375, .twin_magnitude = 1},
     VERDICT_FAIL,
     "58 % survives permuted labels, more than 50 %"},
    {"less of it",
     &control_label_permutation,
     {.repeat = 1, .permuted = .15625, .twin = .375, .twin_magnitude = 1},
     VERDICT_PASS,
     "42 % of the reproducible part"},
    {"a lead without signs, half as long",
     &control_label_permutation,
     {.repeat = 1, .twin_magnitude = .0625, SIGNLESS},
     VERDICT_UNINFORMATIVE,
     "twin gap 0.06, at least 0.06, 0.06 needed"},
    {"a longer one",
     &control_label_permutation,
     {.repeat = 1, .twin_magnitude = .125, SIGNLESS},
     VERDICT_PASS,
     "twin gap 0.12"},
};

Test(judge_edges, a_limit_is_not_beyond_itself) {
    for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        o.controls[0] = edges[k].control;
        synthetic_create(&s, &o, &edges[k].p, 1);
        for (size_t m = 0; m < RESULTS_CHANCES; m++) s.results->chance[m] = 0; /* M, which is never quite 0 */
        s.battery.rule.delta = .25;
        s.battery.rule.twin_gap = .125;
        s.battery.rule.delta_twin = .5;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, edges[k].word, "%s: %s", edges[k].name, j.reason);
        cr_expect(strstr(j.reason, edges[k].words), "%s: %s", edges[k].name, j.reason);
        synthetic_destroy(&s);
    }
}

/* The fixed cut-off is one: what reaches it has survived. */
Test(judge_edges, the_fixed_cut_off) {
    static const struct {
        double magnitude;
        enum verdict_word word;
    } cases[] = {{.5, VERDICT_FAIL}, {.4375, VERDICT_PASS}, {.5625, VERDICT_FAIL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, .magnitude = cases[k].magnitude};
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        s.battery.rule.kind = RULE_FIXED_CUTOFF;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[k].word, "%g: %s", cases[k].magnitude, j.reason);
        cr_expect(j.draws == o.draws && j.inputs == o.inputs);
        cr_expect(j.score == cases[k].magnitude && j.lower == j.score && j.upper == j.score);
        synthetic_destroy(&s);
    }
}

/* As many vanished maps as are allowed leave enough. */
Test(judge_edges, vanished_maps) {
    static const struct control *const tried[] = {&control_cascading, &control_label_permutation};
    for (size_t k = 0; k < 4; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN};
        struct synthetic s;
        bool labels = k / 2, more = k % 2;
        o.controls[0] = tried[k / 2];
        synthetic_create(&s, &o, &p, 1);
        s.battery.rule.vanished_share = .25; /* of 12 inputs 3, on every network */
        for (uint32_t r = 0; r < (labels ? 4u : o.draws); r++) {
            char key[32];
            snprintf(key, sizeof key, "%s%u", labels ? "permuted/" : "own:fc3..fc2/draw", r);
            for (int v = 0; v < VIEW_COUNT; v++)
                for (uint32_t i = 0; i < (more ? 4u : 3u); i++)
                    synthetic_cell(&s, 0, key)->matched[0][v][i] = (double)NAN;
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, more ? VERDICT_INCONCLUSIVE : VERDICT_PASS, "%zu: %s", k, j.reason);
        cr_expect(!more || strstr(j.reason, "33 % of the maps vanished"), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- the frame of a case ---- */

Test(judge_edges, looks_draws_and_views) {
    static const struct {
        const struct control *control;
        uint32_t draws[3], looks;
        double zeros;
        uint32_t views;
    } cases[] = {
        {&control_cascading, {5, 5, 5}, 1, .1, 1},          {&control_cascading, {5, 10, 10}, 2, .11, 2},
        {&control_cascading, {5, 10, 20}, 3, .09, 1},       {&control_cascading, {5, 5, 20}, 2, .09, 1},
        {&control_label_permutation, {5, 10, 20}, 1, 0, 1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN};
        struct synthetic s;
        struct judge_case c;
        o.controls[0] = cases[k].control;
        synthetic_create(&s, &o, &p, 1);
        memcpy(s.battery.rule.draws, cases[k].draws, sizeof cases[k].draws);
        s.battery.rule.zero_share = .1;
        for (int root = 0; root < ROOT_COUNT; root++) s.run.inputs[root].zero_share = cases[k].zeros;
        case_begin(&c, s.results, 0, 0, UINT32_MAX);
        cr_expect_eq(c.looks, cases[k].looks, "case %zu: %u looks", k, c.looks);
        cr_expect_eq(c.view_count, cases[k].views, "case %zu: %u views", k, c.view_count);
        cr_expect_eq(c.draws, k < 4 ? o.draws : 4, "case %zu: %u draws: no more than the plan has", k, c.draws);
        case_begin(&c, s.results, 0, 0, 2);
        cr_expect_eq(c.draws, 2);
        synthetic_destroy(&s);
    }
}

/* Of two views each FAIL has half of alpha: its bound lies lower than of one. */
Test(judge_edges, two_views_share_alpha) {
    struct judgement j[2];
    for (int two = 0; two < 2; two++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, .permuted = .8, .draw_sd = .02, .input_sd = .02};
        struct synthetic s;
        o.controls[0] = &control_label_permutation;
        o.zeros = two ? .4 : 0;
        synthetic_create(&s, &o, &p, 1);
        j[two] = synthetic_judge(&s, 0);
        cr_expect_eq(j[two].word, VERDICT_FAIL);
        synthetic_destroy(&s);
    }
    cr_expect_float_eq(j[0].score, j[1].score, 1e-12, "%g, %g", j[0].score, j[1].score);
    cr_expect_lt(j[1].lower, j[0].lower - 1e-6, "%g, %g", j[0].lower, j[1].lower);
}

/* ---- stability ---- */

Test(judge_edges, what_jitter_was) {
    static const char *const words[] = {
        "noise of 0.2 % of the input range leaves similarity 0.25 < 0.50.",
        "another letter at 0.2 % of the positions (at least one) leaves similarity 0.25"};
    for (int letters = 0; letters < 2; letters++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {.repeat = 1, .stable = .25};
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        s.run.inputs[ROOT_MODEL].one_hot = letters;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, VERDICT_UNINFORMATIVE);
        cr_expect(strstr(j.reason, words[letters]), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* A number that memory was missing for is no number that a word may rest on. */
Test(judge_edges, missing_memory_is_no_verdict) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN};
    struct synthetic s;
    struct judgement j;
    struct error e = {{0}};
    synthetic_create(&s, &o, &p, 1);
    cr_expect(verdict_judge(s.results, 0, 0, o.draws, NULL, &j, &e));
    s.results->sentences->failed = true;
    cr_expect_not(verdict_judge(s.results, 0, 0, o.draws, NULL, &j, &e));
    cr_expect_str_eq(e.text, "out of memory");
    synthetic_destroy(&s);
}
