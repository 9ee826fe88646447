/* quadratic.c: what a map is on a quadratic function, from the readings of quadratic-identity. Thresholds:
 * docs/controls.md. */
#include "judge/rules.h"
#include "judge/studies.h"

#include "base/text.h"
#include "explainers/explainer.h"

#include <math.h>

#define FITS .999         /* R2 from which on a map is a sum of gradients */
#define PARTLY .3         /* R2 from which on part of it is */
#define OWN .95           /* least share of the class asked for */
#define CONSTANT 1e-3     /* coefficient of variation of a factor that is the same for all inputs */
#define FACTOR_OFF .005   /* of a factor that is nearly 1 */
#define NEARLY_LOW .8     /* a method may scale its maps: only a factor that is */
#define NEARLY_HIGH 1.25  /* nearly 1 was to be 1 */
#define NO_POINT .05      /* residual of the points from which on there is none */
#define NO_POINT_NOISY .3 /* of methods that draw random numbers */
#define OFF .02           /* of alpha and beta, and 3 standard errors */
#define HALF_OFF .05      /* of alpha, where it is the mean position on a whole path */

struct summary {
    double fit, fit_median, own, scale, variation; /* least R2, median, least share, mean factor, its variation */
    double centre;                                 /* mean c; NaN: the map is no product */
    bool minus, mixed;                             /* signs of the factors: all below 0, some */
    uint32_t live;
    double alpha, alpha_se, beta, beta_se, residual, dead;
    bool times;
};

static void add_fits(struct summary *s, const double *fit, const double *own, uint32_t n) {
    s->live = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (isnan(fit[i])) continue;
        s->live++;
        s->own = fmin(s->own, own[i]);
    }
    s->fit = studies_at_rank(fit, n, 0);
    s->fit_median = studies_at_rank(fit, n, s->live / 2);
}

static void add_scales(struct summary *s, const double *scale, const double *centre, uint32_t n) {
    double sum = 0, squares = 0, centres = 0;
    uint32_t below = 0, products = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (isnan(scale[i])) continue;
        sum += scale[i];
        squares += scale[i] * scale[i];
        below += scale[i] < 0;
        if (isnan(centre[i])) continue;
        centres += centre[i];
        products++;
    }
    s->scale = sum / s->live;
    s->variation = sqrt(fmax(squares / s->live - s->scale * s->scale, 0)) / fabs(s->scale);
    s->minus = below == s->live;
    s->mixed = below > 0 && !s->minus;
    s->centre = products ? centres / products : (double)NAN;
}

static struct summary summarise(const struct judge_case *c, uint32_t study) {
    uint32_t n;
    const double *fit = studies_reading(c, study, "fit", &n), *own = studies_reading(c, study, "own", &n),
                 *scale = studies_reading(c, study, "scale", &n), *centre = studies_reading(c, study, "centre", &n);
    struct summary s = {.own = 1,
                        .alpha = studies_number(c, study, "alpha"),
                        .alpha_se = studies_number(c, study, "alpha-se"),
                        .beta = studies_number(c, study, "beta"),
                        .beta_se = studies_number(c, study, "beta-se"),
                        .residual = studies_number(c, study, "residual"),
                        .dead = studies_number(c, study, "dead"),
                        .times = studies_number(c, study, "form") > 0};
    add_fits(&s, fit, own, n);
    if (s.live) add_scales(&s, scale, centre, n);
    return s;
}

/* ---- the point ---- */

static bool near(double value, double due, double se) {
    return fabs(value - due) <= OFF + 3 * se;
}

static bool at_input(const struct summary *s) {
    return near(s->alpha, 1, s->alpha_se) && near(s->beta, 0, s->beta_se);
}

/* From c, which a plain map does not tell. */
static bool on_path(const struct summary *s) {
    return fabs(s->alpha - .5) <= HALF_OFF + 3 * s->alpha_se && (!s->times || near(s->beta, s->centre / 2, s->beta_se));
}

/* "x times the gradient at the input", "the gradient at 0.25 x + 0.00" */
static bool add_reading(const struct summary *s, struct text *out) {
    if (s->times && fabs(s->centre) > OFF) text_add(out, "(x - %.2f) times ", s->centre);
    else if (s->times) text_add(out, "x times ");
    text_add(out, s->scale < 0 ? "minus the gradient" : "the gradient");
    if (s->residual > NO_POINT_NOISY) text_add(out, " at no one point");
    else if (at_input(s)) text_add(out, " at the input");
    else if (on_path(s)) text_add(out, ", averaged on the whole path to the input");
    else text_add(out, " at %.2f x %c %.2f", s->alpha, s->beta < 0 ? '-' : '+', fabs(s->beta));
    return !out->failed;
}

static const char *why_wrong_point(const struct summary *s) {
    if (s->times && s->alpha < .45 && near(s->beta, 0, s->beta_se)) return ": a path that does not reach the input";
    if (near(s->alpha, 1, s->alpha_se)) return ": beside the input, as under noise that has a mean";
    return ", which is neither the input nor the middle of a path to it";
}

/* ---- verdicts ---- */

static void say_class(const struct judge_case *c, uint32_t study, const struct summary *s, struct judgement *j) {
    uint32_t n = 0, best = 0;
    const double *shares = studies_reading(c, study, "class", &n);
    for (uint32_t k = 1; k < n; k++)
        if (shares[k] > shares[best]) best = k;
    if (best && shares[best] > OWN)
        judgement_say(j, VERDICT_FAIL, "It is the gradient of class t + %u (modulo %u) where class t is asked for.",
                      best, isnan(shares[n - 1]) ? 2u : n);
    else
        judgement_say(
            j, VERDICT_FAIL,
            "Gradients of other classes enter the map: on one input only %.0f %% of it are of the class asked "
            "for (%.0f %% on average), at least %.0f %% wanted.",
            100 * s->own, 100 * shares[0], 100 * OWN);
}

/* True: a verdict without the point. */
static bool judge_shares(const struct judge_case *c, uint32_t study, const struct summary *s, struct judgement *j) {
    if (!s->live)
        judgement_say(j, VERDICT_ERROR, "Constant map: zero everywhere on all inputs, so nothing was tested.");
    else if (s->fit_median < PARTLY)
        judgement_say(j, VERDICT_SKIP, "The map is no sum of gradients (R2 = %.2f): there is no point to read.",
                      s->fit_median);
    else if (s->fit < FITS)
        judgement_say(j, VERDICT_SKIP,
                      "Part gradient, part something else (R2 = %.3f on average, %.3f at least): no verdict.",
                      s->fit_median, s->fit);
    else if (s->own < OWN) say_class(c, study, s, j);
    else if (s->dead > 0)
        judgement_say(j, VERDICT_FAIL, "Maps of zeros on %.0f of %.0f inputs, where the gradient is not zero.", s->dead,
                      s->dead + s->live);
    else if (s->mixed)
        judgement_say(j, VERDICT_FAIL,
                      "The map is the gradient times a factor whose sign depends on the input (the logit, say).");
    else return false;
    return true;
}

static bool judge_factor(const struct summary *s, const char *reading, struct judgement *j) {
    bool nearly = s->scale >= NEARLY_LOW && s->scale <= NEARLY_HIGH;
    if (s->minus) judgement_say(j, VERDICT_FAIL, "The map is %s: its sign is wrong.", reading);
    else if (s->variation < CONSTANT && nearly && fabs(s->scale - 1) > FACTOR_OFF)
        judgement_say(
            j, VERDICT_FAIL,
            "The map is %.4f times what it is nearly: %s. So weights of the sum do not add up to 1 (a step too "
            "many, or one missing).",
            s->scale, reading);
    else return false;
    return true;
}

static void judge_point(const struct judge_case *c, const struct summary *s, const char *reading, struct judgement *j) {
    bool noisy = (c->view->explainers[c->row].claims & ASSAY_STOCHASTIC) != 0;
    if (!(s->residual <= (noisy ? NO_POINT_NOISY : NO_POINT)))
        judgement_say(
            j, VERDICT_SKIP,
            "The map is a sum of gradients of the class asked for, at no point alpha x + beta (residual %.2f): "
            "no verdict.",
            s->residual);
    else if (at_input(s) || on_path(s))
        judgement_say(j, VERDICT_PASS, "The map is %s (alpha %.3f, beta %.2f, factor %.4f).", reading, s->alpha,
                      s->beta, s->scale);
    else
        judgement_say(j, VERDICT_FAIL, "The map is %s%s (alpha %.3f +- %.3f, beta %.3f +- %.3f).", reading,
                      why_wrong_point(s), s->alpha, s->alpha_se, s->beta, s->beta_se);
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study;
    struct text reading = {0};
    (void)curves;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j)) return true;
    const struct summary s = summarise(c, study);
    j->score = s.fit_median;
    j->inputs = s.live;
    if (judge_shares(c, study, &s, j)) return true;
    if (add_reading(&s, &reading) && !judge_factor(&s, reading.data, j)) judge_point(c, &s, reading.data, j);
    bool ok = !reading.failed || error_memory(e);
    text_finish(&reading);
    return ok;
}

const struct rule rule_quadratic_identity = {
    .name = "quadratic-identity", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
