/* weights_decide.c: from the measured shares of one test to its decision (docs/verdict.md, tests A, I and M). */
#include "judge/chance.h"
#include "judge/weights.h"

#include "explainers/explainer.h"

#include <math.h>

bool weights_below(const struct interval *x, double alpha, double limit) {
    return interval_upper(x, alpha) < limit;
}

bool weights_above(const struct interval *x, double alpha, double limit) {
    return interval_lower(x, alpha) > limit;
}

static bool is_number(const struct interval *x) {
    return isfinite(x->mean) && isfinite(x->variance);
}

bool weights_undefined(const struct weights_tests *b, struct test *t) {
    bool numbers = is_number(&t->share.kept) && is_number(&t->share.filled);
    if (t->vanished > b->c->constants->vanished_share) t->decision = VANISHED;
    else if (!numbers)
        t->decision = t->vanished > 0 ? VANISHED : NOT_A_NUMBER; /* of one draw or input is no interval */
    else return false;
    return true;
}

void weights_decide_share(const struct weights_tests *b, struct test *t) {
    if (weights_undefined(b, t)) return;
    if (weights_above(&t->share.filled, b->alpha_fail, t->limit)) t->decision = FAILS;
    else if (weights_below(&t->share.kept, b->alpha_pass, t->limit)) t->decision = PASSES;
}

/* Little survives, or no more than of the gradient. */
static bool survives_little(const struct weights_tests *b, const struct test *t) {
    return weights_below(&t->share.kept, b->alpha_pass, t->limit) ||
           weights_below(&t->paired.kept, b->alpha_pass, t->limit);
}

/* Much survives, more than of the gradient and, of single layers, more than of the function. */
static bool survives_much(const struct weights_tests *b, const struct test *t) {
    return weights_above(&t->share.filled, b->alpha_fail, t->limit) &&
           weights_above(&t->paired.filled, b->alpha_fail, t->limit) &&
           (!b->c->rule->single_layers || weights_above(&t->excess.filled, b->alpha_fail, t->limit));
}

/* What survives of the map is explained by the function that survives the re-drawing of one layer. */
static bool is_grey(const struct weights_tests *b, const struct test *t) {
    return b->c->rule->single_layers && weights_below(&t->excess.kept, b->alpha_pass, t->limit);
}

static void decide_single(const struct weights_tests *b, struct test *t) {
    if (weights_undefined(b, t)) return;
    if (survives_little(b, t)) t->decision = PASSES;
    else if (survives_much(b, t)) t->decision = FAILS;
    else if (is_grey(b, t)) t->decision = GREY;
}

/* Magnitudes survive re-drawing to some degree in every method, so a map without signs may also pass by surviving no
 * more than the absolute gradient does on the same draws and inputs. */
static void decide_non_negative(struct weights_tests *b, struct test *t) {
    struct judge_case *c = b->c;
    bool multiplies = case_row(c)->claims & ASSAY_INPUT_MULTIPLIER;
    if (weights_undefined(b, t)) return;
    if (survives_little(b, t)) t->decision = PASSES;
    else if (is_grey(b, t)) t->decision = GREY;
    else if (multiplies || weights_above(&t->share.filled, b->alpha_fail, t->limit)) {
        /* What is left may be no more than random weights times the input would leave: then the input is to blame, and
         * more draws would not change it. */
        double base;
        bool defined = chance_share(c, t->stage, c->draws, b->y, &base);
        t->magnitude = interval_two_way(b->y, c->draws, case_inputs(c));
        if (!defined || weights_below(&t->magnitude, b->alpha_pass, t->limit)) t->decision = DOMINATED;
        else if (t->magnitude.mean > t->limit && survives_much(b, t)) t->decision = FAILS;
    }
}

void weights_decide(struct weights_tests *b, struct test *t) {
    if (case_row(b->c)->non_negative) decide_non_negative(b, t);
    else if (b->c->rule->single_layers) decide_single(b, t);
    else weights_decide_share(b, t);
}
