/* weights_words.c: the verdict of the weight randomisations in words: what decided, where, and by how much. */
#include "judge/weights.h"

#include "judge/samples.h"

#include <math.h>
#include <stdio.h>

static const struct test *worst_test(const struct weights_tests *b, enum decision decision) {
    const struct test *worst = NULL;
    for (uint32_t i = 0; i < b->test_count; i++) {
        const struct test *t = &b->tests[i];
        if (t->decision == decision && (!worst || t->kept.mean > worst->kept.mean)) worst = t;
    }
    return worst;
}

static const struct test *first_test(const struct weights_tests *b, enum decision decision) {
    for (uint32_t i = 0; i < b->test_count; i++)
        if (b->tests[i].decision == decision) return &b->tests[i];
    return NULL;
}

static void take_numbers(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    bool fails = t->decision == FAILS || t->decision == DOMINATED;
    const struct interval *x = fails ? &t->filled : &t->kept;
    j->score = x->mean;
    j->lower = interval_lower(x, b->alpha_fail);
    j->upper = interval_upper(x, b->alpha_pass);
    j->floor = t == &b->guard ? b->guard_base : b->c->floor[t->view];
    j->ceiling = b->c->repeat[t->view];
}

static const char *stage_name(const struct weights_tests *b, const struct test *t) {
    return plan_stage_name(b->c->view->plan, b->c->control, t->stage);
}

static void say_fail(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    take_numbers(b, t, j);
    j->first_stage = stage_name(b, t);
    const char *note = t->vanished >= .1 ? " (vanished maps counted as 0)" : "";
    if (t == &b->guard)
        judgement_say(
            j, VERDICT_FAIL,
            "The magnitudes survive full randomisation: share %.2f, at least %.2f > %.2f (%s, above chance %.2f); %u "
            "draws, %u inputs%s.",
            j->score, j->lower, b->c->constants->delta, view_name(t->view), j->floor, j->draws, j->inputs, note);
    else
        judgement_say(
            j, VERDICT_FAIL,
            "The map survives at stage %s: share D = %.2f, at least %.2f > %.2f (%s, floor %.2f, ceiling %.2f); %u "
            "draws, %u inputs%s.",
            j->first_stage, j->score, j->lower, b->c->constants->delta, view_name(t->view), j->floor, j->ceiling,
            j->draws, j->inputs, note);
}

static void say_dominated(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    take_numbers(b, t, j);
    j->first_stage = stage_name(b, t);
    j->input_dominated = true;
    judgement_say(
        j, VERDICT_UNINFORMATIVE,
        "The absolute map is dominated by the input (D = %.2f at %s, as random weights times the input would give): test "
        "the signed map.",
        j->score, j->first_stage);
}

static void say_open(const struct weights_tests *b, const struct test *t, struct judgement *j) {
    take_numbers(b, t, j);
    j->first_stage = stage_name(b, t);
    if (t->decision == VANISHED)
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "%.0f %% of the maps vanished (were constant) at stage %s: too few are left to judge.",
                      100 * t->vanished, j->first_stage);
    else
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Undecided at stage %s after %u draws: %s %.2f, between %.2f and %.2f around %.2f (%s).",
                      j->first_stage, j->draws, t == &b->guard ? "magnitude share" : "D =", j->score, j->lower,
                      j->upper, b->c->constants->delta, view_name(t->view));
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

static double most_vanished(const struct weights_tests *b) {
    double most = b->has_guard ? b->guard.vanished : 0;
    for (uint32_t i = 0; i < b->test_count; i++)
        if (b->tests[i].decision == PASSES) most = fmax(most, b->tests[i].vanished);
    return most;
}

static uint32_t excluded_stages(const struct weights_tests *b) {
    uint32_t stages = 0;
    for (uint32_t i = 0; i < b->test_count; i++)
        stages += b->tests[i].decision == NO_CONTROL && b->tests[i].view == b->c->views[0];
    return stages;
}

static void say_pass(const struct weights_tests *b, struct judgement *j) {
    const struct test *t = worst_test(b, PASSES);
    char guard[96] = "", vanished[64] = "", excluded[64] = "";
    double most = most_vanished(b);
    uint32_t left_out = excluded_stages(b);
    take_numbers(b, t, j);
    if (left_out)
        snprintf(excluded, sizeof excluded, "; %u of %u stages were no control", left_out, samples_stages(b->c));
    if (b->has_guard) snprintf(guard, sizeof guard, "; magnitude share %.2f", b->guard.kept.mean);
    if (most >= .1) snprintf(vanished, sizeof vanished, "; up to %.0f %% of maps vanished", 100 * most);
    if (j->upper < b->c->constants->delta)
        judgement_say(
            j, VERDICT_PASS,
            "Largest surviving share D = %.2f, at most %.2f < %.2f, at stage %s (%s%s%s); %u draws, %u inputs%s.",
            j->score, j->upper, b->c->constants->delta, stage_name(b, t), view_name(t->view), guard, vanished, j->draws,
            j->inputs, excluded);
    else
        judgement_say(
            j, VERDICT_PASS,
            "Survives no more than the absolute gradient: D = %.2f at stage %s, paired difference at most %.2f < %.2f%s; %u "
            "draws, %u inputs%s.",
            j->score, stage_name(b, t), interval_upper(&t->paired, b->alpha_pass), b->c->constants->delta, vanished,
            j->draws, j->inputs, excluded);
}

/* Of single layers the top one is the cascade's first stage: by itself it says nothing new. */
static bool says_something(const struct weights_tests *b) {
    for (uint32_t i = 0; i < b->test_count; i++)
        if (b->tests[i].decision == PASSES &&
            (!b->c->rule->single_layers || b->tests[i].stage > 0 || samples_stages(b->c) == 1))
            return true;
    return false;
}

void weights_conclude(const struct weights_tests *b, struct judgement *j) {
    const struct test *t;
    if ((t = first_test(b, FAILS))) say_fail(b, t, j);
    else if (b->has_guard && b->guard.decision == FAILS) say_fail(b, &b->guard, j);
    else if ((t = first_test(b, DOMINATED))) say_dominated(b, t, j);
    else if ((t = first_test(b, VANISHED)) || (t = worst_test(b, OPEN))) say_open(b, t, j);
    else if (b->has_guard && b->guard.decision == NO_MAGNITUDE) say_no_magnitude(b, j);
    else if (b->has_guard && b->guard.decision != PASSES) say_open(b, &b->guard, j);
    else if (says_something(b)) say_pass(b, j);
    else
        judgement_say(j, VERDICT_SKIP,
                      "Not available: no single layer%s, drawn anew alone, changes the logits enough (RMS r >= %.2f).",
                      first_test(b, PASSES) ? " below the top" : "", b->c->constants->logit_r);
}
