/* Predicates: every check must hold on every input, and something must have been checked. */
#include "synthetic.h"

#include "base/text.h"
#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    struct checked checked;
    enum verdict_word word;
    const char *words;
} cases[] = {
    {"holds",
     {true, true, 2e-5, 1e-4, 7, 12},
     VERDICT_PASS,
     "zero input, zero attribution on all 12 inputs: the largest deviation is 0.2 of the tolerance."},
    {"holds exactly", {true, true, 0, 1e-4, 0, 12}, VERDICT_PASS, "largest deviation is 0 of"},
    {"broken",
     {true, false, .5, 1e-4, 7, 12},
     VERDICT_FAIL,
     "zero input, zero attribution: off by 0.5 where 0.0001 is allowed, on input 7 of 12."},
    {"by three digits", {true, false, .04567, .012345, 7, 12}, VERDICT_FAIL, "off by 0.0457 where 0.0123 is allowed"},
    {"no number", {true, false, (double)NAN, 1e-4, 7, 12}, VERDICT_FAIL, "off by nan"},
    {"all zero", {true, true, 0, 0, 0, 12}, VERDICT_ERROR, "Constant map"},
    {"zero is due, and it is not zero", {true, false, .3, 0, 2, 12}, VERDICT_FAIL, "off by 0.3 where 0 is allowed"},
    {"not checked", {false, true, 0, 1, 0, 12}, VERDICT_ERROR, "no map was computed"},
    {"checked on some", {true, true, 0, 1, 0, 11}, VERDICT_ERROR, "11 of 12 inputs were checked"},
};

Test(judge_checks, words) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        o.controls[0] = &control_zero_pixel;
        p.claims = ASSAY_INPUT_MULTIPLIER;
        synthetic_create(&s, &o, &p, 1);
        s.results->checks[0] = cases[c].checked;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "%s: %s, %s", cases[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: \"%s\" does not say \"%s\"", cases[c].name, j.reason,
                  cases[c].words);
        cr_expect_eq(j.draws, cases[c].checked.present, "%s: %u draws", cases[c].name, j.draws);
        synthetic_destroy(&s);
    }
}

Test(judge_checks, who_claims_nothing_is_not_asked) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    o.controls[0] = &control_zero_pixel;
    o.controls[1] = &control_linear_identity;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t c = 0; c < 2; c++) {
        struct judgement j = synthetic_judge(&s, c);
        cr_expect_eq(j.word, VERDICT_SKIP);
        cr_expect(strstr(j.reason, "claim"), "%s", j.reason);
    }
    synthetic_destroy(&s);
}

/* Every control is told its own check. */
Test(judge_checks, each_control_has_its_own_check) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    o.controls[0] = &control_zero_pixel;
    o.controls[1] = &control_linear_identity;
    p.claims = ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT;
    synthetic_create(&s, &o, &p, 1);
    s.results->checks[0] = (struct checked){true, true, 0, 1e-4, 0, o.inputs};
    s.results->checks[1] = (struct checked){true, false, .5, 1e-4, 3, o.inputs};
    cr_expect_eq(synthetic_judge(&s, 0).word, VERDICT_PASS);
    struct judgement j = synthetic_judge(&s, 1);
    cr_expect_eq(j.word, VERDICT_FAIL, "%s", j.reason);
    cr_expect(strstr(j.reason, "off by 0.5"), "%s", j.reason);
    synthetic_destroy(&s);
}

/* Every row is told of its own, by its place. */
Test(judge_checks, the_second_row_too) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    struct error e = {{0}};
    struct judgement j;
    o.controls[0] = &control_zero_pixel;
    o.controls[1] = &control_linear_identity;
    synthetic_create(&s, &o, &p, 1);
    s.run.explainers[1].claims = ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT;
    for (uint32_t k = 0; k < 4; k++) {
        size_t at = k / 2 * s.run.plan.check_count + k % 2;
        s.results->checks[at] = (struct checked){true, false, 1 + k, 1e-4, 3, o.inputs};
        synthetic_cell(&s, 1, s.run.plan.attributions[s.run.plan.checks[k % 2].owner].key)->present = true;
        synthetic_cell(&s, 1, s.run.plan.attributions[s.run.plan.checks[k % 2].owner].key)->status = UNIT_OK;
    }
    for (uint32_t control = 0; control < 2; control++) {
        char expected[32];
        cr_assert(verdict_judge(s.results, 1, control, UINT32_MAX, NULL, &j, &e), "%s", e.text);
        snprintf(expected, sizeof expected, "off by %u where", 3 + control);
        cr_expect(strstr(j.reason, expected), "control %u: %s", control, j.reason);
    }
    synthetic_destroy(&s);
}

/* What the store has of one row's checks is no other row's. */
Test(judge_checks, each_row_has_its_own_checks) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    struct results *r = NULL;
    struct error e = {{0}};
    o.controls[0] = &control_zero_pixel;
    o.controls[1] = &control_linear_identity;
    synthetic_create(&s, &o, &p, 1);
    synthetic_store(&s);
    const struct check *second = &s.run.plan.checks[1];
    const struct check_row broken = {s.run.explainers[1].name,
                                     s.run.controls[second->control].control->id,
                                     second->predicate->id,
                                     second->predicate->what,
                                     0,
                                     .5,
                                     1e-4,
                                     false,
                                     "v"};
    const struct experiment_view view = run_view(&s.run);
    cr_assert(store_put_check(s.run.store, &broken, &e) && results_load(&view, s.run.store, &r, &e), "%s", e.text);
    for (uint32_t k = 0; k < 4; k++) {
        const struct checked *c = &r->checks[k / 2 * s.run.plan.check_count + k % 2];
        cr_expect_eq(c->present, k != 2, "check %u of row %u", k % 2, k / 2);
        cr_expect_eq(c->inputs, k < 2 ? o.inputs : k == 3, "check %u: %u inputs", k, c->inputs);
        if (c->present) cr_expect_eq(c->holds, k < 2, "check %u of row %u", k % 2, k / 2);
    }
    results_destroy(r);
    synthetic_destroy(&s);
}

/* A method that refuses the linear model (it has no convolution) has not failed on it. */
Test(judge_checks, unsupported_is_skipped) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    o.controls[0] = &control_linear_identity;
    p.claims = ASSAY_LINEAR_EXACT;
    synthetic_create(&s, &o, &p, 1);
    synthetic_cell(&s, 0, "linear")->status = UNIT_UNSUPPORTED;
    s.results->checks[0].present = false;
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_SKIP, "%s", j.reason);
    synthetic_destroy(&s);
}

/* ---- what a map is on a linear model ---- */

/* The readings of the study as if it had run: the form, and distances and factors of three inputs. */
static void put_form(struct synthetic *s, double form, const double distance[3], const double factor[3]) {
    const struct plan *p = &s->run.plan;
    for (uint32_t k = 0; k < p->check_count; k++) {
        const struct check *check = &p->checks[k];
        if (!check->readings) continue;
        double *values = malloc(check->readings * sizeof *values);
        cr_assert_not_null(values);
        for (uint32_t i = 0; i < check->readings; i++)
            values[i] = check->readings == 1                               ? form
                        : i >= 3                                           ? (double)NAN
                        : strcmp(check->predicate->id, "form-factor") == 0 ? factor[i]
                                                                           : distance[i];
        free(s->results->readings[k]);
        s->results->readings[k] = values;
        s->results->checks[k] = (struct checked){.present = true, .inputs = check->readings};
        synthetic_cell(s, 0, p->attributions[check->owner].key)->present = true;
        synthetic_cell(s, 0, p->attributions[check->owner].key)->status = UNIT_OK;
    }
}

Test(judge_checks, what_a_map_is_on_a_linear_model) {
    static const struct {
        unsigned claims;
        double form, distance[3], factor[3];
        enum verdict_word word;
        const char *note, *reason;
    } all[] = {
        {0, 0, {0, 0, 0}, {1, 1, 1}, VERDICT_SKIP, "on a linear model it is the weights", "claims no identity"},
        {0, 0, {0, 0, 0}, {-1, -1, -1}, VERDICT_SKIP, "on a linear model it is minus the weights", ""},
        {0, 1, {0, 0, 0}, {.98, .98, .98}, VERDICT_SKIP, "it is 0.98 times x times the weights", ""},
        {0, 1, {0, 0, 0}, {.2, 3, 1}, VERDICT_SKIP, "x times the weights, times a factor that differs between", ""},
        {0, 1, {0, 0, 0}, {-2, 3, 1}, VERDICT_SKIP, "between inputs, also in its sign", ""},
        {0, 1, {.1, .1, .1}, {1, 1.02, .97}, VERDICT_SKIP, "it is nearly x times the weights (off by 10 %)", ""},
        {0, 1, {.1, .1, .1}, {1, 3, 1}, VERDICT_SKIP, "", "none of the known ones"},
        {0, 1, {.9, .9, .9}, {1, 1, 1}, VERDICT_SKIP, "", "none of the known ones"},
        {0, NAN, {NAN, NAN, NAN}, {NAN, NAN, NAN}, VERDICT_SKIP, "", "zero everywhere"},
        /* who claims it is judged, and told what the map is instead */
        {ASSAY_LINEAR_EXACT, 0, {0, 0, 0}, {-1, -1, -1}, VERDICT_FAIL, "", "off by 0.5 where 0.0001 is allowed"},
        {ASSAY_LINEAR_EXACT, 0, {0, 0, 0}, {-1, -1, -1}, VERDICT_FAIL, "", "It is minus the weights."},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        o.controls[0] = &control_linear_identity;
        p.claims = all[k].claims;
        synthetic_create(&s, &o, &p, 1);
        s.results->checks[0] = (struct checked){true, false, .5, 1e-4, 3, o.inputs};
        put_form(&s, all[k].form, all[k].distance, all[k].factor);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, all[k].word, "case %zu: %s", k, j.reason);
        cr_expect(strstr(j.note, all[k].note) && !*all[k].note == !*j.note, "case %zu: %s", k, j.note);
        cr_expect(strstr(j.reason, all[k].reason), "case %zu: %s", k, j.reason);
        synthetic_destroy(&s);
    }
}

/* A method that fails there, or refuses, has promised nothing. */
Test(judge_checks, no_map_on_a_linear_model) {
    static const struct {
        enum unit_status status;
        const char *reason;
    } all[] = {{UNIT_UNSUPPORTED, "The method claims no identity on linear models."},
               {UNIT_FAILED, "There it fails: it broke"}};
    for (size_t k = 0; k < 2; k++) {
        static const double none[3] = {NAN, NAN, NAN};
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        o.controls[0] = &control_linear_identity;
        synthetic_create(&s, &o, &p, 1);
        put_form(&s, NAN, none, none);
        struct cell *cell = synthetic_cell(&s, 0, "linear-form");
        cell->status = all[k].status;
        free(cell->why);
        cell->why = text_copy("it broke");
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, VERDICT_SKIP);
        cr_expect(strstr(j.reason, all[k].reason), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- what the store's rows add up to ---- */

static const struct {
    const char *name;
    double worst[3], tolerance[3];
    bool holds;
    uint32_t input; /* where it is worst */
} sums[] = {
    {"in units of what is allowed", {1e-9, 5e-5, 2e-5}, {1e-6, 1e-3, 1e-4}, true, 2},
    {"one is broken", {9e-5, 2e-4, 1e-5}, {1e-4, 1e-4, 1e-4}, false, 1},
    {"the worst of two", {2e-4, 3e-4, 1e-5}, {1e-4, 1e-4, 1e-4}, false, 1},
    {"blank inputs test nothing", {0, 5e-5, 0}, {0, 1e-4, 0}, true, 1},
    {"blank inputs last", {5e-5, 0, 0}, {1e-4, 0, 0}, true, 0},
    {"not zero where zero is due", {5e-5, 1, 0}, {1e-4, 0, 1e-4}, false, 1},
};

Test(judge_checks, rows_of_the_store_add_up) {
    for (size_t c = 0; c < sizeof sums / sizeof *sums; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        struct error e = {{0}};
        struct results *r = NULL;
        o.controls[0] = &control_zero_pixel;
        synthetic_create(&s, &o, &p, 1);
        cr_assert(store_open(":memory:", &s.run.store, &e), "%s", e.text);
        for (uint32_t i = 0; i < 3; i++) {
            struct check_row row = {"subject",
                                    "zero-pixel",
                                    s.run.plan.checks[0].predicate->id,
                                    s.run.plan.checks[0].predicate->what,
                                    i,
                                    sums[c].worst[i],
                                    sums[c].tolerance[i],
                                    sums[c].worst[i] <= sums[c].tolerance[i],
                                    "model"};
            cr_assert(store_put_check(s.run.store, &row, &e), "%s", e.text);
        }
        cr_assert(results_load(&s.view, s.run.store, &r, &e), "%s", e.text);
        const struct checked *k = &r->checks[0];
        cr_expect(k->present);
        cr_expect_eq(k->inputs, 3);
        cr_expect_eq(k->holds, sums[c].holds, "%s", sums[c].name);
        cr_expect_eq(k->input, sums[c].input, "%s: input %u", sums[c].name, k->input);
        cr_expect_not(r->checks[1].present, "that of the yardstick");
        for (uint32_t i = 0; i < o.inputs; i++) {
            double worst = r->deviations[0][i], tolerance = r->deviations[0][o.inputs + i];
            if (i >= 3) cr_expect(isnan(worst) && isnan(tolerance), "%s: input %u", sums[c].name, i);
            else cr_expect(!(fabs(worst - sums[c].worst[i]) > 0) && !(fabs(tolerance - sums[c].tolerance[i]) > 0));
        }
        results_destroy(r);
        synthetic_destroy(&s);
    }
}

/* ---- everything else that is loaded ---- */

Test(judge_checks, results_are_what_the_store_holds) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    struct error e = {{0}};
    struct results *r = NULL;
    synthetic_create(&s, &o, &p, 1);
    const struct input_set *set = &s.run.inputs[ROOT_MODEL];
    cr_assert(store_open(":memory:", &s.run.store, &e), "%s", e.text);
    static const char *const key = "own:fc3..fc1/draw2";
    uint32_t other = set->derangements[2 * 12 + 5];
    struct unit_row units[] = {{"subject", key, UNIT_OK, "", 1},
                               {"subject", "model", UNIT_FAILED, "boom", 1},
                               {"stranger", key, UNIT_OK, "", 1},
                               {"subject", "own:fc9/draw0", UNIT_OK, "", 1}};
    struct comparison_row rows[] = {
        {"subject", key, "matched", 5, 5, "spearman", "signed/nonzero", .25},
        {"subject", key, "matched", 6, 6, "spearman", "signed/nonzero", (double)NAN},
        {"subject", key, "matched", 5, 5, "ssim", "absolute/all", -.5},
        {"subject", key, "mismatched", 5, other, "spearman", "signed/all", .125},
        {"subject", key, "matched", 99, 99, "spearman", "signed/all", .9},
        {"subject", key, "matched", 5, 5, "hog", "signed/all", .9},
        {"stranger", key, "matched", 5, 5, "spearman", "signed/all", .9},
        {"subject", key, "matched", 5, 5, "spearman", "odd/all", .9},
        {"subject", key, "mismatched", 5, other, "ssim", "signed/all", .9},
        {"subject", key, "mismatched", 99, other, "spearman", "signed/all", .9},
        {"subject", "own:fc9/draw0", "matched", 5, 5, "spearman", "signed/all", .9},
    };
    struct audit_row audit = {key, 3, 2, "00", -.5, .1, false, NULL, 0},
                     strange = {"own:fc9/draw0", 3, 2, "00", .9, .1, true, NULL, 0};
    for (size_t k = 0; k < 4; k++) cr_assert(store_put_unit(s.run.store, &units[k], &e), "%s", e.text);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        cr_assert(store_put_comparison(s.run.store, &rows[k], &e), "%s", e.text);
    cr_assert(store_put_audit(s.run.store, &audit, &e) && store_put_audit(s.run.store, &strange, &e), "%s", e.text);
    cr_assert(results_load(&s.view, s.run.store, &r, &e), "%s", e.text);
    uint32_t at = synthetic_find(&s, key);
    const struct cell *cell = results_cell(r, 0, at), *failed = results_cell(r, 0, synthetic_find(&s, "model"));
    cr_expect(cell->present && cell->status == UNIT_OK);
    cr_expect(failed->present && failed->status == UNIT_FAILED);
    cr_expect_str_eq(failed->why, "boom");
    cr_assert(cell->matched[0][VIEW_SIGNED_NONZERO] && cell->matched[1][VIEW_ABSOLUTE_ALL] &&
              cell->mismatched[VIEW_SIGNED_ALL]);
    cr_expect_null(cell->matched[0][VIEW_SIGNED_ALL], "rows of inputs, measures and explainers that are not there");
    cr_expect_eq(cell->matched[0][VIEW_SIGNED_NONZERO][5], .25);
    cr_expect_eq(cell->matched[1][VIEW_ABSOLUTE_ALL][5], -.5);
    cr_expect(isnan(cell->matched[0][VIEW_SIGNED_NONZERO][6]) && isnan(cell->matched[0][VIEW_SIGNED_NONZERO][7]));
    cr_expect_eq(cell->mismatched[VIEW_SIGNED_ALL][2 * 12 + 5], .125);
    cr_expect_not(results_cell(r, 1, at)->present);
    for (uint32_t a = 0; a < r->attribution_count; a++) cr_expect_eq(r->audits[a].present, a == at, "%u", a);
    for (size_t k = 0; k < (size_t)DERANGEMENTS * 12; k++)
        cr_expect(k == 2 * 12 + 5 || isnan(cell->mismatched[VIEW_SIGNED_ALL][k]), "place %zu", k);
    cr_expect(r->audits[at].present && !r->audits[at].finite && r->audits[at].changed == 3 &&
              r->audits[at].logit_r == -.5);
    results_destroy(r);
    synthetic_destroy(&s);
}
