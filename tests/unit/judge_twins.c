/* Twins: the same maps are due, near the same, or the network is no twin. */
#include "synthetic.h"

#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { NEAR_LOGITS, CONFIDENCE_LOGIT, CONFIDENCE_MAP, CHECKS };

/* What was measured: rho on `near`, and the distance on `confidence` (of every other input it is 0 where `half`). */
struct measured {
    const char *name;
    double rho, distance;
    bool half;
    double moved;   /* of the class's own logit, on `confidence` */
    uint32_t known; /* inputs whose logits are */
    enum verdict_word word;
    const char *words, *stage;
};

static const struct measured cases[] = {
    {"all the same", .99, 0, false, 0, 12, VERDICT_PASS,
     "near: rho = 0.990; confidence: distance 0; 12 inputs. No hidden units can be re-ordered", "near"},
    {"noise of the weights", .03, 0, false, 0, 12, VERDICT_FAIL,
     "Weights moved by 0.1 % change the whole map (logits moved by 0.01 of 1): rho = 0.03, at most 0.03 < 0.50 "
     "(signed/all, 12 inputs).",
     "near"},
    {"another map where the network is unsure", .99, 1.4, false, 0, 12, VERDICT_FAIL,
     "The map of a class changes when only the other classes' logits are shifted: relative distance 1.4, at least 1.4 "
     "> 0.001",
     "confidence"},
    {"both", .03, 1.4, false, 0, 12, VERDICT_FAIL, "Weights moved by 0.1 %", "near"},
    {"the distance is bounded", .99, 1e9, false, 0, 12, VERDICT_FAIL, "relative distance 2, at least 2", "confidence"},
    {"half of the inputs", .99, 1.4, true, 0, 12, VERDICT_FAIL, "relative distance 0.7, at least", "confidence"},
    {"at the limit", .99, .0018, true, 0, 12, VERDICT_INCONCLUSIVE,
     "Undecided on twin:confidence: relative distance 0.0009, between", "confidence"},
    {"no twin", .99, 0, false, .5, 12, VERDICT_ERROR,
     "Not a twin: on twin:confidence the class's own logit moves by 0.5, where 0 is allowed.", ""},
    {"logits are missing", .99, 0, false, 0, 11, VERDICT_ERROR, "not all logits are known", ""},
};

/* Of even inputs and of odd ones. */
static void put_deviations(const struct synthetic *s, uint32_t check, double even, double odd, double allowed) {
    uint32_t n = s->options.inputs;
    double *each = malloc(2 * (size_t)n * sizeof *each);
    cr_assert_not_null(each);
    for (uint32_t i = 0; i < n; i++) {
        each[i] = i % 2 ? odd : even;
        each[n + i] = allowed;
    }
    free(s->results->deviations[check]);
    s->results->deviations[check] = each;
}

static void prepare(struct synthetic *s, const struct profile *p, const struct measured *m) {
    struct synthetic_options o = synthetic_default();
    o.controls[0] = &control_twins;
    synthetic_create(s, &o, p, 1);
    cr_assert_eq(s->run.plan.check_count, CHECKS);
    for (int v = 0; v < VIEW_COUNT; v++)
        synthetic_fill(s, synthetic_cell(s, 0, "twin:near"), (enum view)v, m->rho, m->rho);
    for (int v = 0; v < VIEW_COUNT; v++) synthetic_fill(s, synthetic_cell(s, 0, "twin:confidence"), (enum view)v, 1, 1);
    put_deviations(s, NEAR_LOGITS, .01, .01, .1);
    put_deviations(s, CONFIDENCE_LOGIT, m->moved, 0, 0);
    put_deviations(s, CONFIDENCE_MAP, m->distance, m->half ? 0 : m->distance, 1e-3);
    s->results->checks[CONFIDENCE_LOGIT].inputs = m->known;
}

Test(judge_twins, words) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct profile p = profile_clean();
        struct synthetic s;
        prepare(&s, &p, &cases[c]);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "%s: %s, %s", cases[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: \"%s\" does not say \"%s\"", cases[c].name, j.reason,
                  cases[c].words);
        cr_expect_str_eq(j.first_stage, cases[c].stage, "%s", cases[c].name);
        cr_expect_not(j.reaches_last, "there are no units");
        synthetic_destroy(&s);
    }
}

/* The range of one input's logits may be next to nothing. */
Test(judge_twins, logits_move_by_a_share_of_the_largest_range) {
    struct profile p = profile_clean();
    struct synthetic s;
    prepare(&s, &p, &cases[0]);
    s.results->deviations[NEAR_LOGITS][12 + 5] = 1e-3;
    cr_expect_eq(synthetic_judge(&s, 0).word, VERDICT_PASS);
    put_deviations(&s, NEAR_LOGITS, .2, .01, .1);
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect(j.word == VERDICT_ERROR && strstr(j.reason, "Not a twin: on twin:near the logits move by 0.2"), "%s",
              j.reason);
    synthetic_destroy(&s);
}

/* Constant maps are left out; a map that vanishes on the twin alone has nothing left. */
Test(judge_twins, constant_maps) {
    struct profile p = profile_clean();
    struct synthetic s;
    prepare(&s, &p, &cases[0]);
    double *near = synthetic_cell(&s, 0, "twin:near")->matched[0][VIEW_SIGNED_ALL];
    double *original = synthetic_cell(&s, 0, "model")->matched[0][VIEW_SIGNED_ALL];
    near[0] = original[0] = (double)NAN;
    s.results->deviations[CONFIDENCE_MAP][12] = 0;
    cr_assert_eq(s.run.inputs[ROOT_MODEL].zero_share, 0, "one view");
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    cr_expect_eq(j.inputs, 11);
    for (uint32_t i = 1; i < 11; i++) near[i] = (double)NAN;
    j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_FAIL, "%s", j.reason);
    synthetic_destroy(&s);
}

/* Of what two seeds do not agree in nothing is asked; a floor and draws are not needed. */
Test(judge_twins, gates) {
    struct profile p = profile_clean();
    struct synthetic s;
    p.claims = ASSAY_STOCHASTIC;
    p.repeat = .1;
    prepare(&s, &p, &cases[1]);
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect(j.word == VERDICT_UNINFORMATIVE && strstr(j.reason, "Not repeatable"), "%s", j.reason);
    synthetic_destroy(&s);
    p = profile_clean();
    p.stable = .1;
    p.floor = .99;
    prepare(&s, &p, &cases[0]);
    j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    synthetic_cell(&s, 0, "twin:near")->status = UNIT_FAILED;
    j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_ERROR, "%s", j.reason);
    synthetic_destroy(&s);
}
