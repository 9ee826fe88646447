/* What a battery expects, the exit code, and the column that joins the controls. */
#include "synthetic.h"

#include "base/text.h"
#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN .repeat = 1, .stable = .9

/* One way to each word. */
enum way { PASSES, FAILS, OPEN, NOISY, UNSUPPORTED, BREACH, DOMINATED, WAYS };

static void make(struct synthetic *s, enum way way, const struct control *const *list) {
    static const struct profile profiles[WAYS] = {
        [PASSES] = {CLEAN},
        [FAILS] = {CLEAN, .cascade = {.9, .9, .9}},
        [OPEN] = {CLEAN, .cascade = {.3, .3, .3}},
        [NOISY] = {.repeat = 1, .stable = .1},
        [UNSUPPORTED] = {CLEAN},
        [BREACH] = {CLEAN},
        [DOMINATED] = {CLEAN, .non_negative = true, .magnitude = .55, .yardstick = .1},
    };
    struct synthetic_options o = synthetic_default();
    if (list) memcpy(o.controls, list, sizeof o.controls);
    o.same_size = way != DOMINATED;
    synthetic_create(s, &o, &profiles[way], 1);
    if (way == BREACH) s->run.explainers[0].breach = text_copy("it wrote where it should not");
    if (way == UNSUPPORTED) s->run.explainers[0].unsupported = text_copy("wants attention");
}

struct stored {
    struct verdict_row rows[8];
    char text[8][128];
    uint32_t count;
    int exit_code;
};

static bool keep(void *user, const struct verdict_row *row) {
    struct stored *out = user;
    snprintf(out->text[out->count], sizeof out->text[0], "%s=%s%s%s%s", row->control, row->verdict,
             row->annotation[0] ? " (" : "", row->annotation, row->annotation[0] ? ")" : "");
    out->rows[out->count] = *row;
    out->rows[out->count].expected = text_copy(row->expected);
    out->count++;
    return true;
}

/* Stores the verdicts and reads them back. */
static void judge_all(struct synthetic *s, struct stored *out) {
    struct error e = {{0}};
    uint32_t *draws = calloc(2u * s->run.control_count, sizeof *draws);
    cr_assert_not_null(draws);
    for (uint32_t c = 0; c < s->run.control_count; c++)
        draws[2 * c] = s->run.controls[c].control->rule->sequential ? s->options.draws : UINT32_MAX;
    struct draw_counts counts = {draws};
    *out = (struct stored){.exit_code = -1};
    cr_assert(verdict_store(&s->run, &counts, NULL, &out->exit_code, &e), "%s", e.text);
    cr_assert(store_each_verdict(s->run.store, keep, out, &e), "%s", e.text);
    free(draws);
}

static void forget(struct stored *out) {
    for (uint32_t k = 0; k < out->count; k++) free((char *)out->rows[k].expected);
}

static const char *verdict_of(const struct stored *out, const char *control) {
    size_t n = strlen(control);
    for (uint32_t k = 0; k < out->count; k++)
        if (strncmp(out->text[k], control, n) == 0 && out->text[k][n] == '=') return out->text[k] + n + 1;
    return "missing";
}

/* ---- expectations ---- */

#define W(word) (1u << VERDICT_##word)

static const struct {
    const char *name;
    struct expectation expect[3];
    size_t count;
    const char *expected; /* as stored */
    int codes[WAYS];      /* of PASS, FAIL, INCONCLUSIVE, UNINFORMATIVE, SKIP, ERROR, INPUT-DOMINATED */
} cases[] = {
    {"nothing said", {{0}}, 0, "PASS|SKIP", {0, 1, 4, 4, 4, 3, 4}},
    {"another row", {{(char *)"other", (char *)"all", W(FAIL), {0, 0}}}, 1, "PASS|SKIP", {0, 1, 4, 4, 4, 3, 4}},
    {"another control",
     {{(char *)"subject", (char *)"independent", W(FAIL), {0, 0}}},
     1,
     "PASS|SKIP",
     {0, 1, 4, 4, 4, 3, 4}},
    {"FAIL everywhere", {{(char *)"subject", (char *)"all", W(FAIL), {0, 0}}}, 1, "FAIL|SKIP", {1, 0, 4, 4, 4, 3, 4}},
    {"FAIL here", {{(char *)"subject", (char *)"cascading", W(FAIL), {0, 0}}}, 1, "FAIL", {1, 0, 4, 4, 1, 3, 4}},
    {"PASS here: SKIP is not tested",
     {{(char *)"subject", (char *)"cascading", W(PASS), {0, 0}}},
     1,
     "PASS",
     {0, 1, 4, 4, 1, 3, 4}},
    {"the named control counts, before",
     {{(char *)"subject", (char *)"cascading", W(PASS), {0, 0}}, {(char *)"subject", (char *)"all", W(FAIL), {0, 0}}},
     2,
     "PASS",
     {0, 1, 4, 4, 1, 3, 4}},
    {"the named control counts, after",
     {{(char *)"subject", (char *)"all", W(FAIL), {0, 0}}, {(char *)"subject", (char *)"cascading", W(PASS), {0, 0}}},
     2,
     "PASS",
     {0, 1, 4, 4, 1, 3, 4}},
    {"several words",
     {{(char *)"subject", (char *)"cascading", W(PASS) | W(INCONCLUSIVE), {0, 0}}},
     1,
     "PASS|INCONCLUSIVE",
     {0, 1, 0, 4, 1, 3, 4}},
    {"ERROR", {{(char *)"subject", (char *)"cascading", W(ERROR), {0, 0}}}, 1, "ERROR", {1, 1, 4, 4, 1, 0, 4}},
    {"UNINFORMATIVE covers its annotation",
     {{(char *)"subject", (char *)"cascading", W(UNINFORMATIVE), {0, 0}}},
     1,
     "UNINFORMATIVE",
     {1, 1, 4, 0, 1, 3, 0}},
    {"the annotation does not cover the word",
     {{(char *)"subject", (char *)"cascading", W(INPUT_DOMINATED), {0, 0}}},
     1,
     "INPUT-DOMINATED",
     {1, 1, 4, 4, 1, 3, 0}},
};

Test(verdict, expectations_and_exit_codes, .timeout = 60) {
    for (int way = 0; way < WAYS; way++) {
        struct synthetic s;
        make(&s, (enum way)way, NULL);
        synthetic_store(&s);
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            struct stored out;
            s.battery.expectations = (struct expectation *)cases[c].expect;
            s.battery.expectation_count = cases[c].count;
            judge_all(&s, &out);
            cr_expect_eq(out.exit_code, cases[c].codes[way], "%s, %s: exit code %d", cases[c].name, out.text[0],
                         out.exit_code);
            cr_assert_eq(out.count, 2, "cascading and overall");
            for (uint32_t k = 0; k < 2; k++) {
                bool total = strncmp(out.text[k], "overall", 7) == 0;
                bool skip = way == UNSUPPORTED; /* nothing was judged: its summary says so */
                bool fine = skip ? strstr(cases[c].expected, "SKIP") != NULL : cases[c].codes[way] == 0;
                cr_expect_str_eq(out.rows[k].expected,
                                 !total ? cases[c].expected
                                 : skip ? "PASS"
                                        : "",
                                 "%s", cases[c].name);
                cr_expect_eq(out.rows[k].as_expected, total ? !skip : fine, "%s, %s", cases[c].name, out.text[k]);
            }
            forget(&out);
        }
        synthetic_destroy(&s);
    }
}

/* When several hold: 3, then 1, then 4. */
Test(verdict, the_gravest_decides) {
    static const struct control *const list[6] = {&control_cascading, &control_label_permutation, &control_zero_pixel,
                                                  NULL};
    static const struct {
        bool error, fail, open;
        int code;
    } all[] = {{false, false, false, 0}, {false, false, true, 4}, {false, true, false, 1}, {false, true, true, 1},
               {true, false, false, 3},  {true, false, true, 3},  {true, true, false, 3},  {true, true, true, 3}};
    for (size_t k = 0; k < 8; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        struct stored out;
        memcpy(o.controls, list, sizeof o.controls);
        p.claims = ASSAY_INPUT_MULTIPLIER;
        if (all[k].open) p.cascade[0] = .3;
        if (all[k].fail) p.permuted = .9, p.twin = .95;
        synthetic_create(&s, &o, &p, 1);
        if (all[k].error) s.results->checks[0] = (struct checked){true, true, 0, 0, 0, 12};
        synthetic_store(&s);
        judge_all(&s, &out);
        cr_expect_eq(out.exit_code, all[k].code, "case %zu: %d (%s, %s, %s)", k, out.exit_code,
                     verdict_of(&out, "cascading"), verdict_of(&out, "label-permutation"),
                     verdict_of(&out, "zero-pixel"));
        forget(&out);
        synthetic_destroy(&s);
    }
}

/* ---- overall ---- */

static const struct {
    const char *name;
    double cascade, single, logit_r, permuted, twin, zero; /* zero: the worst deviation; 0: a map of zeros */
    bool untrained, labels;
    const char *overall;
} columns[] = {
    {"all pass", 0, 0, 0, 0, .6, .1, false, true, "PASS"},
    {"weights alone", 0, 0, 0, 0, .6, .1, false, false, "PASS"},
    {"the cascade fails", .9, 0, 0, 0, .6, .1, false, true, "FAIL"},
    {"a single layer fails", 0, .9, 0, 0, .6, .1, false, true, "FAIL"},
    {"labels fail", 0, 0, 0, .9, .95, .1, false, true, "FAIL"},
    {"weights are open, labels fail", .3, 0, 0, .9, .95, .1, false, true, "FAIL"},
    {"weights fail, labels see nothing", .9, 0, 0, 0, .05, .1, false, true, "FAIL"},
    {"weights are open", .3, 0, 0, 0, .6, .1, false, true, "INCONCLUSIVE"},
    {"labels are open", 0, 0, 0, .2, .5, .1, false, true, "INCONCLUSIVE"},
    {"labels see nothing", 0, 0, 0, 0, .05, .1, false, true, "PASS (weights only)"},
    {"no single layer is a control", 0, .6, .5, 0, .6, .1, false, true, "INCONCLUSIVE"},
    {"nor do labels see anything", 0, .6, .5, 0, .05, .1, false, true, "INCONCLUSIVE"},
    {"no single layer is a control, labels fail", 0, .6, .5, .9, .95, .1, false, true, "FAIL"},
    {"no network was trained", 0, 0, 0, 0, .6, .1, true, true, "ERROR"},
    {"weights fail, no network was trained", .9, 0, 0, 0, .6, .1, true, true, "FAIL"},
    {"an identity fails", 0, 0, 0, 0, .6, 2, false, true, "FAIL"},
    {"an identity tests nothing", 0, 0, 0, 0, .6, 0, false, true, "ERROR"},
    {"weights fail, an identity tests nothing", .9, 0, 0, 0, .6, 0, false, true, "FAIL"},
};

Test(verdict, overall_joins_the_families) {
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN,
                            .cascade = {0, columns[c].cascade},
                            .single = {0, columns[c].single, columns[c].single},
                            .permuted = columns[c].permuted,
                            .twin = columns[c].twin,
                            .twin_magnitude = .5,
                            .claims = ASSAY_INPUT_MULTIPLIER};
        struct synthetic s;
        struct stored out;
        for (uint32_t k = 0; k < SYNTHETIC_STAGES; k++) p.logit_r[k] = columns[c].logit_r;
        o.controls[1] = &control_independent;
        o.controls[2] = &control_zero_pixel;
        o.controls[3] = columns[c].labels ? &control_label_permutation : NULL;
        synthetic_create(&s, &o, &p, 1);
        s.results->checks[0] =
            (struct checked){true, columns[c].zero <= 1, columns[c].zero, columns[c].zero > 0 ? 1 : 0, 3, 12};
        if (columns[c].untrained) run_network(&s.run, NETWORK_PERMUTED, 1)->train_accuracy = .5;
        synthetic_store(&s);
        judge_all(&s, &out);
        cr_expect_str_eq(verdict_of(&out, "overall"), columns[c].overall, "%s: %s (%s, %s, %s, %s)", columns[c].name,
                         verdict_of(&out, "overall"), verdict_of(&out, "cascading"), verdict_of(&out, "independent"),
                         verdict_of(&out, "label-permutation"), verdict_of(&out, "zero-pixel"));
        forget(&out);
        synthetic_destroy(&s);
    }
}

/* ---- a method that looks at the top layer only ---- */

static bool expand_nothing(struct plan *p, uint32_t index, const struct control_values *v, const struct battery *b,
                           uint32_t from, uint32_t to, struct error *e) {
    (void)p, (void)index, (void)v, (void)b, (void)from, (void)to, (void)e;
    return true;
}

static bool decide_reaches(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    (void)c, (void)curves, (void)e;
    j->reaches_last = true;
    judgement_say(j, VERDICT_PASS, "The last layer's inputs were re-ordered.");
    return true;
}

static bool decide_does_not_reach(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    (void)c, (void)curves, (void)e;
    judgement_say(j, VERDICT_PASS, "Other units were re-ordered.");
    return true;
}

static const struct rule rule_reaches = {.name = "r", .family = FAMILY_WEIGHTS, .decide = decide_reaches},
                         rule_stays = {.name = "s", .family = FAMILY_WEIGHTS, .decide = decide_does_not_reach};
static const struct control control_reaches = {.id = "reaches", .rule = &rule_reaches, .expand = expand_nothing},
                            control_stays = {.id = "stays", .rule = &rule_stays, .expand = expand_nothing};

/* Where no single layer could be judged. */
Test(verdict, something_must_see_the_top_layer) {
    static const struct {
        const struct control *beside;
        bool skip_is_meant;
        const char *overall;
        int code;
    } all[] = {{NULL, false, "INCONCLUSIVE", 4},
               {&control_stays, false, "INCONCLUSIVE", 4},
               {&control_reaches, false, "PASS (no single layer could be judged; no identity asked)", 0},
               {NULL, true, "INCONCLUSIVE", 0}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        struct expectation meant = {(char *)"subject", (char *)"independent", W(SKIP), {0, 0}};
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, .single = {0, .5, .5}, .logit_r = {0, .5, .5}};
        struct synthetic s;
        struct stored out;
        o.controls[1] = &control_independent;
        o.controls[2] = all[k].beside;
        synthetic_create(&s, &o, &p, 1);
        s.battery.expectations = &meant;
        s.battery.expectation_count = all[k].skip_is_meant;
        synthetic_store(&s);
        judge_all(&s, &out);
        cr_expect_str_eq(verdict_of(&out, "independent"), "SKIP");
        cr_expect_str_eq(verdict_of(&out, "overall"), all[k].overall, "case %zu", k);
        cr_expect_eq(out.exit_code, all[k].code, "case %zu: %d", k, out.exit_code);
        forget(&out);
        synthetic_destroy(&s);
    }
}

Test(verdict, without_a_randomisation_there_is_no_overall_word) {
    static const struct control *const list[6] = {&control_zero_pixel, NULL};
    struct synthetic s;
    struct stored out;
    make(&s, PASSES, list);
    synthetic_store(&s);
    judge_all(&s, &out);
    cr_expect_str_eq(verdict_of(&out, "zero-pixel"), "SKIP");
    cr_expect_str_eq(verdict_of(&out, "overall"), "SKIP");
    for (uint32_t k = 0; k < out.count; k++)
        cr_expect(isnan(out.rows[k].score) && isnan(out.rows[k].lower), "%s", out.text[k]);
    forget(&out);
    synthetic_destroy(&s);
}

/* ---- annotations ---- */

Test(verdict, annotations) {
    static const struct {
        double magnitude;
        bool same_size;
        const char *verdict;
    } all[] = {{.1, true, "PASS (absolute only, low power)"},
               {.9, true, "FAIL"},
               {.55, false, "UNINFORMATIVE (INPUT-DOMINATED)"}};
    for (size_t k = 0; k < 3; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, .non_negative = true, .magnitude = all[k].magnitude, .yardstick = .1};
        struct synthetic s;
        struct stored out;
        o.same_size = all[k].same_size;
        synthetic_create(&s, &o, &p, 1);
        synthetic_store(&s);
        judge_all(&s, &out);
        cr_expect_str_eq(verdict_of(&out, "cascading"), all[k].verdict);
        cr_expect_str_eq(verdict_of(&out, "overall"),
                         k ? all[k].verdict : "PASS (absolute only, low power; cascade only; no identity asked)");
        forget(&out);
        synthetic_destroy(&s);
    }
}

/* The same results, once from memory and once through the store, are the same verdict. */
Test(verdict, the_store_loses_nothing) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .cascade = {.2, .5, .1}, .draw_sd = .05, .input_sd = .05, .noise_sd = .05, .floor = .1};
    struct synthetic s;
    struct stored out;
    o.controls[1] = &control_independent;
    o.zeros = .3;
    synthetic_create(&s, &o, &p, 4);
    struct judgement j = synthetic_judge(&s, 0);
    synthetic_store(&s);
    judge_all(&s, &out);
    for (uint32_t k = 0; k < out.count; k++) {
        if (strncmp(out.text[k], "cascading", 9) != 0) continue;
        cr_expect_str_eq(verdict_of(&out, "cascading"), verdict_word_name(j.word));
        cr_expect_eq(out.rows[k].score, j.score);
        cr_expect_eq(out.rows[k].lower, j.lower);
        cr_expect_eq(out.rows[k].upper, j.upper);
        cr_expect_eq(out.rows[k].floor, j.floor);
    }
    forget(&out);
    synthetic_destroy(&s);
}

/* A cell without a verdict is an error that names it, whatever the exit code would be. */
Test(verdict, every_cell_has_one) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN};
    struct synthetic s;
    struct stored out;
    struct error e = {{0}};
    o.controls[1] = &control_independent;
    synthetic_create(&s, &o, &p, 4);
    synthetic_store(&s);
    judge_all(&s, &out);
    cr_expect(verdict_check_complete(&s.run, &e), "%s", e.text);
    cr_assert(store_clear(s.run.store, &e), "%s", e.text);
    struct verdict_row one = {"subject", "cascading", "PASS", "", "PASS", true, "r", "", 0, 0, 0, 0, 0, 1, 1};
    cr_assert(store_put_verdict(s.run.store, &one, &e));
    cr_expect_not(verdict_check_complete(&s.run, &e));
    cr_expect(strstr(e.text, "no verdict of subject under independent, subject under overall"), "%s", e.text);
    forget(&out);
    synthetic_destroy(&s);
}
