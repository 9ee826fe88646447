/* Tests A, I and M, the gates before them and the fixed cut-off, on similarities of known share. */
#include "synthetic.h"

#include "base/rng.h"
#include "explainers/explainer.h"
#include "judge/chance.h"
#include "measure/interval.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STOCHASTIC ASSAY_STOCHASTIC

/* A case is a profile in fields that differ from the clean one. */
struct expectation_of {
    const char *name;
    struct profile p;
    enum verdict_word word;
    const char *first_stage; /* NULL: none */
    const char *words;       /* in the reason */
};

static void expect(const struct synthetic_options *o, const struct expectation_of *c, uint32_t control, uint64_t seed) {
    struct synthetic s;
    synthetic_create(&s, o, &c->p, seed);
    struct judgement j = synthetic_judge(&s, control);
    cr_expect_eq(j.word, c->word, "%s: %s, %s", c->name, verdict_word_name(j.word), j.reason);
    cr_expect_str_eq(j.first_stage, c->first_stage ? c->first_stage : "", "%s: first stage '%s': %s", c->name,
                     j.first_stage, j.reason);
    cr_expect(strstr(j.reason, c->words), "%s: \"%s\" does not say \"%s\"", c->name, j.reason, c->words);
    cr_expect(!strstr(j.reason, "nan") && !strstr(j.reason, "inf"), "%s: %s", c->name, j.reason);
    cr_expect_eq(j.inputs, o->inputs);
    cr_expect_eq(j.draws, o->draws);
    synthetic_destroy(&s);
}

#define CLEAN .repeat = 1, .stable = .9
#define NOISE .draw_sd = .08, .input_sd = .04, .noise_sd = .05

static const struct expectation_of cascades[] = {
    {"clean", {CLEAN}, VERDICT_PASS, NULL, "Largest surviving share D = 0.00, at most 0.00 < 0.30"},
    {"clean, with noise", {CLEAN, NOISE}, VERDICT_PASS, NULL, "magnitude share"},
    {"negative shares pass one-sided tests", {CLEAN, NOISE, .cascade = {-.6, -.3, -.2}}, VERDICT_PASS, NULL, ""},
    {"guided backprop", {CLEAN, NOISE, .cascade = {.9, .7, .2}}, VERDICT_FAIL, "fc3", "stage fc3"},
    {"second stage", {CLEAN, NOISE, .cascade = {.1, .8, .1}}, VERDICT_FAIL, "+fc2", "stage +fc2"},
    {"last stage", {CLEAN, NOISE, .cascade = {.1, .1, .8}}, VERDICT_FAIL, "+fc1", "stage +fc1"},
    {"the input itself",
     {CLEAN, .cascade = {1, 1, 1}, .magnitude = 1},
     VERDICT_FAIL,
     "fc3",
     "D = 1.00, at least 1.00 > 0.30"},
    {"at the limit",
     {CLEAN, NOISE, .cascade = {.3, 0, 0}},
     VERDICT_INCONCLUSIVE,
     "fc3",
     "Undecided at stage fc3 after 5 draws"},
    {"exactly the limit",
     {CLEAN, .cascade = {.3, 0, 0}},
     VERDICT_INCONCLUSIVE,
     "fc3",
     "D = 0.30, between 0.30 and 0.30"},
    {"too few draws for this spread",
     {CLEAN, .draw_sd = .5, .cascade = {.2, .2, .2}},
     VERDICT_INCONCLUSIVE,
     NULL,
     "Undecided"},
    {"edges x logit",
     {CLEAN, NOISE, .magnitude = .95},
     VERDICT_FAIL,
     "+fc1",
     "The magnitudes survive full randomisation"},
    {"magnitudes at the limit", {CLEAN, NOISE, .magnitude = .3}, VERDICT_INCONCLUSIVE, "+fc1", "magnitude share"},
    {"signed failure before magnitudes",
     {CLEAN, NOISE, .cascade = {0, .9, 0}, .magnitude = .9},
     VERDICT_FAIL,
     "+fc2",
     "D = "},
    {"noise",
     {.repeat = .3, .stable = .9, .claims = STOCHASTIC},
     VERDICT_UNINFORMATIVE,
     NULL,
     "Not repeatable: two seeds agree at 0.30 < 0.50; about 9 times the samples would give .80"},
    {"pure noise", {.repeat = .004, .stable = .9, .claims = STOCHASTIC}, VERDICT_UNINFORMATIVE, NULL, "unrelated maps"},
    {"negative repeatability",
     {.repeat = -.1, .stable = .9, .claims = STOCHASTIC},
     VERDICT_UNINFORMATIVE,
     NULL,
     "unrelated maps"},
    {"repeats that nobody claims are not read", {.repeat = .3, .stable = .9}, VERDICT_PASS, NULL, ""},
    {"unstable",
     {.repeat = 1, .stable = .49},
     VERDICT_UNINFORMATIVE,
     NULL,
     "Not stable: noise of 0.2 % of the input range leaves similarity 0.49"},
    {"barely stable", {.repeat = 1, .stable = .5}, VERDICT_PASS, NULL, ""},
    {"the same map for everything",
     {CLEAN, .floor = .96, .cascade = {1, 1, 1}},
     VERDICT_FAIL,
     NULL,
     "The same map for any image and any model"},
    {"noisy, unstable and the same: the first gate speaks",
     {.repeat = .2, .stable = .1, .floor = .19, .claims = STOCHASTIC},
     VERDICT_UNINFORMATIVE,
     NULL,
     "Not repeatable"},
    {"unstable and the same", {.repeat = 1, .stable = .1, .floor = .99}, VERDICT_UNINFORMATIVE, NULL, "Not stable"},
    {"a floor is taken off", {CLEAN, NOISE, .floor = .19}, VERDICT_PASS, NULL, "Largest surviving share D = 0.0"},
    {"less alike than any two maps", {CLEAN, NOISE, .cascade = {0, -.6, 0}}, VERDICT_PASS, NULL, "Warning: D = -0.6"},
    {"a low ceiling is the unit",
     {.repeat = .6, .stable = .9, NOISE, .claims = STOCHASTIC, .cascade = {.8, 0, 0}},
     VERDICT_FAIL,
     "fc3",
     "ceiling 0.60"},
};

Test(judge_weights, cascade) {
    struct synthetic_options o = synthetic_default();
    for (size_t c = 0; c < sizeof cascades / sizeof *cascades; c++) {
        const struct expectation_of *x = &cascades[c];
        struct expectation_of named = *x;
        /* Where any stage may be the one that is undecided, none is asked for. */
        if (strcmp(x->name, "too few draws for this spread") == 0) {
            struct synthetic s;
            synthetic_create(&s, &o, &x->p, 1);
            struct judgement j = synthetic_judge(&s, 0);
            cr_expect_eq(j.word, x->word, "%s: %s", x->name, j.reason);
            synthetic_destroy(&s);
        } else {
            expect(&o, &named, 0, 1);
        }
    }
}

static const struct expectation_of singles[] = {
    {"clean", {CLEAN, NOISE}, VERDICT_PASS, NULL, "Largest surviving share"},
    {"top layer only: the others do not matter", {CLEAN, NOISE, .single = {0, 1, 1}}, VERDICT_FAIL, "fc2", "stage fc2"},
    {"first layer ignored",
     {CLEAN, NOISE, .single = {0, 0, .9}},
     VERDICT_FAIL,
     "fc1",
     "0.90 more than the gradient, 0.90 more than the logits"},
    {"the top layer is the cascade's", {CLEAN, NOISE, .single = {1, 0, 0}}, VERDICT_PASS, NULL, "at most"},
    {"as much as of the gradient",
     {CLEAN, NOISE, .single = {0, 0, .9}, .gradient = {0, 0, .85}},
     VERDICT_PASS,
     NULL,
     "Survives no more than the gradient: D = 0.9"},
    {"hardly more than of the gradient",
     {CLEAN, NOISE, .single = {0, 0, .9}, .gradient = {0, 0, .6}},
     VERDICT_INCONCLUSIVE,
     "fc1",
     "Undecided at stage fc1 after 5 draws: D less the gradient's = 0."},
    {"as much as of the function is grey",
     {CLEAN, NOISE, .single = {0, 0, .6}, .logit_r = {0, 0, .5}},
     VERDICT_PASS,
     NULL,
     "inputs; 1 of 2 stages grey."},
    {"of a function that turned into its opposite, too",
     {CLEAN, NOISE, .single = {0, 0, .6}, .logit_r = {0, 0, -.5}},
     VERDICT_PASS,
     NULL,
     "1 of 2 stages grey."},
    {"hardly more than of the function",
     {CLEAN, NOISE, .single = {0, 0, .8}, .logit_r = {0, 0, .5}},
     VERDICT_INCONCLUSIVE,
     "fc1",
     "D less r of the logits = 0."},
    {"more than of the function",
     {CLEAN, NOISE, .single = {0, 0, .95}, .logit_r = {0, 0, .3}},
     VERDICT_FAIL,
     "fc1",
     "more than the logits"},
    {"constant logits keep nothing",
     {CLEAN, NOISE, .single = {0, 0, .9}, .logit_r = {0, 0, (double)NAN}},
     VERDICT_FAIL,
     "fc1",
     ""},
    {"all is grey",
     {CLEAN, NOISE, .single = {1, .55, .6}, .logit_r = {0, .5, .5}},
     VERDICT_SKIP,
     NULL,
     "Not available: one layer drawn anew leaves no more of the map than of the function; 2 of 2 stages grey (most survives at fc1: D = "
     "0.6"},
    {"magnitudes are the cascade's business", {CLEAN, NOISE, .magnitude = 1}, VERDICT_PASS, NULL, ""},
    {"in a run without a cascade priors are not",
     {CLEAN, NOISE, .floor = .4},
     VERDICT_FAIL,
     NULL,
     "A prior: 40 % of the map is the same for any input and any model (at least 40 %, more than 20 %; signed/all)."},
    {"a prior in all stages grey",
     {CLEAN, .floor = .199, .single = {0, .6, .6}, .logit_r = {0, .5, .5}},
     VERDICT_SKIP,
     NULL,
     "Not available"},
};

/* The fully randomised network carries the floor, whether or not the cascade is in the battery. */
Test(judge_weights, independent) {
    struct synthetic_options o = synthetic_default();
    o.controls[0] = &control_independent;
    for (size_t c = 0; c < sizeof singles / sizeof *singles; c++) expect(&o, &singles[c], 0, 1);
}

/* With the cascade beside it the prior is the cascade's. */
Test(judge_weights, priors_belong_to_the_cascade) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, NOISE, .floor = .4};
    struct synthetic s;
    o.controls[1] = &control_independent;
    synthetic_create(&s, &o, &p, 1);
    struct judgement cascade = synthetic_judge(&s, 0), single = synthetic_judge(&s, 1);
    cr_expect_eq(cascade.word, VERDICT_FAIL, "%s", cascade.reason);
    cr_expect_eq(single.word, VERDICT_PASS, "%s", single.reason);
    synthetic_destroy(&s);
}

/* |r| is paired with D draw by draw: it is not averaged over signs, and a draw that keeps the function excuses itself
 * alone. */
Test(judge_weights, r_is_taken_draw_by_draw) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .single = {0, 0, .5}};
    struct synthetic s;
    o.controls[0] = &control_independent;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t draw = 0; draw < 5; draw++) {
        char key[32];
        snprintf(key, sizeof key, "own:fc1/draw%u", draw);
        s.results->audits[synthetic_find(&s, key)].logit_r = draw % 2 ? .5 : -.5;
    }
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    cr_expect(strstr(j.reason, "1 of 2 stages grey"), "%s", j.reason);
    synthetic_destroy(&s);
}

/* A network of one layer has none below the top. */
Test(judge_weights, one_layer_is_the_cascades) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .single = {1}};
    o.layers = 1;
    o.controls[0] = &control_independent;
    expect(&o, &(struct expectation_of){"one layer", p, VERDICT_SKIP, NULL, "no layer below the top one"}, 0, 1);
}

/* ---- priors ---- */

static const struct {
    const char *name;
    struct profile p;
    double zeros;
    enum verdict_word word;
    const char *words;
} priors[] = {
    {"signed maps share nothing", {CLEAN, NOISE, .floor = .05}, 0, VERDICT_PASS, ""},
    {"up to the limit", {CLEAN, NOISE, .floor = .19}, 0, VERDICT_PASS, ""},
    {"at the limit",
     {CLEAN, NOISE, .floor = .2},
     0,
     VERDICT_INCONCLUSIVE,
     "Undecided at stage +fc1 after 5 draws: the share that is a prior = 0.20, between 0.20 and 0.20 around 0.20 "
     "(signed/all)"},
    {"above it",
     {CLEAN, NOISE, .floor = .207},
     0,
     VERDICT_FAIL,
     "A prior: 21 % of the map is the same for any input and any model (at least 21 %, more than 20 %; signed/all)."},
    {"nothing but a prior is said by G3", {CLEAN, .floor = .96}, 0, VERDICT_FAIL, "The same map for any image"},
    {"before the map that survives",
     {CLEAN, NOISE, .floor = .5, .cascade = {.9, .9, .9}},
     0,
     VERDICT_FAIL,
     "A prior: 50 %"},
    {"a share of what repeats",
     {.repeat = .6, .stable = .9, .floor = .15, .claims = STOCHASTIC},
     0,
     VERDICT_FAIL,
     "A prior: 25 %"},
    {"a prior times a sign", {CLEAN, NOISE, .magnitude_floor = .6}, 0, VERDICT_FAIL, "The magnitudes are a prior: 6"},
    {"a prior times a sign stays where inputs are moved",
     {CLEAN, NOISE, .magnitude_floor = .6, .moved_floor = .5},
     0,
     VERDICT_FAIL,
     "The magnitudes are a prior: 50 % of them"},
    {"what inputs have in common moves with them",
     {CLEAN, NOISE, .magnitude_floor = .6, .moved_floor = .1},
     0,
     VERDICT_PASS,
     ""},
    {"what only the trained network has in common is no prior",
     {CLEAN, NOISE, .magnitude_floor = .1, .moved_floor = .6},
     0,
     VERDICT_PASS,
     ""},
    {"magnitudes that the gradient shares",
     {CLEAN, NOISE, .magnitude_floor = .6, .yardstick_floor = .55},
     0,
     VERDICT_PASS,
     ""},
    {"a little less",
     {CLEAN, .magnitude_floor = .51, .yardstick_floor = .3, .floor_sd = .03},
     0,
     VERDICT_INCONCLUSIVE,
     "the share that is a prior = 0."},
    {"both views are asked", {CLEAN, NOISE, .floor = .4}, .3, VERDICT_FAIL, "signed/all"},
    {"no magnitudes left beside the gradient's: not asked",
     {CLEAN, NOISE, .magnitude_floor = .9, .yardstick_floor = .97},
     0,
     VERDICT_PASS,
     ""},
};

Test(judge_weights, priors) {
    for (size_t c = 0; c < sizeof priors / sizeof *priors; c++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        o.zeros = priors[c].zeros;
        synthetic_create(&s, &o, &priors[c].p, 1);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, priors[c].word, "%s: %s, %s", priors[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, priors[c].words), "%s: \"%s\" does not say \"%s\"", priors[c].name, j.reason,
                  priors[c].words);
        synthetic_destroy(&s);
    }
}

/* P is a mean over derangements for each draw and input, with the two-way interval; comparisons that vanished count 0
 * in the lower bound and are dropped in the upper. */
Test(judge_weights, the_prior_is_that_of_the_rule) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .floor = .5};
    struct synthetic s;
    double kept[60], filled[60];
    synthetic_create(&s, &o, &p, 1);
    struct rng rng = rng_stream(5, "prior", 0);
    for (uint32_t r = 0; r < 5; r++) {
        char key[64];
        snprintf(key, sizeof key, "own:fc3..fc1/draw%u", r);
        double *m = synthetic_cell(&s, 0, key)->mismatched[VIEW_SIGNED_ALL];
        for (uint32_t k = 0; k < DERANGEMENTS * 12; k++)
            m[k] = k % 7 == r ? (double)NAN : .5 + .1 * rng_normal(&rng) + .02 * r + .01 * (k % 12);
        for (uint32_t i = 0; i < 12; i++) {
            double sum = 0, present = 0;
            for (uint32_t d = 0; d < DERANGEMENTS; d++)
                if (!isnan(m[d * 12 + i])) sum += m[d * 12 + i], present++;
            kept[r * 12 + i] = sum / present;
            filled[r * 12 + i] = sum / DERANGEMENTS;
        }
    }
    struct interval below = interval_two_way(filled, 5, 12), above = interval_two_way(kept, 5, 12);
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_FAIL, "%s", j.reason);
    cr_expect_float_eq(j.score, below.mean, 1e-12, "%g", j.score);
    /* Three looks; three stages, one P and one MP. */
    cr_expect_float_eq(j.lower, interval_lower(&below, .05 / 3 / 5), 1e-9, "%g", j.lower);
    p.floor = 0;
    cr_expect(interval_upper(&above, .05 / 3) > interval_lower(&below, .05 / 3 / 5));
    synthetic_destroy(&s);
}

/* Each pair of networks is one draw: what cancels in (W, -W) is no prior. */
Test(judge_weights, priors_of_antithetic_pairs) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN};
    struct synthetic s;
    o.classes = 2;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t draw = 0; draw < 5; draw++)
        for (int sign = 0; sign < 2; sign++) {
            char key[64];
            snprintf(key, sizeof key, "own:fc3..fc1/draw%u%s", draw, sign ? "-" : "");
            synthetic_fill(&s, synthetic_cell(&s, 0, key), VIEW_SIGNED_ALL, 0, sign ? -.8 : .8);
        }
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    synthetic_destroy(&s);
}

/* ---- the numbers ---- */

/* D as docs/verdict.md defines it, from the similarities in the results: S_k less the floor of its draw, over C - F. */
static struct interval share_of(const struct synthetic *s, const char *stage_key, enum view v, double ceiling) {
    double y[20 * 64], floors[20], mean = 0;
    uint32_t n = s->options.inputs, draws = s->options.draws;
    for (uint32_t r = 0; r < draws; r++) {
        char key[64];
        snprintf(key, sizeof key, "own:fc3..fc1/draw%u", r);
        const double *f = synthetic_cell(s, 0, key)->mismatched[v];
        floors[r] = 0;
        for (uint32_t k = 0; k < DERANGEMENTS * n; k++) floors[r] += f[k] / (DERANGEMENTS * n);
        mean += floors[r] / draws;
    }
    for (uint32_t r = 0; r < draws; r++) {
        char key[64];
        snprintf(key, sizeof key, "%s/draw%u", stage_key, r);
        for (uint32_t i = 0; i < n; i++)
            y[r * n + i] = (synthetic_cell(s, 0, key)->matched[0][v][i] - floors[r]) / (ceiling - mean);
    }
    return interval_two_way(y, draws, n);
}

/* A floor of its own for every draw. */
static void shift_floor(const struct synthetic *s) {
    for (uint32_t r = 0; r < s->options.draws; r++) {
        char key[64];
        snprintf(key, sizeof key, "own:fc3..fc1/draw%u", r);
        for (int v = 0; v < VIEW_COUNT; v++)
            for (uint32_t k = 0; k < DERANGEMENTS * s->options.inputs; k++)
                synthetic_cell(s, 0, key)->mismatched[v][k] += .03 * r + .001 * (k % 7);
    }
}

/* The FAIL bound shares alpha among looks and the K tests of P, A, I and MP; of the PASS bound's the first look has
 * three fifths. */
Test(judge_weights, bounds_and_the_bonferroni_family) {
    static const struct {
        const char *name;
        const struct control *controls[3];
        uint32_t draws[3];
        double zeros, logit_r;
        unsigned looks, tests;
    } cases[] = {
        {"cascade alone: three stages, P and MP", {&control_cascading}, {5, 10, 20}, 0, 0, 3, 5},
        {"one look", {&control_cascading}, {5, 5, 5}, 0, 0, 1, 5},
        {"two looks", {&control_cascading}, {5, 10, 10}, 0, 0, 2, 5},
        {"two views", {&control_cascading}, {5, 10, 20}, .3, 0, 3, 9},
        {"no second view at the share of zeros that is allowed", {&control_cascading}, {5, 10, 20}, .1, 0, 3, 5},
        {"both controls: the top layer is one stage",
         {&control_cascading, &control_independent},
         {5, 10, 20},
         0,
         0,
         3,
         7},
        {"both controls, two views", {&control_cascading, &control_independent}, {5, 10, 20}, .3, 0, 3, 13},
        {"grey stages count", {&control_cascading, &control_independent}, {5, 10, 20}, 0, .6, 3, 7},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, NOISE, .floor = .1, .cascade = {.9, .2, .1}, .logit_r = {0, cases[c].logit_r, 0}};
        struct synthetic s;
        memcpy(o.controls, cases[c].controls, sizeof cases[c].controls);
        o.zeros = cases[c].zeros;
        synthetic_create(&s, &o, &p, 3);
        memcpy(s.battery.rule.draws, cases[c].draws, sizeof cases[c].draws);
        shift_floor(&s);
        struct judgement j = synthetic_judge(&s, 0);
        struct interval x = share_of(&s, "own:fc3", VIEW_SIGNED_ALL, 1);
        cr_expect_eq(j.word, VERDICT_FAIL, "%s: %s", cases[c].name, j.reason);
        cr_expect_float_eq(j.score, x.mean, 1e-12, "%s", cases[c].name);
        cr_expect_float_eq(j.lower, interval_lower(&x, .05 / cases[c].looks / cases[c].tests), 1e-9, "%s: %g",
                           cases[c].name, j.lower);
        cr_expect_float_eq(j.upper, interval_upper(&x, cases[c].looks > 1 ? .03 : .05), 1e-9, "%s: %g", cases[c].name,
                           j.upper);
        cr_expect_float_eq(j.ceiling, 1, 1e-12);
        synthetic_destroy(&s);
    }
}

/* A control that finds nothing in one view and everything in the other. */
Test(judge_weights, the_view_that_fails_is_named) {
    static const enum view views[] = {VIEW_SIGNED_ALL, VIEW_SIGNED_NONZERO};
    for (int k = 0; k < 2; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, NOISE};
        struct synthetic s;
        o.zeros = .3;
        synthetic_create(&s, &o, &p, 1);
        for (uint32_t draw = 0; draw < 5; draw++) {
            char key[64];
            snprintf(key, sizeof key, "own:fc3..fc2/draw%u", draw);
            synthetic_fill(&s, synthetic_cell(&s, 0, key), views[k], .8, 0);
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, VERDICT_FAIL, "%s", j.reason);
        cr_expect_str_eq(j.first_stage, "+fc2");
        cr_expect(strstr(j.reason, view_name(views[k])), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* With the true share at the limit, a PASS is an error of at most alpha per look, and a FAIL of at most alpha / K. */
Test(judge_weights, error_rates_at_the_limit, .timeout = 60) {
    const uint32_t runs = 400;
    uint32_t words[VERDICT_WORDS] = {0};
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .cascade = {.3, 0, 0}, .draw_sd = .1, .input_sd = .05, .noise_sd = .1};
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct synthetic s;
        synthetic_create(&s, &o, &p, seed);
        memcpy(s.battery.rule.draws, (uint32_t[]){5, 5, 5}, sizeof s.battery.rule.draws);
        words[synthetic_judge(&s, 0).word]++;
        synthetic_destroy(&s);
    }
    /* Two standard errors above 5 % and above 5 % / 3. */
    cr_expect_leq(words[VERDICT_PASS], 29, "%u of %u pass", words[VERDICT_PASS], runs);
    cr_expect_leq(words[VERDICT_FAIL], 12, "%u of %u fail", words[VERDICT_FAIL], runs);
    cr_expect_eq(words[VERDICT_PASS] + words[VERDICT_FAIL] + words[VERDICT_INCONCLUSIVE], runs);
}

/* ---- maps that vanished ---- */

/* Makes the first `share` of the cells of a stage disappear, spread over inputs and draws. */
static uint32_t vanish(const struct synthetic *s, const char *stage_key, double share) {
    uint32_t gone = 0, n = s->options.inputs;
    for (uint32_t r = 0; r < s->options.draws; r++) {
        char key[64];
        snprintf(key, sizeof key, "%s/draw%u", stage_key, r);
        for (uint32_t i = 0; i < n; i++) {
            if ((double)((i * 7 + r * 5) % n) >= share * n) continue;
            for (int v = 0; v < VIEW_COUNT; v++) synthetic_cell(s, 0, key)->matched[0][v][i] = (double)NAN;
            gone++;
        }
    }
    return gone;
}

Test(judge_weights, vanished_maps_count_as_nothing_against_and_not_at_all_in_favour) {
    static const struct {
        const char *name;
        double share, vanished;
        enum verdict_word word;
        const char *words;
    } cases[] = {
        {"a tenth", .9, .1, VERDICT_FAIL, "D = "},
        {"a sixth is said", .9, .17, VERDICT_FAIL, "vanished maps counted as 0"},
        {"half of a bad method: not enough is left to fail it", .5, .5, VERDICT_INCONCLUSIVE, "Undecided"},
        {"half of a good method", 0, .5, VERDICT_PASS, "50 % of maps vanished"},
        {"more than half of a bad one", .9, .59, VERDICT_INCONCLUSIVE, "67 % of the maps vanished"},
        {"more than half of a good one", 0, .59, VERDICT_INCONCLUSIVE, "too few are left to judge"},
        {"all", 0, 1, VERDICT_INCONCLUSIVE, "100 % of the maps vanished"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, .cascade = {0, cases[c].share, 0}, .draw_sd = .01};
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        uint32_t gone = vanish(&s, "own:fc3..fc2", cases[c].vanished);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "%s: %s, %s", cases[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: %s", cases[c].name, j.reason);
        if (cases[c].word == VERDICT_FAIL) /* the bound that fails it counts them */
            cr_expect_float_eq(j.score, cases[c].share * (1 - gone / 60.0), .02, "%s: %g", cases[c].name, j.score);
        synthetic_destroy(&s);
    }
}

/* Inputs without a map of their own are out of every count, up to a fifth of them. */
Test(judge_weights, constant_originals) {
    for (uint32_t constant = 0; constant <= 4; constant++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, NOISE};
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        for (uint32_t a = 0; a < s.run.plan.attribution_count; a++)
            for (int v = 0; v < VIEW_COUNT; v++)
                for (uint32_t i = 0; i < constant; i++)
                    if (s.results->cells[a].matched[0][v]) s.results->cells[a].matched[0][v][i] = (double)NAN;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, constant <= 2 ? VERDICT_PASS : VERDICT_ERROR, "%u: %s", constant, j.reason);
        cr_expect(constant <= 2 || strstr(j.reason, "Constant map on the original network for"), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* A method that claims never to be negative may find nothing in some inputs: up to half of them are left out. */
Test(judge_weights, empty_originals) {
    static const struct {
        uint32_t empty;
        enum verdict_word word;
        const char *words, *note;
    } cases[] = {{2, VERDICT_PASS, "", ""},
                 {3, VERDICT_PASS, "", "3 of 12 maps are empty"},
                 {6, VERDICT_PASS, "", "6 of 12 maps are empty"},
                 {7, VERDICT_UNINFORMATIVE, "Empty maps: the original network's are constant for 7 of 12 inputs", ""},
                 {12, VERDICT_UNINFORMATIVE, "Empty maps", ""}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int claims = 0; claims < 2; claims++) {
            struct synthetic_options o = synthetic_default();
            struct profile p = {CLEAN, NOISE, .non_negative = true, .claims = claims ? ASSAY_NON_NEGATIVE : 0};
            struct synthetic s;
            synthetic_create(&s, &o, &p, 1);
            for (uint32_t a = 0; a < s.run.plan.attribution_count; a++)
                for (int v = 0; v < VIEW_COUNT; v++)
                    for (uint32_t i = 0; i < cases[k].empty; i++)
                        if (s.results->cells[a].matched[0][v]) s.results->cells[a].matched[0][v][i] = (double)NAN;
            struct judgement j = synthetic_judge(&s, 0);
            enum verdict_word word = claims || cases[k].empty <= 2 ? cases[k].word : VERDICT_ERROR;
            cr_expect_eq(j.word, word, "%u: %s, %s", cases[k].empty, verdict_word_name(j.word), j.reason);
            cr_expect(word != cases[k].word || strstr(j.reason, cases[k].words), "%s", j.reason);
            if (claims) cr_expect_str_eq(j.note, cases[k].note);
            synthetic_destroy(&s);
        }
}

/* One input that is left has no other. */
Test(judge_weights, one_original_that_is_not_empty) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .non_negative = true, .claims = ASSAY_NON_NEGATIVE};
    struct synthetic s;
    o.inputs = 2;
    synthetic_create(&s, &o, &p, 1);
    for (int v = 0; v < VIEW_COUNT; v++) synthetic_cell(&s, 0, "model")->matched[0][v][1] = (double)NAN;
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_INCONCLUSIVE, "%s", j.reason);
    cr_expect(strstr(j.reason, "One input"), "%s", j.reason);
    synthetic_destroy(&s);
}

/* ---- antithetic pairs ---- */

/* An honest method flips its sign with the top layer: each draw is the mean of its two networks. */
Test(judge_weights, antithetic_pairs_are_one_draw) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, NOISE};
    struct synthetic s;
    o.classes = 2;
    synthetic_create(&s, &o, &p, 1);
    for (uint32_t draw = 0; draw < 5; draw++)
        for (int sign = 0; sign < 2; sign++) {
            char key[64];
            snprintf(key, sizeof key, "own:fc3/draw%u%s", draw, sign ? "-" : "");
            synthetic_fill(&s, synthetic_cell(&s, 0, key), VIEW_SIGNED_ALL, (draw % 2 == 0) == (sign == 0) ? .9 : -.9,
                           0);
        }
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect_eq(j.word, VERDICT_PASS, "%s", j.reason);
    cr_expect_eq(j.draws, 5);
    synthetic_destroy(&s);
}

/* ---- the magnitude guard ---- */

/* Where C of the absolute map is no more than chance would give, shares of their difference mean nothing. */
Test(judge_weights, magnitudes_that_do_not_repeat_are_not_judged) {
    static const double survives[] = {-.2, .3, .45, .9};
    for (size_t k = 0; k < 4; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {.repeat = .6, .stable = .9, .claims = STOCHASTIC};
        struct synthetic s;
        o.same_size = false;
        synthetic_create(&s, &o, &p, 1);
        for (enum view v = VIEW_ABSOLUTE_ALL; v < VIEW_COUNT; v++) {
            synthetic_fill(&s, synthetic_cell(&s, 0, "model/repeat1"), v, .3, 0);
            for (uint32_t draw = 0; draw < 5; draw++) {
                char key[64];
                snprintf(key, sizeof key, "own:fc3..fc1/draw%u", draw);
                synthetic_fill(&s, synthetic_cell(&s, 0, key), v, survives[k], 0);
            }
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, VERDICT_UNINFORMATIVE, "%g: %s, %s", survives[k], verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, "magnitudes"), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* M is what random weights times the input agree by: nothing where all inputs have one size, much where they differ. */
Test(judge_weights, chance_magnitude) {
    struct profile p = {CLEAN};
    double m[2];
    for (int k = 0; k < 2; k++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        struct judge_case c;
        o.same_size = k == 0;
        synthetic_create(&s, &o, &p, 1);
        case_begin(&c, s.results, 0, 0, 5);
        m[k] = chance_base(&c, VIEW_ABSOLUTE_ALL);
        synthetic_destroy(&s);
    }
    cr_expect(fabs(m[0]) < .1, "%g", m[0]);
    cr_expect(m[1] > .3 && m[1] < .7, "%g", m[1]);
}

/* |x_j v| prepared in the pixels of x_i. */
static struct prepared *random_product(const struct synthetic *s, const char *stream, uint32_t j, uint32_t i) {
    enum { PIXELS = SYNTHETIC_SIDE * SYNTHETIC_SIDE };
    static const struct map_shape shape = {1, SYNTHETIC_SIDE, SYNTHETIC_SIDE};
    const float *x = s->view.inputs[ROOT_MODEL].x;
    float map[PIXELS];
    uint8_t mask[PIXELS];
    rng_fill_normal(rng_seed(s->view.seed, stream, j), 0, PIXELS, map);
    for (size_t k = 0; k < PIXELS; k++) {
        map[k] *= x[j * PIXELS + k];
        mask[k] = fabsf(x[i * PIXELS + k]) > 0;
    }
    struct prepared *p = prepared_create(map, mask, &shape);
    cr_assert_not_null(p);
    return p;
}

/* The same from its definition: the mean of rho(|x_i u|, |x_j v|), over inputs with themselves or with others. */
Test(judge_weights, chance_magnitude_by_its_definition) {
    static const enum view views[] = {VIEW_ABSOLUTE_ALL, VIEW_ABSOLUTE_NONZERO};
    const struct profile p = {CLEAN};
    struct synthetic_options o = synthetic_default();
    struct synthetic s;
    struct judge_case c;
    o.same_size = false;
    synthetic_create(&s, &o, &p, 1);
    case_begin(&c, s.results, 0, 0, 5);
    const struct input_set *set = &s.view.inputs[ROOT_MODEL];
    for (int k = 0; k < 4; k++) {
        bool others = k % 2;
        double sum = 0, present = 0;
        for (size_t place = 0; place < (others ? DERANGEMENTS : 1) * (size_t)set->count; place++) {
            uint32_t i = (uint32_t)(place % set->count), j = others ? set->derangements[place] : i;
            if (others && i == j) continue;
            struct prepared *u = random_product(&s, "magnitude/u", i, i), *v = random_product(&s, "magnitude/v", j, i);
            double rho = measure_compare(measures[0], u, v, views[k / 2]);
            prepared_destroy(u);
            prepared_destroy(v);
            if (isnan(rho)) continue;
            sum += rho;
            present++;
        }
        cr_assert_gt(present, 0);
        cr_expect_float_eq((others ? chance_mismatched : chance_base)(&c, views[k / 2]), sum / present, 1e-9);
    }
    synthetic_destroy(&s);
}

/* Of maps of moved inputs that vanished few are left out; of many nothing is known, which is neither PASS nor FAIL. */
Test(judge_weights, maps_of_moved_inputs_that_vanished) {
    static const struct {
        double share;
        enum verdict_word word;
    } cases[] = {{0, VERDICT_PASS}, {.02, VERDICT_PASS}, {.6, VERDICT_INCONCLUSIVE}, {1, VERDICT_INCONCLUSIVE}};
    const struct profile p = {CLEAN, .magnitude_floor = .6, .moved_floor = .1};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        const struct cell *cell = synthetic_cell(&s, 0, "model/moved");
        for (size_t i = 0; i < DERANGEMENTS * o.inputs; i++)
            if ((double)(i * 7 % 50) < 50 * cases[k].share)
                for (int v = 0; v < VIEW_COUNT; v++) cell->mismatched[v][i] = (double)NAN;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[k].word, "%g: %s, %s", cases[k].share, verdict_word_name(j.word), j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- maps without signs ---- */

static const struct {
    const char *name;
    double magnitude, yardstick, noise;
    bool same_size;
    enum verdict_word word;
    bool dominated;
    const char *words;
} absolutes[] = {
    {"below the limit", .1, .1, .05, true, VERDICT_PASS, false, "Largest surviving share"},
    {"no more than the absolute gradient", .6, .55, .05, true, VERDICT_PASS, false,
     "Survives no more than the absolute gradient"},
    {"more than both", .95, .1, .05, true, VERDICT_FAIL, false, "stage fc3"},
    {"undecided against the yardstick", .6, .3, .05, true, VERDICT_INCONCLUSIVE, false, "Undecided"},
    {"what random weights times the input would leave", .55, .1, .02, false, VERDICT_UNINFORMATIVE, true,
     "dominated by the input"},
    {"more than random weights times the input", .98, .1, .01, false, VERDICT_FAIL, false, "stage fc3"},
};

Test(judge_weights, maps_without_signs) {
    for (size_t c = 0; c < sizeof absolutes / sizeof *absolutes; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN,
                            .non_negative = true,
                            .claims = ASSAY_NON_NEGATIVE,
                            .magnitude = absolutes[c].magnitude,
                            .yardstick = absolutes[c].yardstick,
                            .noise_sd = absolutes[c].noise,
                            .cascade = {.9, .9, .9}};
        struct synthetic s;
        o.same_size = absolutes[c].same_size;
        synthetic_create(&s, &o, &p, 1);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, absolutes[c].word, "%s: %s, %s", absolutes[c].name, verdict_word_name(j.word), j.reason);
        cr_expect_eq(j.input_dominated, absolutes[c].dominated, "%s", absolutes[c].name);
        cr_expect(strstr(j.reason, absolutes[c].words), "%s: %s", absolutes[c].name, j.reason);
        cr_expect(j.low_power, "the signed views (share .9) do not exist for them");
        synthetic_destroy(&s);
    }
}

/* A map without signs that says nothing: the advice is to look at one that there is. */
Test(judge_weights, the_signed_map_is_one_that_there_is) {
    static const struct {
        unsigned claims;
        const char *other, *words; /* other: a further row of the run, or NULL */
    } cases[] = {
        {0, NULL, "test the signed map, without `reduce`."},
        {ASSAY_NON_NEGATIVE, NULL, "no signed map that could be tested instead."},
        {ASSAY_NON_NEGATIVE, "subject (before ReLU)", "test the map before the ReLU"},
        {ASSAY_NON_NEGATIVE, "subject-2 (before ReLU)", "no signed map"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN,           .non_negative = true, .claims = cases[c].claims, .magnitude = .55,
                            .yardstick = .1, .noise_sd = .02,      .cascade = {.9, .9, .9}};
        struct synthetic s;
        o.same_size = false;
        synthetic_create(&s, &o, &p, 1);
        struct explainer_entry rows[3] = {
            s.run.explainers[0], s.run.explainers[1], {.name = (char *)(uintptr_t)cases[c].other, .added = true}};
        s.results->view.explainers = rows;
        s.results->view.explainer_count = cases[c].other ? 3 : 2;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect(j.input_dominated && strstr(j.reason, cases[c].words), "case %zu: %s", c, j.reason);
        s.results->view.explainers = s.run.explainers;
        s.results->view.explainer_count = s.run.explainer_count;
        synthetic_destroy(&s);
    }
}

/* A missing or constant yardstick excuses nothing. */
Test(judge_weights, without_a_yardstick) {
    struct synthetic_options o = synthetic_default();
    struct profile p = {CLEAN, .non_negative = true, .magnitude = .95, .yardstick = .95, .noise_sd = .02};
    struct synthetic s;
    synthetic_create(&s, &o, &p, 1);
    struct judgement before = synthetic_judge(&s, 0);
    cr_expect_eq(before.word, VERDICT_PASS, "%s", before.reason);
    for (uint32_t a = 0; a < s.run.plan.attribution_count; a++)
        for (int v = 0; v < VIEW_COUNT; v++) {
            double *m = s.results->cells[s.results->attribution_count + a].matched[0][v];
            for (uint32_t i = 0; m && i < o.inputs; i++) m[i] = (double)NAN;
        }
    struct judgement after = synthetic_judge(&s, 0);
    cr_expect_neq(after.word, VERDICT_PASS, "%s", after.reason);
    synthetic_destroy(&s);
}

/* ---- from the input up ---- */

/* What is above stays as it was trained, so a map may keep what the function keeps, and what the gradient keeps. */
Test(judge_weights, from_the_input_up) {
    static const struct {
        const char *name;
        double share, gradient, logit_r;
        enum verdict_word word;
        const char *words;
    } all[] = {
        {"nothing survives", 0, 0, 0, VERDICT_PASS, "Largest surviving share"},
        {"as of the gradient", .6, .6, 0, VERDICT_PASS, "Survives no more than the gradient"},
        {"as of the function", .6, 0, .6, VERDICT_SKIP, "layers drawn anew leave no more of the map"},
        {"more than both", .9, .1, .1, VERDICT_FAIL, "more than the logits"},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {CLEAN, NOISE};
        struct synthetic s;
        for (int stage = 0; stage < 2; stage++) {
            p.single[stage] = all[k].share;
            p.gradient[stage] = all[k].gradient;
            p.logit_r[stage] = all[k].logit_r;
        }
        o.controls[0] = &control_bottom_up;
        synthetic_create(&s, &o, &p, 1);
        for (uint32_t a = 0; a < s.run.plan.attribution_count; a++) s.results->audits[a].logit_r = all[k].logit_r;
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, all[k].word, "%s: %s, %s", all[k].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, all[k].words), "%s: %s", all[k].name, j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- the common practice, for comparison ---- */

Test(judge_weights, fixed_cutoff) {
    static const struct {
        double magnitude, vanished;
        enum verdict_word word;
    } cases[] = {{.1, 0, VERDICT_PASS},          {.49, 0, VERDICT_PASS},       {.51, 0, VERDICT_FAIL},
                 {1, 0, VERDICT_FAIL},           {.1, .4, VERDICT_PASS},       {.1, .6, VERDICT_INCONCLUSIVE},
                 {.9, .6, VERDICT_INCONCLUSIVE}, {.1, 1, VERDICT_INCONCLUSIVE}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        /* A failure at the first stage is not seen: only the last counts. */
        struct profile p = {CLEAN, .cascade = {1, 0, 0}, .magnitude = cases[c].magnitude};
        struct synthetic s;
        synthetic_create(&s, &o, &p, 1);
        s.battery.rule.kind = RULE_FIXED_CUTOFF;
        vanish(&s, "own:fc3..fc1", cases[c].vanished);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "case %zu: %s, %s", c, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, "ixed cut-off (uncalibrated)"), "%s", j.reason);
        synthetic_destroy(&s);
    }
}

/* ---- one input, one draw ---- */

/* Whatever the maps do: no floor or no interval, no PASS and no FAIL, under either rule. */
Test(judge_weights, too_few_to_judge) {
    static const struct {
        uint32_t inputs, draws;
        const char *words;
    } numbers[] = {
        {1, 1, "One input and one draw: neither floor nor interval"},
        {1, 5,
         "One input: neither floor nor interval, so the similarities are shown and not judged. 2 or more wanted "
         "(`inputs` of `data`; default 30)."},
        {12, 1,
         "One draw: no interval, so the similarities are shown and not judged. 2 or more wanted (`draws` of "
         "`rule`; default 5)."},
    };
    static const struct {
        const char *name;
        struct profile p;
        enum verdict_word word;
    } cases[] = {
        {"clean", {CLEAN}, VERDICT_INCONCLUSIVE},
        {"survives", {CLEAN, .cascade = {1, 1, 1}, .single = {1, 1, 1}}, VERDICT_INCONCLUSIVE},
        {"the same everywhere", {CLEAN, .floor = .99, .cascade = {1, 1, 1}}, VERDICT_INCONCLUSIVE},
        {"without signs", {CLEAN, .yardstick = .1, .non_negative = true}, VERDICT_INCONCLUSIVE},
        {"more inputs would not help", {.repeat = .1, .claims = STOCHASTIC}, VERDICT_UNINFORMATIVE},
    };
    struct synthetic_options o = synthetic_default();
    o.controls[1] = &control_independent;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers * 4; k++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            size_t number = k / 4;
            struct synthetic s;
            o.inputs = numbers[number].inputs;
            o.draws = numbers[number].draws;
            synthetic_create(&s, &o, &cases[c].p, 1);
            s.battery.rule.kind = k % 2 ? RULE_FIXED_CUTOFF : RULE_CALIBRATED;
            struct judgement j = synthetic_judge(&s, k / 2 % 2);
            cr_expect_eq(j.word, cases[c].word, "%s, %u inputs, %u draws: %s, %s", cases[c].name, o.inputs, o.draws,
                         verdict_word_name(j.word), j.reason);
            cr_expect(j.word != VERDICT_INCONCLUSIVE || strstr(j.reason, numbers[number].words), "%s", j.reason);
            synthetic_destroy(&s);
        }
}

/* ---- constants of the rule are those of the battery ---- */

Test(judge_weights, constants_come_from_the_battery) {
    static const struct {
        const char *name;
        double value;
        struct profile p;
        enum verdict_word default_word, word;
    } cases[] = {
        {"delta", .5, {CLEAN, .cascade = {.45, 0, 0}}, VERDICT_FAIL, VERDICT_PASS},
        {"repeatability", .2, {.repeat = .3, .stable = .9, .claims = STOCHASTIC}, VERDICT_UNINFORMATIVE, VERDICT_PASS},
        {"stability", .2, {.repeat = 1, .stable = .3}, VERDICT_UNINFORMATIVE, VERDICT_PASS},
        {"degenerate", .85, {CLEAN, .floor = .19}, VERDICT_PASS, VERDICT_FAIL},
        {"prior-share", .5, {CLEAN, .floor = .4, .magnitude_floor = .01}, VERDICT_FAIL, VERDICT_PASS},
        {"alpha", .5, {CLEAN, .cascade = {.53, 0, 0}, .draw_sd = .1}, VERDICT_INCONCLUSIVE, VERDICT_FAIL},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        synthetic_create(&s, &o, &cases[c].p, 2);
        struct judgement before = synthetic_judge(&s, 0);
        for (const struct rule_constant *k = rule_constant_table; k->name; k++)
            if (strcmp(k->name, cases[c].name) == 0) *k->field(&s.battery.rule) = cases[c].value;
        struct judgement after = synthetic_judge(&s, 0);
        cr_expect_eq(before.word, cases[c].default_word, "%s: %s", cases[c].name, before.reason);
        cr_expect_eq(after.word, cases[c].word, "%s: %s", cases[c].name, after.reason);
        synthetic_destroy(&s);
    }
}
