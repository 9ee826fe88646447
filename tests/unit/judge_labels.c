/* Label permutation, steps L0 to L6, on similarities of known share. */
#include "synthetic.h"

#include "base/text.h"
#include "explainers/explainer.h"
#include "measure/interval.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN .repeat = 1, .twin_magnitude = .6
#define TWINS .twin = .6
#define NOISE .draw_sd = .02, .input_sd = .05, .noise_sd = .05

static struct synthetic_options labels_default(void) {
    struct synthetic_options o = synthetic_default();
    o.controls[0] = &control_label_permutation;
    return o;
}

static const struct {
    const char *name;
    struct profile p;
    enum verdict_word word;
    const char *words;
} cases[] = {
    {"clean",
     {CLEAN, TWINS},
     VERDICT_PASS,
     "Surviving share D = 0.00, at most 0.00 < 0.30; twin gap 0.60; 0 % of the reproducible part"},
    {"clean, with noise", {CLEAN, TWINS, NOISE}, VERDICT_PASS, "4 permutations, 4 twins, 12 inputs"},
    {"jitter is not asked", {CLEAN, TWINS, .stable = 0}, VERDICT_PASS, ""},
    {"L1", {.repeat = .3, TWINS, .claims = ASSAY_STOCHASTIC}, VERDICT_UNINFORMATIVE, "Not repeatable"},
    {"L2", {CLEAN, TWINS, .floor = .97}, VERDICT_FAIL, "The same map for any image and any model"},
    {"L3",
     {CLEAN, NOISE, .permuted = .8, .twin = .95},
     VERDICT_FAIL,
     "The map survives permuted labels: share D = 0.7"},
    {"L3 before L5", {CLEAN, .permuted = 1, .twin = 1}, VERDICT_FAIL, "The map survives permuted labels"},
    {"L3 undecided",
     {CLEAN, .permuted = .28, .twin = .95, .draw_sd = .1},
     VERDICT_INCONCLUSIVE,
     "Undecided after 4 permutations"},
    {"L4",
     {.repeat = 1, TWINS, NOISE, .permuted_magnitude = .9, .twin_magnitude = .95},
     VERDICT_FAIL,
     "The magnitudes survive permuted labels"},
    {"L4 undecided",
     {CLEAN, .permuted_magnitude = .28, .draw_sd = .1, .twin = .9},
     VERDICT_INCONCLUSIVE,
     "magnitude share"},
    {"L5",
     {CLEAN, .twin = .05},
     VERDICT_UNINFORMATIVE,
     "Retraining alone changes the map as much as permuting the labels: twin gap 0.05, at least 0.05, "
     "0.10 needed (signed/all)"},
    {"L5 at its limit", {CLEAN, .twin = .1}, VERDICT_UNINFORMATIVE, "Retraining alone"},
    {"L5 before L6", {CLEAN, .permuted = .2, .twin = .25}, VERDICT_UNINFORMATIVE, "Retraining alone"},
    {"L6",
     {CLEAN, .permuted = .25, .twin = .45},
     VERDICT_FAIL,
     "Of what retraining reproduces, 56 % survives permuted labels, more than 40 %"},
    {"L6 undecided",
     {CLEAN, .permuted = .2, .twin = .51, .draw_sd = .03},
     VERDICT_INCONCLUSIVE,
     "share of the reproducible part"},
    {"a share that L6 allows", {CLEAN, TWINS, .permuted = .1}, VERDICT_PASS, "17 % of the reproducible part"},
    {"negative similarity", {CLEAN, TWINS, NOISE, .permuted = -.4}, VERDICT_PASS, ""},
};

Test(judge_labels, each_step) {
    struct synthetic_options o = labels_default();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic s;
        synthetic_create(&s, &o, &cases[c].p, 1);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "%s: %s, %s", cases[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: \"%s\" does not say \"%s\"", cases[c].name, j.reason,
                  cases[c].words);
        cr_expect(!strstr(j.reason, "nan") && !strstr(j.reason, "inf"), "%s: %s", cases[c].name, j.reason);
        cr_expect_eq(j.draws, 4);
        cr_expect_eq(j.inputs, 12);
        synthetic_destroy(&s);
    }
}

Test(judge_labels, one_input_is_not_judged) {
    struct synthetic_options o = labels_default();
    o.inputs = 1;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic s;
        synthetic_create(&s, &o, &cases[c].p, 1);
        struct judgement j = synthetic_judge(&s, 0);
        bool repeats = strcmp(cases[c].name, "L1") != 0;
        cr_expect_eq(j.word, repeats ? VERDICT_INCONCLUSIVE : VERDICT_UNINFORMATIVE, "%s: %s", cases[c].name, j.reason);
        cr_expect(!repeats || strstr(j.reason, "One input: neither floor nor interval"), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- L0: whether the networks are what they should be ---- */

static const struct {
    const char *name;
    uint32_t classes;
    enum network_kind kind;
    bool all; /* networks of the kind; else the second, or the only one */
    double train, test;
    const char *failure;
    enum verdict_word word;
    const char *words;
} networks[] = {
    {"as they should be", 10, NETWORK_PERMUTED, true, .95, .12, NULL, VERDICT_PASS, ""},
    {"one did not memorise", 10, NETWORK_PERMUTED, false, .949, .1, NULL, VERDICT_ERROR,
     "No control: network permuted/1 reached training accuracy 0.949 after 20 epochs; 0.95 is needed."},
    {"a twin did not memorise", 10, NETWORK_TWIN, false, .5, .5, NULL, VERDICT_ERROR,
     "network twin/1 reached training accuracy 0.500"},
    {"the first did not learn", 10, NETWORK_TRUE, true, .9, .8, NULL, VERDICT_ERROR, "network true/0 reached"},
    {"one could not be trained", 10, NETWORK_PERMUTED, false, .95, .1, "the loss is not finite", VERDICT_ERROR,
     "network permuted/1 could not be trained: the loss is not finite"},
    {"permuted labels taught something", 10, NETWORK_PERMUTED, true, .97, .2, NULL, VERDICT_ERROR,
     "have test accuracy 0.20, chance is 0.10"},
    {"one of them by chance", 10, NETWORK_PERMUTED, false, .97, .14, NULL, VERDICT_PASS, ""},
    {"true labels taught nothing", 10, NETWORK_TRUE, true, .97, .12, NULL, VERDICT_ERROR,
     "trained on true labels has test accuracy 0.12"},
    {"two classes", 2, NETWORK_PERMUTED, true, .97, .5, NULL, VERDICT_PASS, ""},
    {"two classes, nothing learned", 2, NETWORK_TRUE, true, .97, .5 + 3 * .01, NULL, VERDICT_ERROR, "accuracy 0.53"},
    {"two classes, labels leak", 2, NETWORK_PERMUTED, true, .97, .6, NULL, VERDICT_ERROR, "chance is 0.50"},
};

Test(judge_labels, l0_refuses_what_is_no_control) {
    for (size_t c = 0; c < sizeof networks / sizeof *networks; c++) {
        struct synthetic_options o = labels_default();
        struct profile p = {CLEAN, TWINS};
        struct synthetic s;
        o.classes = networks[c].classes;
        synthetic_create(&s, &o, &p, 1);
        for (uint32_t k = 0; k < s.run.network_count; k++) {
            struct network *n = &s.run.networks[k];
            if (n->kind != networks[c].kind || !(networks[c].all || n->draw == 1)) continue;
            n->train_accuracy = networks[c].train;
            n->test_accuracy = networks[c].test;
            if (networks[c].failure) n->failure = text_copy(networks[c].failure);
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, networks[c].word, "%s: %s, %s", networks[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, networks[c].words), "%s: %s", networks[c].name, j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- numbers ---- */

static void collect(const struct synthetic *s, const char *role, double y[4][12]) {
    for (uint32_t r = 0; r < 4; r++) {
        char key[32];
        snprintf(key, sizeof key, "%s/%u", role, r);
        memcpy(y[r], synthetic_cell(s, 0, key)->matched[0][VIEW_SIGNED_ALL], sizeof y[r]);
    }
}

static double variance(const double *v, size_t n, double *mean) {
    double sum = 0;
    *mean = 0;
    for (size_t k = 0; k < n; k++) *mean += v[k] / (double)n;
    for (size_t k = 0; k < n; k++) sum += (v[k] - *mean) * (v[k] - *mean);
    return sum / ((double)n - 1);
}

/* a T - b S: mean, and variance from inputs, twins and permutations, written down once more from docs/verdict.md. */
static void contrast(double s[4][12], double t[4][12], double a, double b, double *mean, double v[3]) {
    double inputs[12] = {0}, rows[2][4], ignored;
    for (size_t i = 0; i < 12; i++)
        for (size_t r = 0; r < 4; r++) inputs[i] += (a * t[r][i] - b * s[r][i]) / 4;
    v[0] = variance(inputs, 12, mean) / 12;
    for (size_t r = 0; r < 4; r++) {
        variance(s[r], 12, &rows[0][r]);
        variance(t[r], 12, &rows[1][r]);
    }
    v[1] = b * b * variance(rows[0], 4, &ignored) / 4;
    v[2] = a * a * variance(rows[1], 4, &ignored) / 4;
}

Test(judge_labels, the_twin_gap_is_that_of_the_rule) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct synthetic_options o = labels_default();
        struct profile p = {.repeat = 1, NOISE, .permuted = .1, .twin = .2};
        struct synthetic s;
        double permuted[4][12], twins[4][12], mean, v[3];
        char expected[128];
        synthetic_create(&s, &o, &p, seed);
        struct judgement j = synthetic_judge(&s, 0);
        collect(&s, "permuted", permuted);
        collect(&s, "twin", twins);
        contrast(permuted, twins, 1, 1, &mean, v);
        snprintf(expected, sizeof expected, "twin gap %.2f, at least %.2f, 0.10 needed", mean,
                 mean - student_quantile(.95, 3) * sqrt(v[0] + v[1] + v[2]));
        cr_expect_eq(j.word, VERDICT_UNINFORMATIVE, "%s", j.reason);
        cr_expect(strstr(j.reason, expected), "%s: %s", expected, j.reason);
        synthetic_destroy(&s);
    }
}

/* The words of L6 follow its bounds, on both sides of the limit. */
Test(judge_labels, l6_follows_its_bounds) {
    uint32_t words[VERDICT_WORDS] = {0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct synthetic_options o = labels_default();
        struct profile p = {.repeat = 1,
                            .draw_sd = .02,
                            .input_sd = .01,
                            .noise_sd = .02,
                            .permuted = .1 + .002 * (double)seed,
                            .twin = .42};
        struct synthetic s;
        double permuted[4][12], twins[4][12], q, v[3];
        synthetic_create(&s, &o, &p, seed);
        struct judgement j = synthetic_judge(&s, 0);
        collect(&s, "permuted", permuted);
        collect(&s, "twin", twins);
        contrast(permuted, twins, -.4, -1, &q, v);
        double sum = v[0] + v[1] + v[2], df = sum * sum / (v[0] * v[0] / 11 + v[1] * v[1] / 3 + v[2] * v[2] / 3);
        double reach = student_quantile(.95, df) * sqrt(sum);
        double least = q - student_quantile(1 - .05 / 4, df) * sqrt(sum); /* one view: L3, P, L4 and L6 share alpha */
        enum verdict_word word = least > 0 ? VERDICT_FAIL : q + reach < 0 ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
        cr_expect_eq(j.word, word, "q = %g +- %g: %s", q, reach, j.reason);
        words[j.word]++;
        synthetic_destroy(&s);
    }
    cr_expect(words[VERDICT_FAIL] > 5 && words[VERDICT_PASS] > 5 && words[VERDICT_INCONCLUSIVE] > 5,
              "the cases lie on one side");
}

Test(judge_labels, error_rates_at_the_limit, .timeout = 60) {
    const uint32_t runs = 400;
    uint32_t words[VERDICT_WORDS] = {0};
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct synthetic_options o = labels_default();
        struct profile p = {.repeat = 1, .permuted = .3, .twin = .95, .draw_sd = .03, .input_sd = .12, .noise_sd = .05};
        struct synthetic s;
        synthetic_create(&s, &o, &p, seed);
        words[synthetic_judge(&s, 0).word]++;
        synthetic_destroy(&s);
    }
    cr_expect_leq(words[VERDICT_PASS], 29, /* two standard errors above 5 % */ "%u of %u pass", words[VERDICT_PASS],
                  runs);
    cr_expect_leq(words[VERDICT_FAIL], 29, "%u of %u fail", words[VERDICT_FAIL], runs);
}

/* ---- vanished maps ---- */

static void vanish(const struct synthetic *s, double share) {
    for (uint32_t r = 0; r < 4; r++) {
        char key[32];
        snprintf(key, sizeof key, "permuted/%u", r);
        for (uint32_t i = 0; i < 12; i++)
            for (int v = 0; v < VIEW_COUNT && (i * 7 + r * 5) % 12 < share * 12; v++)
                synthetic_cell(s, 0, key)->matched[0][v][i] = (double)NAN;
    }
}

Test(judge_labels, vanished_maps) {
    static const struct {
        double permuted, magnitude, vanished;
        enum verdict_word word;
    } all[] = {
        {.95, .2, .08, VERDICT_FAIL},      {.5, .2, .5, VERDICT_INCONCLUSIVE}, {0, 0, .5, VERDICT_PASS},
        {0, .95, .08, VERDICT_FAIL},       {0, .5, .5, VERDICT_INCONCLUSIVE},  {.8, .2, .59, VERDICT_INCONCLUSIVE},
        {0, 0, .59, VERDICT_INCONCLUSIVE},
    };
    for (size_t c = 0; c < sizeof all / sizeof *all; c++) {
        struct synthetic_options o = labels_default();
        struct profile p = {.repeat = 1,
                            .twin = .97,
                            .twin_magnitude = .97,
                            .permuted = all[c].permuted,
                            .permuted_magnitude = all[c].magnitude,
                            .draw_sd = .01};
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        vanish(&s, all[c].vanished);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, all[c].word, "case %zu: %s, %s", c, verdict_word_name(j.word), j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- maps without signs ---- */

static const struct {
    const char *name;
    double permuted, twin;
    bool same_size;
    enum verdict_word word;
    bool dominated;
} absolutes[] = {
    {"clean", .05, .5, true, VERDICT_PASS, false},
    {"survives", .9, .95, true, VERDICT_FAIL, false},
    {"as much as random weights times the input would leave", .5, .95, false, VERDICT_UNINFORMATIVE, true},
    {"more than random weights times the input", .97, .99, false, VERDICT_FAIL, false},
    {"L6 is not asked", .2, .35, true, VERDICT_PASS, false},
    {"half the gap is enough", .05, .12, true, VERDICT_PASS, false},
    {"less is not", .05, .09, true, VERDICT_UNINFORMATIVE, false},
};

Test(judge_labels, maps_without_signs) {
    for (size_t c = 0; c < sizeof absolutes / sizeof *absolutes; c++) {
        struct synthetic_options o = labels_default();
        struct profile p = {.repeat = 1,
                            .non_negative = true,
                            .permuted = .9,
                            .twin = .9,
                            .permuted_magnitude = absolutes[c].permuted,
                            .twin_magnitude = absolutes[c].twin};
        struct synthetic s;
        o.same_size = absolutes[c].same_size;
        synthetic_create(&s, &o, &p, 1);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, absolutes[c].word, "%s: %s, %s", absolutes[c].name, verdict_word_name(j.word), j.reason);
        cr_expect_eq(j.input_dominated, absolutes[c].dominated, "%s", absolutes[c].name);
        cr_expect(j.low_power);
        synthetic_destroy(&s);
    }
}

Test(judge_labels, every_view_must_pass) {
    static const struct {
        enum view view;
        double permuted, twin;
        enum verdict_word word;
    } all[] = {
        {VIEW_SIGNED_NONZERO, .9, .95, VERDICT_FAIL},         {VIEW_SIGNED_ALL, .9, .95, VERDICT_FAIL},
        {VIEW_SIGNED_NONZERO, 0, .02, VERDICT_UNINFORMATIVE}, {VIEW_SIGNED_ALL, 0, .02, VERDICT_UNINFORMATIVE},
        {VIEW_SIGNED_NONZERO, .25, .45, VERDICT_FAIL},        {VIEW_SIGNED_ALL, .24, .6, VERDICT_INCONCLUSIVE},
        {VIEW_ABSOLUTE_ALL, .9, .95, VERDICT_PASS}, /* the guard reads the non-zero pixels where there are zeros */
        {VIEW_ABSOLUTE_NONZERO, .9, .95, VERDICT_FAIL},
    };
    for (size_t c = 0; c < sizeof all / sizeof *all; c++) {
        struct synthetic_options o = labels_default();
        struct profile p = {CLEAN, TWINS};
        struct synthetic s;
        o.zeros = .4;
        synthetic_create(&s, &o, &p, 1);
        for (uint32_t r = 0; r < 4; r++) {
            char key[32];
            snprintf(key, sizeof key, "permuted/%u", r);
            synthetic_fill(&s, synthetic_cell(&s, 0, key), all[c].view, all[c].permuted, 0);
            snprintf(key, sizeof key, "twin/%u", r);
            synthetic_fill(&s, synthetic_cell(&s, 0, key), all[c].view, all[c].twin, 0);
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, all[c].word, "case %zu: %s, %s", c, verdict_word_name(j.word), j.reason);
        if (all[c].word != VERDICT_PASS)
            cr_expect(strstr(j.reason, view_name(all[c].view)), "case %zu: %s", c, j.reason);
        synthetic_destroy(&s);
    }
}

/* Magnitudes that do not repeat cannot be judged, whatever they do. */
Test(judge_labels, magnitudes_that_do_not_repeat) {
    static const double survives[] = {-.2, .45, .9};
    for (size_t k = 0; k < 3; k++) {
        struct synthetic_options o = labels_default();
        struct profile p = {.repeat = .6, .twin_magnitude = .6, .claims = ASSAY_STOCHASTIC, .twin = .9};
        struct synthetic s;
        o.same_size = false;
        synthetic_create(&s, &o, &p, 1);
        synthetic_fill(&s, synthetic_cell(&s, 0, "true/repeat1"), VIEW_ABSOLUTE_ALL, .3, 0);
        for (uint32_t r = 0; r < 4; r++) {
            char key[32];
            snprintf(key, sizeof key, "permuted/%u", r);
            synthetic_fill(&s, synthetic_cell(&s, 0, key), VIEW_ABSOLUTE_ALL, survives[k], 0);
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, VERDICT_UNINFORMATIVE, "%g: %s, %s", survives[k], verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, "magnitudes cannot be judged"), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* Mismatched maps of twins are no floor: a network that learned the labels shares what is looked for. */
Test(judge_labels, the_floor_is_that_of_the_permuted_networks) {
    struct synthetic_options o = labels_default();
    struct profile p = {CLEAN, TWINS};
    struct synthetic s;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t r = 0; r < 4; r++) {
        char key[16];
        snprintf(key, sizeof key, "twin/%u", r);
        for (int v = 0; v < VIEW_COUNT; v++)
            for (uint32_t i = 0; i < DERANGEMENTS * o.inputs; i++) synthetic_cell(&s, 0, key)->mismatched[v][i] = .99;
    }
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    cr_expect_float_eq(j.floor, 0, 1e-12, "%g", j.floor);
    synthetic_destroy(&s);
}
