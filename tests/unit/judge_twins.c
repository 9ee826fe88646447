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
    struct checked logits; /* of `confidence` */
    enum verdict_word word;
    const char *words, *stage;
};

#define SAME                                                                                                           \
    { true, true, 0, 0, 0, 12 }

static const struct measured cases[] = {
    {"all the same", .99, 0, false, SAME, VERDICT_PASS,
     "near: rho = 0.990; confidence: distance 0; 12 inputs. No hidden units can be re-ordered", "near"},
    {"noise of the weights", .03, 0, false, SAME, VERDICT_FAIL,
     "Weights moved by 0.1 % change the whole map (logits moved by 0.01 of 1): rho = 0.03, at most 0.03 < 0.50 "
     "(signed/all, 12 inputs).",
     "near"},
    {"another map where the network is unsure", .99, 1.4, false, SAME, VERDICT_FAIL,
     "The map of a class changes when only the other classes' logits are shifted: relative distance 1.4, at least 1.4 "
     "> 0.001",
     "confidence"},
    {"both", .03, 1.4, false, SAME, VERDICT_FAIL, "Weights moved by 0.1 %", "near"},
    {"the distance is bounded", .99, 1e9, false, SAME, VERDICT_FAIL, "relative distance 2, at least 2", "confidence"},
    {"half of the inputs", .99, 1.4, true, SAME, VERDICT_FAIL, "relative distance 0.7, at least", "confidence"},
    {"at the limit", .99, .0018, true, SAME, VERDICT_INCONCLUSIVE,
     "Undecided on twin:confidence: relative distance 0.0009, between", "confidence"},
    {"no twin",
     .99,
     0,
     false,
     {true, false, .5, 0, 3, 12},
     VERDICT_ERROR,
     "Not a twin: on twin:confidence the class's own logit moves by 0.5, where 0 is allowed (input 3).",
     ""},
    {"logits are missing",
     .99,
     0,
     false,
     {true, true, 0, 0, 3, 11},
     VERDICT_ERROR,
     "the logits of 11 of 12 inputs",
     ""},
};

static void prepare(struct synthetic *s, const struct profile *p, const struct measured *m) {
    struct synthetic_options o = synthetic_default();
    o.controls[0] = &control_twins;
    synthetic_create(s, &o, p, 1);
    cr_assert_eq(s->run.plan.check_count, CHECKS);
    for (int v = 0; v < VIEW_COUNT; v++)
        synthetic_fill(s, synthetic_cell(s, 0, "twin:near"), (enum view)v, m->rho, m->rho);
    for (int v = 0; v < VIEW_COUNT; v++) synthetic_fill(s, synthetic_cell(s, 0, "twin:confidence"), (enum view)v, 1, 1);
    s->results->checks[NEAR_LOGITS] = (struct checked){true, true, .01, .1, 3, o.inputs};
    s->results->checks[CONFIDENCE_LOGIT] = m->logits;
    double *each = malloc(2 * (size_t)o.inputs * sizeof *each);
    cr_assert_not_null(each);
    for (uint32_t i = 0; i < o.inputs; i++) {
        each[i] = m->half && i % 2 ? 0 : m->distance;
        each[o.inputs + i] = 1e-3;
    }
    free(s->results->deviations[CONFIDENCE_MAP]);
    s->results->deviations[CONFIDENCE_MAP] = each;
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

/* Constant maps are left out; a map that vanishes on the twin alone has nothing left. */
Test(judge_twins, constant_maps) {
    struct profile p = profile_clean();
    struct synthetic s;
    prepare(&s, &p, &cases[0]);
    double *near = synthetic_cell(&s, 0, "twin:near")->matched[0][VIEW_SIGNED_ALL];
    double *original = synthetic_cell(&s, 0, "model")->matched[0][VIEW_SIGNED_ALL];
    near[0] = original[0] = (double)NAN;
    s.results->deviations[CONFIDENCE_MAP][12] = 0;
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
