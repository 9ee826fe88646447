/* Rows without signs: what their signed views hold decides nothing. */
#include "synthetic.h"

#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <string.h>

#define HONEST .repeat = 1, .stable = .9, .twin_magnitude = .6, .non_negative = true

/* Signed shares that say FAIL, beside magnitudes that say PASS. */
static const struct profile quiet = {HONEST, .twin = .6};
static const struct profile loud = {HONEST, .cascade = {.95, .95, .95, .95}, .single = {.95, .95, .95, .95},
                                    .permuted = .95, .twin = .97};

static const struct control *const tried[] = {&control_cascading, &control_independent, &control_label_permutation};

static void fill_signed(const struct synthetic *s, const char *key, double matched, double mismatched) {
    synthetic_fill(s, synthetic_cell(s, 0, key), VIEW_SIGNED_ALL, matched, mismatched);
    synthetic_fill(s, synthetic_cell(s, 0, key), VIEW_SIGNED_NONZERO, matched, mismatched);
}

Test(judge_signs, signed_views_of_a_magnitude_decide_nothing) {
    for (size_t k = 0; k < 2 * sizeof tried / sizeof *tried; k++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic a, b;
        o.controls[0] = tried[k / 2];
        o.zeros = k % 2 ? .4 : 0;
        synthetic_create(&a, &o, &quiet, 1);
        synthetic_create(&b, &o, &loud, 1);
        struct judgement expected = synthetic_judge(&a, 0), j = synthetic_judge(&b, 0);
        cr_expect_eq(expected.word, VERDICT_PASS, "%s: %s", tried[k / 2]->id, expected.reason);
        cr_expect_str_eq(j.reason, expected.reason, "%s: %s", tried[k / 2]->id, j.reason);
        synthetic_destroy(&a);
        synthetic_destroy(&b);
    }
}

/* Neither does a repetition whose signs differ (G1), nor signed maps that are all alike (G3). */
Test(judge_signs, gates_look_at_the_magnitudes) {
    struct synthetic_options o = synthetic_default();
    struct profile p = quiet;
    struct synthetic s;
    p.repeat = .95;
    p.claims = ASSAY_STOCHASTIC;
    synthetic_create(&s, &o, &p, 1);
    fill_signed(&s, "model/repeat1", .1, .1);
    fill_signed(&s, "model/jitter", .1, .1);
    for (uint32_t d = 0; d < o.draws; d++) {
        char key[32];
        snprintf(key, sizeof key, "own:fc3..fc1/draw%u", d);
        fill_signed(&s, key, .99, .99);
    }
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    synthetic_destroy(&s);
}
