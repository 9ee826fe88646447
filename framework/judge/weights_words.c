/* weights_words.c: the verdict of the weight randomisations in words: what decided, where, and by how much. */
#include "judge/weights.h"

#include "base/text.h"
#include "judge/samples.h"

#include <math.h>
#include <stdio.h>

static const struct test *worst_test(const struct weights_tests *b, enum decision decision) {
    const struct test *worst = NULL;
    for (uint32_t i = 0; i < b->test_count; i++) {
        const struct test *t = &b->tests[i];
        if (t->decision == decision && (!worst || t->share.kept.mean > worst->share.kept.mean)) worst = t;
    }
    return worst;
}

static const struct test *first_of(const struct test *tests, uint32_t count, enum decision decision) {
    for (uint32_t i = 0; i < count; i++)
        if (tests[i].decision == decision) return &tests[i];
    return NULL;
}

static const struct test *first_test(const struct weights_tests *b, enum decision decision) {
    return first_of(b->tests, b->test_count, decision);
}

static bool is_guard(const struct weights_tests *b, const struct test *t) {
    return t == &b->guard;
}

static bool is_prior(const struct weights_tests *b, const struct test *t) {
    return (t >= b->priors && t < b->priors + b->prior_count) || t == &b->magnitude_prior;
}

/* What a PASS of that test may be wrong by. */
static double pass_alpha(const struct weights_tests *b, const struct test *t) {
    return t == &b->magnitude_prior ? b->alpha_magnitude : b->alpha_pass;
}

static void take_numbers(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    bool fails = t->decision == FAILS || t->decision == DOMINATED;
    const struct interval *x = fails ? &t->share.filled : &t->share.kept;
    j->score = x->mean;
    j->lower = interval_lower(x, b->alpha_fail);
    j->upper = interval_upper(x, pass_alpha(b, t));
    j->floor = is_guard(b, t) ? b->guard_base : t == &b->magnitude_prior ? b->prior_base : b->c->floor[t->view];
    j->ceiling = b->c->repeat[t->view];
}

static const char *stage_name(const struct weights_tests *b, const struct test *t) {
    return plan_stage_name(b->c->view->plan, b->c->control, t->stage);
}

/* ---- FAIL and UNINFORMATIVE ---- */

static void say_prior(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    take_numbers(b, t, j);
    const struct apart bound = numbers_apart(100 * j->lower, 100 * t->limit, 0);
    judgement_say(j, VERDICT_FAIL,
                  "%s: %.0f %% of %s is the same for any input and any model (at least %s %%, more than %s %%; %s).",
                  t == &b->magnitude_prior ? "The magnitudes are a prior" : "A prior", 100 * j->score,
                  t == &b->magnitude_prior ? "them" : "the map", bound.a, bound.b, view_name(t->view));
}

static void say_fail(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    take_numbers(b, t, j);
    const struct apart bound = numbers_apart(j->lower, t->limit, 2);
    const char *note = t->vanished >= .1 ? " (vanished maps counted as 0)" : "";
    char more[96] = "";
    j->first_stage = stage_name(b, t);
    if (b->c->rule->single_layers)
        snprintf(more, sizeof more, ", %.2f more than the gradient, %.2f more than the logits", t->paired.filled.mean,
                 t->excess.filled.mean);
    if (is_guard(b, t))
        judgement_say(
            j, VERDICT_FAIL,
            "The magnitudes survive full randomisation: share %.2f, at least %s > %s (%s, above chance %.2f); %u "
            "draws, %u inputs%s.",
            j->score, bound.a, bound.b, view_name(t->view), j->floor, j->draws, j->inputs, note);
    else
        judgement_say(j, VERDICT_FAIL,
                      "The map survives at stage %s: share D = %.2f, at least %s > %s%s (%s, floor %.2f, ceiling "
                      "%.2f); %u draws, %u inputs%s.",
                      j->first_stage, j->score, bound.a, bound.b, more, view_name(t->view), j->floor, j->ceiling,
                      j->draws, j->inputs, note);
}

static void say_dominated(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    take_numbers(b, t, j);
    j->first_stage = stage_name(b, t);
    j->input_dominated = true;
    judgement_say(
        j, VERDICT_UNINFORMATIVE,
        "The absolute map is dominated by the input (D = %.2f at %s, as random weights times the input would give): "
        "%s.",
        j->score, j->first_stage, case_signed_map(b->c));
}

static void say_prior_dominated(const struct weights_tests *b, struct judgement *j) {
    const struct test *t = &b->magnitude_prior;
    j->prior_dominated = true;
    take_numbers(b, t, j);
    j->lower = interval_lower(&t->share.filled, b->alpha_pass);
    if (j->ceiling - b->prior_base < b->c->constants->degenerate)
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Prior-dominated: a repetition of this map without sign agrees at %.2f, other inputs on other "
                      "networks at %.2f; %s.",
                      j->ceiling, b->prior_base, case_signed_map(b->c));
    else
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Prior-dominated: %.0f %% of this map without sign is shared by other inputs on other networks; "
                      "%s.",
                      100 * j->score, case_signed_map(b->c));
}

static void say_no_magnitude(const struct weights_tests *b, struct judgement *j) {
    enum view v = b->guard.view;
    j->floor = b->guard_base;
    j->ceiling = b->c->repeat[v];
    judgement_say(
        j, VERDICT_UNINFORMATIVE,
        "The magnitudes cannot be judged: a repetition agrees at %.2f, random weights times the input at %.2f (%s).",
        j->ceiling, j->floor, view_name(v));
}

/* ---- INCONCLUSIVE ---- */

/* A condition that is open: its limit lies between its bounds. */
static void add_open(struct text *out, const struct weights_tests *b, const struct test *t, const char *what,
                     const struct bounded *x) {
    double lower = interval_lower(&x->filled, b->alpha_fail), upper = interval_upper(&x->kept, pass_alpha(b, t));
    if (lower > t->limit || upper < t->limit) return;
    const char *between = out->length ? "; " : "";
    if (isnan(x->kept.mean)) {
        text_add(out, "%s%s: none, as the maps of the gradient vanished", between, what);
        return;
    }
    text_add(out, "%s%s%.2f, between %s and %s around %s", between, what, x->kept.mean,
             numbers_apart(lower, t->limit, 2).a, numbers_apart(upper, t->limit, 2).a,
             numbers_apart(lower, t->limit, 2).b);
}

static void say_vanished(const struct test *t, struct judgement *j) {
    judgement_say(j, VERDICT_INCONCLUSIVE,
                  "%.0f %% of the maps vanished (were constant) at stage %s: too few are left to judge.",
                  100 * t->vanished, j->first_stage);
}

static void say_open(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    struct text open = {0};
    bool prior = is_prior(b, t), guard = is_guard(b, t);
    take_numbers(b, t, j);
    j->first_stage = stage_name(b, t);
    if (t->decision == VANISHED) {
        say_vanished(t, j);
        return;
    }
    add_open(&open, b, t, prior ? "the share that is a prior = " : guard ? "magnitude share " : "D = ", &t->share);
    if (!prior && !guard && (b->c->rule->single_layers || case_row(b->c)->non_negative))
        add_open(&open, b, t, "D less the gradient's = ", &t->paired);
    if (!prior && !guard && b->c->rule->single_layers) add_open(&open, b, t, "D less r of the logits = ", &t->excess);
    if (!prior && !guard && !isnan(t->magnitude.mean))
        add_open(&open, b, t,
                 "share beyond random weights times the input = ", &(struct bounded){t->magnitude, t->magnitude});
    judgement_say(j, open.failed ? VERDICT_ERROR : VERDICT_INCONCLUSIVE,
                  "Undecided at stage %s after %u draws: %s (%s).", j->first_stage, j->draws,
                  open.data ? open.data : "", view_name(t->view));
    text_finish(&open);
}

/* ---- PASS and SKIP ---- */

static double most_vanished(const struct weights_tests *b) {
    double most = b->has_guard ? b->guard.vanished : 0;
    for (uint32_t i = 0; i < b->test_count; i++)
        if (b->tests[i].decision == PASSES) most = fmax(most, b->tests[i].vanished);
    return most;
}

/* Stages of which no view passed, and those that were asked. */
static uint32_t grey_stages(const struct weights_tests *b, uint32_t *asked) {
    uint32_t grey = 0;
    *asked = 0;
    for (uint32_t i = 0; i < b->test_count; i += b->c->view_count) {
        bool passes = first_of(b->tests + i, b->c->view_count, PASSES) != NULL;
        bool counts = b->tests[i].decision != NOT_ASKED;
        *asked += counts;
        grey += counts && !passes;
    }
    return grey;
}

/* A map that is less alike than any two maps are: one-sided tests let it pass. */
static void add_reversed(struct text *out, const struct weights_tests *b) {
    const struct test *least = NULL;
    for (uint32_t i = 0; i < b->test_count; i++) {
        const struct test *t = &b->tests[i];
        if (t->share.kept.mean < -t->limit && (!least || t->share.kept.mean < least->share.kept.mean)) least = t;
    }
    if (least)
        text_add(out, " Warning: D = %.2f at stage %s (%s): the map turns into its opposite there.",
                 least->share.kept.mean, stage_name(b, least), view_name(least->view));
}

static void say_pass(const struct weights_tests *b, struct judgement *j) {
    const struct test *t = worst_test(b, PASSES);
    struct text tail = {0};
    char guard[96] = "", vanished[64] = "";
    double most = most_vanished(b);
    uint32_t asked, grey = grey_stages(b, &asked);
    take_numbers(b, t, j);
    if (grey) text_add(&tail, "; %u of %u stages grey", grey, asked);
    text_add(&tail, ".");
    add_reversed(&tail, b);
    if (b->has_guard) snprintf(guard, sizeof guard, "; magnitude share %.2f", b->guard.share.kept.mean);
    if (most >= .1) snprintf(vanished, sizeof vanished, "; up to %.0f %% of maps vanished", 100 * most);
    double upper = j->upper < t->limit ? j->upper : interval_upper(&t->paired.kept, b->alpha_pass);
    const struct apart bound = numbers_apart(upper, t->limit, 2);
    enum verdict_word word = tail.failed ? VERDICT_ERROR : VERDICT_PASS;
    if (j->upper < t->limit)
        judgement_say(j, word,
                      "Largest surviving share D = %.2f, at most %s < %s, at stage %s (%s%s%s); %u draws, %u inputs%s",
                      j->score, bound.a, bound.b, stage_name(b, t), view_name(t->view), guard, vanished, j->draws,
                      j->inputs, tail.failed ? "" : tail.data);
    else
        judgement_say(j, word,
                      "Survives no more than the %sgradient: D = %.2f at stage %s, paired difference at most %s < "
                      "%s%s; %u draws, %u inputs%s",
                      case_row(b->c)->non_negative ? "absolute " : "", j->score, stage_name(b, t), bound.a, bound.b,
                      vanished, j->draws, j->inputs, tail.failed ? "" : tail.data);
    text_finish(&tail);
}

static void say_skip(const struct weights_tests *b, struct judgement *j) {
    const struct test *t = worst_test(b, GREY);
    uint32_t asked, grey = grey_stages(b, &asked);
    if (!t) {
        judgement_say(j, VERDICT_SKIP,
                      "Not available: there is no layer below the top one, which is the cascade's first stage.");
        return;
    }
    take_numbers(b, t, j);
    judgement_say(
        j, VERDICT_SKIP,
        "Not available: %s drawn anew leave%s no more of the map than of the function; %u of %u stages grey (most "
        "survives at %s: D = %.2f, |r| of the logits %.2f).",
        b->c->rule->from_input ? "layers" : "one layer", b->c->rule->from_input ? "" : "s", grey, asked,
        stage_name(b, t), j->score, t->logit_r);
}

/* ---- the order ---- */

static const struct test *any_of(const struct weights_tests *b, enum decision decision) {
    const struct test *t = first_of(b->priors, b->prior_count, decision);
    if (!t) t = first_test(b, decision);
    if (!t && b->has_guard && b->guard.decision == decision) t = &b->guard;
    return t || !b->has_magnitude_prior || b->magnitude_prior.decision != decision ? t : &b->magnitude_prior;
}

static void say_not_a_number(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    judgement_say(
        j, VERDICT_ERROR,
        "A share is not a number at stage %s (%s), though no map vanished: similarities of the run are damaged "
        "or missing; run it anew.",
        stage_name(b, t), view_name(t->view));
}

/* The tests of a stage before those of priors, and the worst of those that are open. */
static const struct test *open_test(const struct weights_tests *b) {
    const struct test *t;
    if ((t = first_test(b, VANISHED)) || (t = worst_test(b, OPEN)) || (t = any_of(b, VANISHED))) return t;
    return any_of(b, OPEN);
}

void weights_conclude(const struct weights_tests *b, struct judgement *j) {
    const struct test *t;
    bool absolute = case_row(b->c)->non_negative;
    if ((t = any_of(b, NOT_A_NUMBER))) say_not_a_number(b, t, j);
    else if ((t = any_of(b, FAILS)) && is_prior(b, t)) say_prior(b, t, j); /* it explains the others */
    else if (t) say_fail(b, t, j);
    else if (absolute && b->has_magnitude_prior && b->magnitude_prior.decision == DOMINATED) say_prior_dominated(b, j);
    else if ((t = first_test(b, DOMINATED))) say_dominated(b, t, j);
    else if (b->has_guard && b->guard.decision == NO_MAGNITUDE) say_no_magnitude(b, j);
    else if ((t = open_test(b))) say_open(b, t, j);
    else if (first_test(b, PASSES)) say_pass(b, j);
    else say_skip(b, j);
}
