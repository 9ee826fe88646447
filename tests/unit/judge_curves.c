/* What the figures are told of a weight randomisation; and that a look at few draws does not see the later ones. */
#include "synthetic.h"

#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    uint32_t rows, signed_fail, signed_pass, absolute, ssim;
};

static bool look(void *user, const struct curve_row *row) {
    struct seen *seen = user;
    bool first = row->stage_index == 0;
    if (strcmp(row->explainer, "subject") != 0 || !strstr(row->view, "/all")) return true;
    seen->rows++;
    if (strcmp(row->measure, "spearman") != 0) {
        seen->ssim++;
        cr_expect(isnan(row->floor) && isnan(row->ceiling) && isnan(row->share), "SSIM has neither floor nor ceiling");
        cr_expect_str_eq(row->decision, "shown only");
        return true;
    }
    cr_expect_float_eq(row->ceiling, .9, 1e-9, "%s: ceiling %g", row->view, row->ceiling);
    cr_expect_float_eq(row->floor, .1, 1e-9, "%s: floor %g", row->view, row->floor);
    if (strncmp(row->view, "absolute", 8) == 0) {
        seen->absolute++;
        cr_expect_str_eq(row->decision, "shown only", "%s at %s: %s", row->view, row->stage, row->decision);
        cr_expect(isnan(row->share), "no share without a test");
        return true;
    }
    seen->signed_fail += first;
    seen->signed_pass += !first;
    cr_expect_str_eq(row->decision, first ? "fail" : "pass", "%s at %s: %s", row->view, row->stage, row->decision);
    cr_expect_float_eq(row->share, first ? .8 : 0, 1e-6, "%s at %s: share %g", row->view, row->stage, row->share);
    return true;
}

Test(judge_curves, each_view_of_each_stage_has_its_own_decision) {
    struct synthetic_options o = synthetic_default();
    const struct profile p = {.repeat = .9, .stable = .9, .floor = .1, .cascade = {.8}, .claims = ASSAY_STOCHASTIC};
    struct synthetic s;
    struct judgement j;
    struct seen seen = {0};
    struct error e = {{0}};
    synthetic_create(&s, &o, &p, 1);
    synthetic_store(&s);
    cr_assert(verdict_judge(s.results, 0, 0, o.draws, s.run.store, &j, &e), "%s", e.text);
    cr_expect_eq(j.word, VERDICT_FAIL, "%s", j.reason);
    cr_assert(store_each_curve(s.run.store, look, &seen, &e), "%s", e.text);
    cr_expect(seen.signed_fail && seen.signed_pass == (o.layers - 1) * seen.signed_fail && seen.absolute,
              "%u curves: %u + %u signed, %u absolute, %u of SSIM", seen.rows, seen.signed_fail, seen.signed_pass,
              seen.absolute, seen.ssim);
    synthetic_destroy(&s);
}

static bool count(void *user, const struct curve_row *row) {
    *(uint32_t *)user += strcmp(row->decision, "shown only") == 0 && !isnan(row->similarity);
    return true;
}

/* A gate says that it is UNINFORMATIVE; what was measured is shown all the same. */
Test(judge_curves, what_is_not_judged_is_shown) {
    struct synthetic_options o = synthetic_default();
    const struct profile p = {.repeat = 1, .stable = .1};
    struct synthetic s;
    struct judgement j;
    uint32_t shown = 0;
    struct error e = {{0}};
    synthetic_create(&s, &o, &p, 1);
    synthetic_store(&s);
    cr_assert(verdict_judge(s.results, 0, 0, o.draws, s.run.store, &j, &e), "%s", e.text);
    cr_expect_eq(j.word, VERDICT_UNINFORMATIVE, "%s", j.reason);
    cr_assert(store_each_curve(s.run.store, count, &shown, &e), "%s", e.text);
    cr_expect_geq(shown, o.layers, "%u curves", shown);
    synthetic_destroy(&s);
}

/* The same of label permutation. Of what could not be computed nothing is shown. */
Test(judge_curves, what_is_not_judged_of_labels_is_shown) {
    static const struct {
        enum verdict_word word;
        bool shown;
    } cases[] = {{VERDICT_UNINFORMATIVE, true}, {VERDICT_FAIL, true}, {VERDICT_ERROR, false}, {VERDICT_SKIP, false}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        struct judgement j;
        uint32_t shown = 0;
        struct error e = {{0}};
        o.controls[0] = &control_label_permutation;
        if (cases[k].word == VERDICT_UNINFORMATIVE) p.repeat = .3, p.claims = ASSAY_STOCHASTIC;
        if (cases[k].word == VERDICT_FAIL) p.floor = .97;
        synthetic_create(&s, &o, &p, 1);
        struct cell *original = synthetic_cell(&s, 0, "true");
        if (cases[k].word == VERDICT_ERROR) original->status = UNIT_FAILED;
        if (cases[k].word == VERDICT_SKIP) original->status = UNIT_UNSUPPORTED;
        synthetic_store(&s);
        cr_assert(verdict_judge(s.results, 0, 0, UINT32_MAX, s.run.store, &j, &e), "%s", e.text);
        cr_expect_eq(j.word, cases[k].word, "%s", j.reason);
        cr_assert(store_each_curve(s.run.store, count, &shown, &e), "%s", e.text);
        cr_expect_eq(shown > 0, cases[k].shown, "%s: %u curves", j.reason, shown);
        synthetic_destroy(&s);
    }
}

/* Another explainer may have asked for more draws, and a resumed run knows them already. */
Test(judge_curves, a_look_at_few_draws_does_not_see_the_later_ones) {
    enum { FIRST = 3 };
    struct synthetic_options o = synthetic_default();
    const struct profile p = {.repeat = .9, .stable = .9, .floor = .1, .cascade = {.2, .1}, .draw_sd = .01};
    struct synthetic s;
    struct judgement before, after;
    struct error e = {{0}};
    synthetic_create(&s, &o, &p, 1);
    cr_assert(verdict_judge(s.results, 0, 0, FIRST, false, &before, &e), "%s", e.text);
    for (uint32_t u = 0; u < s.run.plan.use_count; u++) {
        const struct use *use = &s.run.plan.uses[u];
        if (use->draw < FIRST) continue;
        for (int v = 0; v < VIEW_COUNT; v++)
            synthetic_fill(&s, &s.results->cells[use->attribution], (enum view)v, .95, .8);
    }
    cr_assert(verdict_judge(s.results, 0, 0, FIRST, false, &after, &e), "%s", e.text);
    cr_expect_str_eq(after.reason, before.reason);
    cr_expect_eq(after.draws, FIRST);
    cr_expect_eq(memcmp(&after.score, &before.score, sizeof after.score), 0, "%g became %g", before.score, after.score);
    struct judgement all;
    cr_assert(verdict_judge(s.results, 0, 0, o.draws, false, &all, &e), "%s", e.text);
    cr_expect(strcmp(all.reason, before.reason) != 0, "the later draws do say something else");
    synthetic_destroy(&s);
}

static bool look_vanished(void *user, const struct curve_row *row) {
    bool here = row->stage_index == 1 && strcmp(row->measure, "spearman") == 0 && strcmp(row->view, "signed/all") == 0;
    if (here) *(double *)user = row->vanished;
    else cr_expect(row->vanished == 0 || row->vanished == 1, "%s %s: %g", row->measure, row->view, row->vanished);
    return true;
}

/* The share of maps that vanished, of all; where the original is constant none did. */
Test(judge_curves, vanished_maps_are_counted) {
    struct synthetic_options o = synthetic_default();
    const struct profile p = profile_clean();
    struct synthetic s;
    struct judgement j;
    struct error e = {{0}};
    double vanished = -1;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t i = 0; i < 4; i++)
        synthetic_cell(&s, 0, "own:fc3..fc2/draw3")->matched[0][VIEW_SIGNED_ALL][i + 8] = (double)NAN;
    synthetic_cell(&s, 0, "model")->matched[0][VIEW_SIGNED_ALL][11] = (double)NAN;
    synthetic_store(&s);
    cr_assert(verdict_judge(s.results, 0, 0, o.draws, s.run.store, &j, &e), "%s", e.text);
    cr_assert(store_each_curve(s.run.store, look_vanished, &vanished, &e), "%s", e.text);
    cr_expect_float_eq(vanished, 3.0 / (o.draws * o.inputs), 1e-12, "%g", vanished);
    synthetic_destroy(&s);
}

/* ---- label permutation ---- */

struct judged {
    uint32_t rows, judged, first; /* first: the one that is judged is of the first view, measure and stage */
};

static bool look_labels(void *user, const struct curve_row *row) {
    struct judged *seen = user;
    bool judged = strcmp(row->decision, "shown only") != 0;
    seen->rows += strcmp(row->measure, "spearman") == 0;
    seen->judged += judged;
    if (judged)
        seen->first = strcmp(row->view, view_name(VIEW_SIGNED_ALL)) == 0 && strcmp(row->decision, "pass") == 0 &&
                      strcmp(row->measure, "spearman") == 0 && row->stage_index == 0;
    return true;
}

/* All views of both stages are shown, and one is what was judged: of equal ones the first. */
Test(judge_curves, one_curve_is_the_one_judged) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {.repeat = 1, .twin_magnitude = .6, .twin = .6};
    struct synthetic s;
    struct judgement j;
    struct judged seen = {0};
    struct error e = {{0}};
    o.zeros = .4;
    o.controls[0] = &control_label_permutation;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t r = 0; r < 4; r++) {
        char key[32];
        snprintf(key, sizeof key, "permuted/%u", r);
        for (int v = 0; v < VIEW_COUNT; v++) synthetic_fill(&s, synthetic_cell(&s, 0, key), (enum view)v, 0, 0);
    }
    synthetic_store(&s);
    cr_assert(verdict_judge(s.results, 0, 0, o.draws, s.run.store, &j, &e), "%s", e.text);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    cr_assert(store_each_curve(s.run.store, look_labels, &seen, &e), "%s", e.text);
    cr_expect(seen.rows == 2 * VIEW_COUNT && seen.judged == 1 && seen.first, "%u curves, %u judged, the first: %u",
              seen.rows, seen.judged, seen.first);
    synthetic_destroy(&s);
}
