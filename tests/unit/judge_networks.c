/* L0: which accuracies make trained networks a control. The limits are those of docs/verdict.md, by hand. */
#include "synthetic.h"

#include "judge/contrast.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NETWORKS 4u

/* Label permutation `times` times in one battery: they share their networks. */
static void setup(struct synthetic *s, uint32_t times, uint32_t classes) {
    struct synthetic_options o = synthetic_default();
    const struct profile p = profile_clean();
    o.classes = classes;
    for (uint32_t k = 0; k < times; k++) o.controls[k] = &control_label_permutation;
    synthetic_create(s, &o, &p, 1);
}

static void set_accuracy(const struct synthetic *s, enum network_kind kind, const double *test, uint32_t count) {
    for (uint32_t k = 0; k < count; k++) run_network(&s->run, kind, k)->test_accuracy = test[k];
}

/* The control has only so many permuted networks in the plan. */
static void keep_permuted(struct synthetic *s, uint32_t control, uint32_t most) {
    struct plan *p = &s->run.plan;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < p->use_count; i++) {
        struct use *u = &p->uses[i];
        if (u->control == control && u->stage_index == 0 && u->draw >= most) free(u->stage);
        else p->uses[kept++] = *u;
    }
    p->use_count = kept;
}

/* The permuted networks' mean may lie three standard errors above chance (.10 of ten classes), and the first network
 * three above that mean; an error counts as .01 at least. */
static const struct {
    const char *name;
    uint32_t classes, permuted;
    double test[NETWORKS], truth;
    enum verdict_word word;
    const char *words;
} cases[] = {
    /* Their mean is .165, its error .025. */
    {"below three errors", 10, 4, {.09, .19, .19, .19}, .8, VERDICT_PASS, ""},
    {"truth above three errors", 10, 4, {.09, .19, .19, .19}, .245, VERDICT_PASS, ""},
    {"truth below three errors",
     10,
     4,
     {.09, .19, .19, .19},
     .235,
     VERDICT_ERROR,
     "true labels has test accuracy 0.23"},
    /* Their mean is .18, its error .0173. */
    {"above three errors", 10, 4, {.15, .15, .21, .21}, .8, VERDICT_ERROR, "permuted labels have test accuracy 0.18"},
    {"equal ones, .01", 10, 4, {.129, .129, .129, .129}, .8, VERDICT_PASS, ""},
    {"equal ones, above .01",
     10,
     4,
     {.131, .131, .131, .131},
     .8,
     VERDICT_ERROR,
     "permuted labels have test accuracy 0.13"},
    {"truth a little above equal ones", 10, 4, {.12, .12, .12, .12}, .151, VERDICT_PASS, ""},
    {"truth hardly above equal ones", 10, 4, {.12, .12, .12, .12}, .149, VERDICT_ERROR, "true labels has test"},
    {"truth above chance, not the mean", 10, 4, {.02, .02, .02, .02}, .131, VERDICT_PASS, ""},
    {"truth hardly above chance", 10, 4, {.02, .02, .02, .02}, .129, VERDICT_ERROR, "true labels has test"},
    /* Two have an error: .15 +- .05. One has none. */
    {"two", 10, 2, {.10, .20}, .8, VERDICT_PASS, ""},
    {"one", 10, 1, {.12}, .8, VERDICT_PASS, ""},
    /* Numbers without rounding: a mean of .59375, an error of .03125, chance .5. */
    {"as much as is allowed", 2, 2, {.5625, .625}, .8, VERDICT_PASS, ""},
    {"truth as much as is not enough", 2, 2, {.5625, .625}, .6875, VERDICT_ERROR, "true labels has test"},
    {"one above .01", 10, 1, {.14}, .8, VERDICT_ERROR, "permuted labels have test accuracy 0.14"},
};

Test(judge_networks, accuracies_have_limits) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic s;
        setup(&s, 1, cases[c].classes);
        keep_permuted(&s, 0, cases[c].permuted);
        set_accuracy(&s, NETWORK_PERMUTED, cases[c].test, cases[c].permuted);
        set_accuracy(&s, NETWORK_TRUE, &cases[c].truth, 1);
        struct judgement j = synthetic_judge(&s, 0);
        /* Of one network no share has an interval, so that it is not judged for another reason. */
        if (cases[c].permuted > 1) cr_expect_eq(j.word, cases[c].word, "%s: %s", cases[c].name, j.reason);
        else cr_expect_eq(j.word == VERDICT_ERROR, cases[c].word == VERDICT_ERROR, "%s: %s", cases[c].name, j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: %s", cases[c].name, j.reason);
        synthetic_destroy(&s);
    }
}

/* Each of them, the first and the last too. */
Test(judge_networks, every_network_must_have_memorised) {
    static const enum network_kind kinds[] = {NETWORK_PERMUTED, NETWORK_TWIN};
    for (uint32_t k = 0; k < 2 * NETWORKS; k++) {
        struct synthetic s;
        char expected[64];
        enum network_kind kind = kinds[k / NETWORKS];
        setup(&s, 1, 10);
        run_network(&s.run, kind, k % NETWORKS)->train_accuracy = .5;
        struct judgement j = synthetic_judge(&s, 0);
        snprintf(expected, sizeof expected, "network %s/%u reached", network_kind_name(kind), k % NETWORKS);
        cr_expect_eq(j.word, VERDICT_ERROR, "%s", expected);
        cr_expect(strstr(j.reason, expected), "%s: %s", expected, j.reason);
        synthetic_destroy(&s);
    }
}

/* L5 has the degrees of freedom of the permuted networks, and two at least. */
Test(judge_networks, the_lead_over_two_networks) {
    struct synthetic_options o = synthetic_default();
    const struct profile p = {
        .repeat = 1, .permuted = .1, .twin = .2, .twin_magnitude = .6, .draw_sd = .02, .input_sd = .05};
    struct synthetic s;
    double y[2][NETWORKS][12], scratch[12];
    char expected[64];
    o.controls[0] = &control_label_permutation;
    synthetic_create(&s, &o, &p, 1);
    keep_permuted(&s, 0, 2);
    for (uint32_t k = 0; k < 2 * NETWORKS; k++) {
        char key[32];
        snprintf(key, sizeof key, "%s/%u", k / NETWORKS ? "twin" : "permuted", k % NETWORKS);
        memcpy(y[k / NETWORKS][k % NETWORKS], synthetic_cell(&s, 0, key)->matched[0][VIEW_SIGNED_ALL], sizeof scratch);
    }
    const struct contrast_side permuted = {y[0][0], 2, 1}, twins = {y[1][0], NETWORKS, 1};
    struct interval gap = contrast(&twins, &permuted, 12, scratch);
    gap.df = 2;
    snprintf(expected, sizeof expected, "twin gap %.2f, at least %.2f", gap.mean, interval_lower(&gap, .05));
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect(strstr(j.reason, expected), "%s: %s", expected, j.reason);
    cr_expect_eq(j.draws, 2);
    synthetic_destroy(&s);
}

/* What another control asks for is not its own. */
Test(judge_networks, each_control_has_its_own_networks) {
    static const double first[2] = {.125, .125}; /* with .145 for the others .135 on average, where .13 is the limit */
    for (int untrained = 0; untrained < 2; untrained++) {
        struct synthetic s;
        setup(&s, 2, 10);
        keep_permuted(&s, 0, 2);
        set_accuracy(&s, NETWORK_PERMUTED, first, 2);
        for (uint32_t k = 2; k < NETWORKS; k++) {
            struct network *n = run_network(&s.run, NETWORK_PERMUTED, k);
            n->test_accuracy = untrained ? .125 : .145;
            if (untrained) n->train_accuracy = .5;
        }
        cr_expect_eq(synthetic_judge(&s, 0).word, VERDICT_PASS, "%s", synthetic_judge(&s, 0).reason);
        cr_expect_eq(synthetic_judge(&s, 1).word, VERDICT_ERROR, "%s", synthetic_judge(&s, 1).reason);
        synthetic_destroy(&s);
    }
}
