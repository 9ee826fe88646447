/* How well networks do by task: RMSE and R2 of regressions, accuracy of several labels, their bounds and words. Bounds
 * beside NumPy and SciPy (scipy.stats.t.ppf(.95, n - 1)). */
#include "measure/quality.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define N 40u

static void make(float *y, float *z, uint32_t n, double noise, double scale, double shift) {
    struct rng rng = rng_stream(9, "fit", 0);
    for (uint32_t i = 0; i < n; i++) {
        double v = rng_normal(&rng);
        y[i] = (float)v;
        z[i] = (float)(scale * v + shift + noise * rng_normal(&rng));
    }
}

static const struct {
    uint32_t n;
    double noise, scale, shift;
    enum fit_state state;
    const char *warning; /* a part; NULL: none */
} fits[] = {
    {N, .1, 1, 0, FIT_CLEAR, NULL},
    {N, 0, 1, 0, FIT_CLEAR, NULL},
    {N, 1, 0, 0, FIT_POOR, "R2 is not clearly above 0"},
    {N, 0, 0, 0, FIT_POOR, "not clearly better than the mean"},
    {N, .1, 100, 0, FIT_POOR, "outputs and targets rise together (correlation .99)"},
    {N, .1, -1, 0, FIT_POOR, "check the unit and scale"},
    {2, 0, 1, 0, FIT_FEW, NULL},
    {3, 0, -1, 0, FIT_FEW, "R2 of these few samples is below 0"},
    {1, 0, 1, 0, FIT_FEW, NULL},
    {0, 0, 1, 0, FIT_UNKNOWN, NULL},
};

Test(quality, fit_states_and_warnings) {
    for (size_t c = 0; c < sizeof fits / sizeof *fits; c++) {
        float y[N], z[N];
        make(y, z, fits[c].n, fits[c].noise, fits[c].scale, fits[c].shift);
        const struct quality q = {.kind = QUALITY_FIT, .fit = fit_measure(y, z, fits[c].n)};
        struct text sentence = {0}, warning = {0};
        quality_add_sentence(&sentence, &q);
        quality_add_warning(&warning, &q);
        cr_expect_eq(fit_state(&q.fit), fits[c].state, "case %zu: %s", c, sentence.data);
        cr_expect_eq(quality_is_known(&q), fits[c].n > 0);
        cr_expect_eq(warning.data != NULL, fits[c].warning != NULL, "case %zu: %s", c, warning.data);
        cr_expect(!warning.data || strstr(warning.data, fits[c].warning), "case %zu: %s", c, warning.data);
        cr_expect(!strstr(sentence.data, "nan") && !strstr(sentence.data, "inf"), "case %zu: %s", c, sentence.data);
        text_finish(&sentence);
        text_finish(&warning);
    }
}

/* By hand: e = y - z is 1 and -1 in turn, y is 0 to 9: RMSE 1, variance 8.25, R2 = 1 - 1/8.25. */
Test(quality, fit_numbers) {
    float y[10], z[10], same[10];
    for (uint32_t i = 0; i < 10; i++) {
        y[i] = (float)i;
        z[i] = (float)i + (i % 2 ? 1 : -1);
        same[i] = 4;
    }
    struct fit f = fit_measure(y, z, 10);
    cr_expect_float_eq(f.rmse, 1, 1e-12);
    cr_expect_float_eq(f.r2, 1 - 1 / 8.25, 1e-12);
    /* e^2 - v / 8.25 has sd .9329 over 10 samples: t 1.8331, so .2 1 / 8.25 less. */
    double v[10], mean = 0, squares = 0;
    for (uint32_t i = 0; i < 10; i++) mean += (v[i] = 1 - (i - 4.5) * (i - 4.5) / 8.25) / 10;
    for (uint32_t i = 0; i < 10; i++) squares += (v[i] - mean) * (v[i] - mean);
    cr_expect_float_eq(f.lower, f.r2 - 1.8331129326 * sqrt(squares / 9 / 10) / 8.25, 1e-8);
    struct text t = {0};
    fit_add_sentence(&t, &f);
    cr_expect_str_eq(t.data, "the network predicts 10 read with RMSE 1, R2 .88 (at least .81)");
    text_finish(&t);
    f = fit_measure(same, z, 10);
    t = (struct text){0};
    cr_expect(isnan(f.r2) && isnan(f.lower) && fit_state(&f) == FIT_FEW);
    fit_add_sentence(&t, &f);
    cr_expect(strstr(t.data, "R2 not defined: all targets are the same"), "%s", t.data);
    text_finish(&t);
}

/* ---- several labels ---- */

/* Label 0 is there in half of the samples, label 1 always, label 2 in a quarter. */
static void make_flags(float *flags, float *logits, uint32_t n, uint32_t wrong_every) {
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < 3; k++) {
            bool there = k == 0 ? i % 2 : k == 1 ? true : i % 4 == 0;
            flags[3 * i + k] = there;
            logits[3 * i + k] = there != (wrong_every && (3 * i + k) % wrong_every == 0) ? 2 : -2;
        }
}

static const struct {
    uint32_t n, wrong_every;
    enum label_accuracy_state state;
    const char *sentence;
} labels[] = {
    {N, 0, LABELS_CLEAR, "the network is right on 120 of 120 labels of 40 read (accuracy 1.00, base rate .75)"},
    {N, 12, LABELS_CLEAR, "the network is right on 110 of 120 labels of 40 read (accuracy .92, base rate .75)"},
    {N, 4, LABELS_CHANCE, "the network is right on 90 of 120 labels of 40 read (accuracy .75, base rate .75)"},
    {N, 1, LABELS_CHANCE, "the network is right on 0 of 120 labels of 40 read (accuracy .00, base rate .75)"},
    {2, 1, LABELS_FEW,
     "the network is right on 0 of 6 labels of 2 read (accuracy .00, base rate .67): too few to tell it from the base rate"},
    {0, 0, LABELS_UNKNOWN, "how often the network is right: no labels: not known"},
};

Test(quality, labels_states_and_words) {
    for (size_t c = 0; c < sizeof labels / sizeof *labels; c++) {
        float flags[3 * N], logits[3 * N];
        make_flags(flags, logits, labels[c].n, labels[c].wrong_every);
        const struct quality q = {.kind = QUALITY_LABELS,
                                  .labels = label_accuracy_count(flags, logits, labels[c].n, 3)};
        struct text sentence = {0}, warning = {0};
        quality_add_sentence(&sentence, &q);
        quality_add_warning(&warning, &q);
        cr_expect_eq(label_accuracy_state(&q.labels), labels[c].state, "case %zu", c);
        cr_expect_str_eq(sentence.data, labels[c].sentence);
        bool warns = labels[c].state == LABELS_CHANCE || labels[c].state == LABELS_FEW;
        cr_expect_eq(warning.data != NULL, warns, "case %zu: %s", c, warning.data);
        cr_expect(!warns || strstr(warning.data, "base rate"), "case %zu: %s", c, warning.data);
        text_finish(&sentence);
        text_finish(&warning);
    }
}

Test(quality, the_base_rate_is_the_more_frequent_answer_of_each_label) {
    float flags[3 * N], logits[3 * N];
    make_flags(flags, logits, N, 0);
    cr_expect_float_eq(label_base_rate(flags, N, 3), (.5 + 1 + .75) / 3, 1e-12);
    cr_expect(isnan(label_base_rate(flags, 0, 3)));
}

Test(quality, shares_in_digits) {
    static const struct {
        double share;
        const char *text;
    } cases[] = {{.8, ".80"},    {1, "1.00"}, {.999, ".99"},   {-.12, "-.12"},
                 {-.001, ".00"}, {0, ".00"},  {-3.5, "-3.50"}, {-1e9, "-1e+09"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct text t = {0};
        accuracy_add_share(&t, cases[c].share);
        cr_expect_str_eq(t.data, cases[c].text);
        text_finish(&t);
    }
}
