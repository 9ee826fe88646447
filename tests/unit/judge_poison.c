/* Whatever is missing, failed or not a number: nothing of it may ever give PASS. Each poison is put into results that
 * pass. */
#include "synthetic.h"

#include "base/text.h"
#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where a poison goes: one key per rule, so that each rule meets it in something that it reads. */
struct rule_case {
    const char *name;
    const struct control *control;
    struct profile p;
    enum rule_kind kind;
    const char *original, *variant, *last; /* a variant, and the stage of the floor, both without the draw */
};

#define CLEAN .repeat = 1, .stable = .9, .twin = .6, .twin_magnitude = .6
static const struct rule_case rules[] = {
    {"cascade", &control_cascading, {CLEAN}, RULE_CALIBRATED, "model", "own:fc3..fc2/draw", "own:fc3..fc1/draw"},
    {"independent", &control_independent, {CLEAN}, RULE_CALIBRATED, "model", "own:fc1/draw", "own:fc3..fc1/draw"},
    {"without signs",
     &control_cascading,
     {CLEAN, .non_negative = true},
     RULE_CALIBRATED,
     "model",
     "own:fc3/draw",
     "own:fc3..fc1/draw"},
    {"stochastic",
     &control_cascading,
     {.repeat = .8, .stable = .9, .claims = ASSAY_STOCHASTIC},
     RULE_CALIBRATED,
     "model",
     "own:fc3/draw",
     "own:fc3..fc1/draw"},
    {"fixed cut-off",
     &control_cascading,
     {CLEAN},
     RULE_FIXED_CUTOFF,
     "model",
     "own:fc3..fc1/draw",
     "own:fc3..fc1/draw"},
    {"labels", &control_label_permutation, {CLEAN}, RULE_CALIBRATED, "true", "permuted/", "permuted/"},
    {"labels, without signs",
     &control_label_permutation,
     {CLEAN, .non_negative = true},
     RULE_CALIBRATED,
     "true",
     "permuted/",
     "permuted/"},
    {"linear identity",
     &control_linear_identity,
     {CLEAN, .claims = ASSAY_LINEAR_EXACT},
     RULE_CALIBRATED,
     "linear",
     NULL,
     NULL},
    {"zero pixel",
     &control_zero_pixel,
     {CLEAN, .claims = ASSAY_INPUT_MULTIPLIER},
     RULE_CALIBRATED,
     "model/zeroed",
     NULL,
     NULL},
};

/* ---- poisons: false where the rule has nothing of the kind ---- */

static struct cell *original(struct synthetic *s, const struct rule_case *r) {
    return synthetic_cell(s, 0, r->original);
}

static struct cell *variant(struct synthetic *s, const char *stem, uint32_t draw) {
    char key[64];
    snprintf(key, sizeof key, "%s%u", stem, draw);
    return synthetic_cell(s, 0, key);
}

static uint32_t draws_of(const struct rule_case *r) {
    return strcmp(r->original, "true") == 0 ? 4 : 5;
}

static void become(struct cell *c, bool present, enum unit_status status) {
    c->present = present;
    c->status = status;
    free(c->why);
    c->why = text_copy("because");
}

static void forget(struct cell *c) {
    for (int v = 0; v < VIEW_COUNT; v++) {
        free(c->matched[0][v]);
        free(c->mismatched[v]);
        c->matched[0][v] = c->mismatched[v] = NULL;
    }
}

static void blank(const struct synthetic *s, struct cell *c, double share) {
    for (int v = 0; v < VIEW_COUNT; v++)
        for (uint32_t i = 0; c->matched[0][v] && i < s->options.inputs; i++)
            if (i < share * s->options.inputs) c->matched[0][v][i] = (double)NAN;
}

/* What the weight randomisations pair maps with. */
static struct cell *gradient(struct synthetic *s, const struct rule_case *r) {
    char key[64];
    if (!r->last || r->kind == RULE_FIXED_CUTOFF || strcmp(r->original, "model") != 0) return NULL;
    snprintf(key, sizeof key, "%s%u", r->last, 2);
    return synthetic_cell(s, 1, key);
}

static bool gradient_missing(struct synthetic *s, const struct rule_case *r) {
    struct cell *c = gradient(s, r);
    if (c) become(c, false, UNIT_OK);
    return c != NULL;
}
static bool gradient_failed(struct synthetic *s, const struct rule_case *r) {
    struct cell *c = gradient(s, r);
    if (c) become(c, true, UNIT_FAILED);
    return c != NULL;
}
static bool twins_nan(struct synthetic *s, const struct rule_case *r) {
    for (uint32_t k = 0; k < 4 && strcmp(r->original, "true") == 0; k++) blank(s, variant(s, "twin/", k), 1);
    return strcmp(r->original, "true") == 0;
}
static bool original_missing(struct synthetic *s, const struct rule_case *r) {
    become(original(s, r), false, UNIT_OK);
    return true;
}
static bool original_failed(struct synthetic *s, const struct rule_case *r) {
    become(original(s, r), true, UNIT_FAILED);
    return true;
}
static bool original_without_numbers(struct synthetic *s, const struct rule_case *r) {
    forget(original(s, r));
    return r->variant != NULL;
}
static bool original_constant(struct synthetic *s, const struct rule_case *r) {
    blank(s, original(s, r), .3);
    return r->variant != NULL;
}
static bool variant_missing(struct synthetic *s, const struct rule_case *r) {
    if (r->variant) become(variant(s, r->variant, draws_of(r) - 1), false, UNIT_OK);
    return r->variant != NULL;
}
static bool variant_failed(struct synthetic *s, const struct rule_case *r) {
    if (r->variant) become(variant(s, r->variant, draws_of(r) - 1), true, UNIT_FAILED);
    return r->variant != NULL;
}
/* A method that supports the network, and then not a network of the same layers. */
static bool variant_unsupported(struct synthetic *s, const struct rule_case *r) {
    if (r->variant) become(variant(s, r->variant, 0), true, UNIT_UNSUPPORTED);
    return r->variant != NULL;
}
static bool variant_without_numbers(struct synthetic *s, const struct rule_case *r) {
    if (r->variant) forget(variant(s, r->variant, 0));
    return r->variant != NULL;
}
static bool variants_nan(struct synthetic *s, const struct rule_case *r) {
    for (uint32_t d = 0; r->variant && d < draws_of(r); d++) blank(s, variant(s, r->variant, d), 1);
    return r->variant != NULL;
}
static bool variants_mostly_nan(struct synthetic *s, const struct rule_case *r) {
    for (uint32_t d = 0; r->variant && d < draws_of(r); d++) blank(s, variant(s, r->variant, d), .6);
    return r->variant != NULL;
}
static bool floor_nan(struct synthetic *s, const struct rule_case *r) {
    for (uint32_t d = 0; r->last && d < draws_of(r); d++)
        for (int v = 0; v < VIEW_COUNT; v++)
            for (uint32_t k = 0; k < DERANGEMENTS * s->options.inputs; k++)
                variant(s, r->last, d)->mismatched[v][k] = (double)NAN;
    return r->last && r->kind != RULE_FIXED_CUTOFF; /* which has no floor */
}
static bool floor_missing(struct synthetic *s, const struct rule_case *r) {
    for (uint32_t d = 0; r->last && d < draws_of(r); d++)
        for (int v = 0; v < VIEW_COUNT; v++) {
            free(variant(s, r->last, d)->mismatched[v]);
            variant(s, r->last, d)->mismatched[v] = NULL;
        }
    return r->last && r->kind != RULE_FIXED_CUTOFF;
}
static bool jitter_missing(struct synthetic *s, const struct rule_case *r) {
    become(synthetic_cell(s, 0, "model/jitter"), false, UNIT_OK);
    return strcmp(r->original, "model") == 0;
}
static bool jitter_nan(struct synthetic *s, const struct rule_case *r) {
    blank(s, synthetic_cell(s, 0, "model/jitter"), 1);
    return strcmp(r->original, "model") == 0;
}
static bool jitter_failed(struct synthetic *s, const struct rule_case *r) {
    become(synthetic_cell(s, 0, "model/jitter"), true, UNIT_FAILED);
    return strcmp(r->original, "model") == 0;
}
/* Test MP of signed maps reads it. */
static struct cell *moved(struct synthetic *s, const struct rule_case *r) {
    bool asked = r->last && strcmp(r->original, "model") == 0 && !r->p.non_negative && r->kind != RULE_FIXED_CUTOFF;
    return asked ? synthetic_cell(s, 0, "model/moved") : NULL;
}
static bool moved_missing(struct synthetic *s, const struct rule_case *r) {
    struct cell *c = moved(s, r);
    if (c) become(c, false, UNIT_OK);
    return c != NULL;
}
static bool moved_failed(struct synthetic *s, const struct rule_case *r) {
    struct cell *c = moved(s, r);
    if (c) become(c, true, UNIT_FAILED);
    return c != NULL;
}
static bool moved_without_numbers(struct synthetic *s, const struct rule_case *r) {
    struct cell *c = moved(s, r);
    if (c) forget(c);
    return c != NULL;
}
static bool repeat_nan(struct synthetic *s, const struct rule_case *r) {
    blank(s, synthetic_cell(s, 0, "model/repeat1"), 1);
    return (r->p.claims & ASSAY_STOCHASTIC) != 0;
}
static bool repeat_missing(struct synthetic *s, const struct rule_case *r) {
    become(synthetic_cell(s, 0, "model/repeat1"), false, UNIT_OK);
    return (r->p.claims & ASSAY_STOCHASTIC) != 0;
}
static struct audit *audit(struct synthetic *s, const struct rule_case *r) {
    char key[64];
    snprintf(key, sizeof key, "%s3", r->variant ? r->variant : "");
    return r->variant && draws_of(r) == 5 ? &s->results->audits[synthetic_find(s, key)] : NULL;
}
static bool audit_missing(struct synthetic *s, const struct rule_case *r) {
    struct audit *a = audit(s, r);
    if (a) a->present = false;
    return a != NULL;
}
static bool audit_overflow(struct synthetic *s, const struct rule_case *r) {
    struct audit *a = audit(s, r);
    if (a) a->finite = false;
    return a != NULL;
}
static bool audit_mismatch(struct synthetic *s, const struct rule_case *r) {
    struct audit *a = audit(s, r);
    if (a) a->changed++;
    return a != NULL;
}
static bool breach(struct synthetic *s, const struct rule_case *r) {
    (void)r;
    s->run.explainers[0].breach = text_copy("it wrote where it should not");
    return true;
}
static bool unsupported(struct synthetic *s, const struct rule_case *r) {
    (void)r;
    s->run.explainers[0].unsupported = text_copy("wants attention");
    return true;
}
static bool untrained(struct synthetic *s, const struct rule_case *r) {
    run_network(&s->run, NETWORK_TWIN, 2)->failure = text_copy("the loss is not finite");
    return draws_of(r) == 4;
}
static bool accuracy_nan(struct synthetic *s, const struct rule_case *r) {
    run_network(&s->run, NETWORK_PERMUTED, 1)->train_accuracy = (double)NAN;
    return draws_of(r) == 4;
}
static bool test_accuracy_nan(struct synthetic *s, const struct rule_case *r) {
    run_network(&s->run, NETWORK_PERMUTED, 1)->test_accuracy = (double)NAN;
    return draws_of(r) == 4;
}
static bool check_missing(struct synthetic *s, const struct rule_case *r) {
    s->results->checks[0].present = false;
    return !r->variant;
}
static bool check_nan(struct synthetic *s, const struct rule_case *r) {
    s->results->checks[0].worst = (double)NAN;
    s->results->checks[0].holds = false;
    return !r->variant;
}
static bool check_of_some_inputs(struct synthetic *s, const struct rule_case *r) {
    s->results->checks[0].inputs--;
    return !r->variant;
}
static bool check_of_zeros(struct synthetic *s, const struct rule_case *r) {
    s->results->checks[0].worst = s->results->checks[0].tolerance = 0;
    return !r->variant;
}
static bool no_checks(struct synthetic *s, const struct rule_case *r) {
    if (!r->variant) s->run.plan.check_count = 0;
    return !r->variant;
}

static const struct poison {
    const char *name;
    bool (*put)(struct synthetic *, const struct rule_case *);
    unsigned words; /* bits of those it may give */
} poisons[] = {
#define E (1u << VERDICT_ERROR)
#define I (1u << VERDICT_INCONCLUSIVE)
#define U (1u << VERDICT_UNINFORMATIVE)
#define S (1u << VERDICT_SKIP)
#define F (1u << VERDICT_FAIL)
    {"the original is missing", original_missing, E},
    {"the original failed", original_failed, E},
    {"the original has no numbers", original_without_numbers, E},
    {"constant originals", original_constant, E},
    {"a unit is missing", variant_missing, E},
    {"a unit failed", variant_failed, E},
    {"a variant is refused", variant_unsupported, E},
    {"a unit without numbers", variant_without_numbers, E},
    {"no similarity at a stage", variants_nan, I | U},
    {"few similarities at a stage", variants_mostly_nan, I | U},
    {"no floor", floor_nan, I | U | E},
    {"a floor that was not stored", floor_missing, I | U | E},
    {"no jittered maps", jitter_missing, E},
    {"jittered maps without similarity", jitter_nan, U},
    {"jittered maps failed", jitter_failed, E},
    {"no maps of moved inputs", moved_missing, E},
    {"maps of moved inputs failed", moved_failed, E},
    {"maps of moved inputs without numbers", moved_without_numbers, E},
    {"a repetition without similarity", repeat_nan, E},
    {"no repetition", repeat_missing, E},
    {"no gradient to compare with", gradient_missing, E},
    {"the gradient failed", gradient_failed, E},
    {"twins without similarity", twins_nan, E},
    {"no audit", audit_missing, E},
    {"logits overflow", audit_overflow, E},
    {"other layers changed", audit_mismatch, E},
    {"a breach", breach, E},
    {"unsupported", unsupported, S},
    {"a network that could not be trained", untrained, E},
    {"training accuracy is no number", accuracy_nan, E},
    {"test accuracy is no number", test_accuracy_nan, E},
    {"a check is missing", check_missing, E},
    {"a check is no number", check_nan, F},
    {"some inputs were not checked", check_of_some_inputs, E},
    {"nothing but zeros to check", check_of_zeros, E},
    {"nothing to check", no_checks, E},
};

Test(judge_poison, never_passes) {
    size_t tried = 0;
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
        for (size_t k = 0; k < sizeof poisons / sizeof *poisons; k++) {
            struct synthetic_options o = synthetic_default();
            struct synthetic s;
            o.controls[0] = rules[r].control;
            synthetic_create(&s, &o, &rules[r].p, 1);
            s.battery.rule.kind = rules[r].kind;
            struct judgement before = synthetic_judge(&s, 0);
            cr_assert_eq(before.word, VERDICT_PASS, "%s: %s", rules[r].name, before.reason);
            uint32_t checks = s.run.plan.check_count;
            if (poisons[k].put(&s, &rules[r])) {
                struct judgement j = synthetic_judge(&s, 0);
                cr_expect(poisons[k].words & (1u << j.word), "%s, %s: %s: %s", rules[r].name, poisons[k].name,
                          verdict_word_name(j.word), j.reason);
                cr_expect(j.reason[0] && !strstr(j.reason, "(null)"), "%s, %s: no reason", rules[r].name,
                          poisons[k].name);
                tried++;
            }
            s.run.plan.check_count = checks;
            synthetic_destroy(&s);
        }
    cr_expect_gt(tried, 130, "%zu", tried);
}
