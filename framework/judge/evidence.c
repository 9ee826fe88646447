/* evidence.c: what maps say of planted evidence, network by network: the first that condemns decides. Thresholds:
 * docs/controls.md. */
#include "judge/rules.h"
#include "judge/studies.h"

#include "base/layout.h"
#include "base/text.h"
#include "explainers/explainer.h"

#include <math.h>

#define CLASSES 4u
#define COMMON .8         /* least energy that maps of different seeds have in common */
#define COMMON_CLOSELY .9 /* for miss, sign and swap */
#define CONSTANT .2       /* largest share of constant maps */
#define OWN_LEAST .45
#define OWN_SURE .60
#define FITS .3         /* share of maps on the evidence, after a shift that is said before anything else */
#define ZERO_OUTSIDE .9 /* of windows: whose place is asked */
#define TOGETHER 3      /* of place-t on both networks of templates, where maps lie aside the same way */
#define TOGETHER_SURE 2
#define AGAINST .1 /* share on the pattern against the class from which on maps without a sign have lost it */

/* One network. */
struct seen {
    uint32_t study;
    bool judged;
    const char *why_not; /* where it ran and was not judged */
    struct {
        double miss, astray, astray_se, right, down, place_t, overlap, here, wrong_sign, wrong_channel, swap, prior,
            agreement, constant, exact, against, detector, dead, live, negative;
    } is;
};

#define MOST_SEEN 4u

struct all {
    struct judge_case *c;
    struct seen seen[MOST_SEEN];
    uint32_t count, judged;
    uint32_t quadratic; /* UINT32_MAX: it did not run */
};

static void read_seen(const struct judge_case *c, struct seen *s) {
    s->is.miss = studies_number(c, s->study, "miss");
    s->is.astray = studies_number(c, s->study, "astray");
    s->is.astray_se = studies_number(c, s->study, "astray-se");
    s->is.right = studies_number(c, s->study, "right");
    s->is.down = studies_number(c, s->study, "down");
    s->is.place_t = studies_number(c, s->study, "place-t");
    s->is.overlap = studies_number(c, s->study, "overlap");
    s->is.here = studies_number(c, s->study, "here");
    s->is.wrong_sign = studies_number(c, s->study, "wrong-sign");
    s->is.wrong_channel = studies_number(c, s->study, "wrong-channel");
    s->is.swap = studies_number(c, s->study, "swap");
    s->is.prior = studies_number(c, s->study, "prior");
    s->is.agreement = studies_number(c, s->study, "agreement");
    s->is.constant = studies_number(c, s->study, "constant");
    s->is.exact = studies_number(c, s->study, "exact");
    s->is.against = studies_number(c, s->study, "against");
    s->is.detector = studies_number(c, s->study, "detector");
    s->is.dead = studies_number(c, s->study, "dead");
    s->is.live = studies_number(c, s->study, "live");
    s->is.negative = studies_number(c, s->study, "negative");
    if (s->is.constant > CONSTANT) s->why_not = "too many of the maps are constant";
    else if (!(s->is.agreement >= COMMON)) s->why_not = "maps of different seeds have too little in common";
    s->judged = !s->why_not;
}

static bool over(const struct all *a, const struct seen *s, const char *id) {
    return studies_number(a->c, s->study, id) > studies_limit(a->c, s->study, id);
}

/* ---- sentences ---- */

static const char *plural(double n) {
    return n > 1.5 ? "s" : "";
}

/* "1 pixel to the right and 2 pixels down" */
static bool add_shift(const struct all *a, const struct seen *s, struct text *t) {
    const char *place = layout_of(a->c->view->sample).kind->position;
    double right = fabs(s->is.right), down = fabs(s->is.down);
    if (right > 0) text_add(t, "%.0f %s%s to the %s", right, place, plural(right), s->is.right > 0 ? "right" : "left");
    if (down > 0)
        text_add(t, "%s%.0f %s%s %s", t->length ? " and " : "", down, place, plural(down),
                 s->is.down > 0 ? "down" : "up");
    return !t->failed;
}

static bool say_place(const struct all *a, const struct seen *s, struct judgement *j, struct error *e) {
    struct text t = {0};
    if (add_shift(a, s, &t))
        judgement_say(
            j, VERDICT_FAIL,
            "On a network whose evidence is at known places the maps lie %s: there %.0f %% of them fall on the "
            "evidence, without the shift %.0f %% (t = %.1f).",
            t.data, 100 * s->is.overlap, 100 * s->is.here, s->is.place_t);
    bool ok = !t.failed || error_memory(e);
    text_finish(&t);
    return ok;
}

/* True: it FAILs, and that is said. */
static bool judge_sign(const struct all *a, const struct seen *s, struct judgement *j) {
    if (!(s->is.agreement >= COMMON_CLOSELY)) return false;
    if (over(a, s, "wrong-sign"))
        judgement_say(j, VERDICT_FAIL,
                      "Evidence for the class gets no positive sum in the maps of %.0f %% of the inputs: the sign is "
                      "wrong.",
                      100 * s->is.wrong_sign);
    else if (over(a, s, "wrong-channel"))
        judgement_say(j, VERDICT_FAIL,
                      "Evidence for the class gets no positive sum in one of the channels of %.0f %% of the maps.",
                      100 * s->is.wrong_channel);
    else return false;
    return true;
}

static bool judge_share(const struct all *a, const struct seen *s, struct judgement *j) {
    double own = 1 - s->is.astray;
    if (own + 2 * s->is.astray_se < 1 - studies_limit(a->c, s->study, "astray"))
        judgement_say(
            j, VERDICT_FAIL,
            "Of what the maps say of patterns %.0f %% is on those of this class; %.0f %% is chance. They are of "
            "another class, of all alike, or turned over.",
            100 * own, 100. / CLASSES);
    else if (s->is.agreement >= COMMON_CLOSELY && over(a, s, "miss"))
        judgement_say(j, VERDICT_FAIL, "The maps of %.0f %% of the inputs miss the evidence for the class.",
                      100 * s->is.miss);
    else return false;
    return true;
}

static bool judge_rest(const struct all *a, const struct seen *s, struct judgement *j) {
    if (s->is.agreement >= COMMON_CLOSELY && over(a, s, "swap"))
        judgement_say(j, VERDICT_FAIL,
                      "The maps change by %.0f %% when patterns of other classes move, which the logit does not depend "
                      "on.",
                      100 * s->is.swap);
    else if (s->is.detector > 0 && over(a, s, "prior"))
        judgement_say(j, VERDICT_FAIL,
                      "Maps of inputs with evidence at different places are alike (mean cosine %.2f): part of them is "
                      "the same for every input.",
                      s->is.prior);
    else return false;
    return true;
}

/* A map that is turned over, or of another class, fits a little better somewhere, too: that is no shift. */
static bool judge_network(const struct all *a, const struct seen *s, struct judgement *j, bool *failed,
                          struct error *e) {
    bool asked = s->is.detector > 0 || s->is.exact >= ZERO_OUTSIDE, beside = asked && over(a, s, "place-t"),
         fits = s->is.overlap >= FITS;
    j->score = 1 - s->is.astray;
    *failed = true;
    if (beside && fits) return say_place(a, s, j, e);
    if (judge_share(a, s, j) || judge_sign(a, s, j)) return true;
    if (beside) return say_place(a, s, j, e);
    *failed = judge_rest(a, s, j);
    return true;
}

/* ---- all networks ---- */

static uint32_t bits(double v) {
    uint32_t n = 0;
    for (uint32_t k = (uint32_t)v; k; k >>= 1) n += k & 1u;
    return n;
}

/* Constant maps for some classes, at most half, and for no input of the others, on every network alike. */
static bool judge_dead(const struct all *a, struct judgement *j) {
    if (a->count < 2) return false;
    double dead = a->seen[0].is.dead;
    uint32_t n = bits(dead);
    if (n < 1 || n > CLASSES / 2) return false;
    for (uint32_t k = 0; k < a->count; k++)
        if (fabs(a->seen[k].is.dead - dead) > 0 || bits(a->seen[k].is.live) != CLASSES - n) return false;
    judgement_say(j, VERDICT_FAIL,
                  "Every map is constant for %u of %u classes, and none for the others, on every network.", n, CLASSES);
    return true;
}

/* Aside the same way on all networks of templates, of which no one condemns: sum of t / sqrt(n). */
static bool judge_places(const struct all *a, struct judgement *j, bool *said, struct error *e) {
    const struct seen *first = NULL;
    double sum = 0, n = 0;
    for (uint32_t k = 0; k < a->count; k++) {
        const struct seen *s = &a->seen[k];
        if (!(s->is.detector > 0)) continue;
        if (!first) first = s;
        if (!s->judged || !(s->is.right * first->is.right + s->is.down * first->is.down > 0)) return true;
        sum += s->is.place_t;
        n++;
    }
    if (n < 2 || !(sum / sqrt(n) > TOGETHER_SURE)) return true;
    *said = true;
    j->score = 1 - first->is.astray;
    struct text t = {0};
    if (add_shift(a, first, &t))
        judgement_say(j, sum / sqrt(n) > TOGETHER ? VERDICT_FAIL : VERDICT_INCONCLUSIVE,
                      "On %.0f networks whose evidence is at known places the maps lie aside the same way: %s on the "
                      "first (t = %.1f of all; above %d it is no chance).",
                      n, t.data, sum / sqrt(n), TOGETHER);
    bool ok = !t.failed || error_memory(e);
    text_finish(&t);
    return ok;
}

/* No value below 0 anywhere, though the method does not claim it, and evidence against the class gets its share.
 * Methods that show only what speaks for the class give it nothing. */
static bool judge_unsigned(const struct all *a, struct judgement *j) {
    double negative = a->quadratic == UINT32_MAX ? 0 : studies_number(a->c, a->quadratic, "negative"), against = 0;
    if (a->c->view->explainers[a->c->row].claims & ASSAY_NON_NEGATIVE) return false;
    for (uint32_t k = 0; k < a->count; k++) {
        negative += a->seen[k].is.negative;
        if (a->seen[k].is.detector > 0 && a->seen[k].judged) against = fmax(against, a->seen[k].is.against);
    }
    if (!(against > AGAINST) || negative > 0) return false;
    judgement_say(j, VERDICT_FAIL,
                  "No map has a value below 0, though %.0f %% of what the maps say of the class's patterns is said of "
                  "the one against it, and the method does not claim NON_NEGATIVE: the sign is lost.",
                  100 * against);
    return true;
}

static bool judge_open(const struct all *a, struct judgement *j) {
    for (uint32_t k = 0; k < a->count; k++) {
        const struct seen *s = &a->seen[k];
        double own = 1 - s->is.astray;
        if (!s->judged || !(own + 2 * s->is.astray_se < OWN_SURE)) continue;
        j->score = own;
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Of what the maps say of patterns %.0f %% is on those of this class (%.0f %% is chance): between "
                      "%.0f %% and %.0f %%.",
                      100 * own, 100. / CLASSES, 100 * OWN_LEAST, 100 * OWN_SURE);
        return true;
    }
    return false;
}

static void conclude(const struct all *a, struct judgement *j) {
    double own = 1;
    if (!a->judged) {
        bool constant = a->seen[0].is.constant > CONSTANT;
        judgement_say(j, constant ? VERDICT_SKIP : VERDICT_UNINFORMATIVE, "Not judged: %s (%.0f %%) on %u networks.",
                      a->seen[0].why_not, 100 * (constant ? a->seen[0].is.constant : a->seen[0].is.agreement),
                      a->count);
        return;
    }
    for (uint32_t k = 0; k < a->count; k++)
        if (a->seen[k].judged) own = fmin(own, 1 - a->seen[k].is.astray);
    j->score = own;
    j->inputs = a->judged;
    judgement_say(j, VERDICT_PASS,
                  "On %u of %u networks that know where their evidence is: at least %.0f %% of what the maps say of "
                  "patterns is on those of this class (%.0f %% is chance), in place and with the right sign.",
                  a->judged, a->count, 100 * own, 100. / CLASSES);
}

/* The networks that ran. True: something is said already (an ERROR, or that none of them ran). */
static bool gather(struct all *a, struct judgement *j) {
    uint32_t study;
    bool ran = false;
    a->quadratic = UINT32_MAX;
    for (uint32_t k = 0; studies_get(a->c, k, &study); k++) {
        uint32_t n;
        const struct cell *cell = results_cell(a->c->r, a->c->row, study);
        bool network = studies_reading(a->c, study, "astray", &n) || !isnan(studies_limit(a->c, study, "astray"));
        if (studies_gate(a->c, study, j)) {
            if (cell->present && cell->status == UNIT_UNSUPPORTED) continue;
            return true;
        }
        if (!network) a->quadratic = study;
        else if (a->count < MOST_SEEN) {
            a->seen[a->count] = (struct seen){.study = study};
            read_seen(a->c, &a->seen[a->count]);
            a->judged += a->seen[a->count++].judged;
        }
        ran = ran || network;
    }
    return !ran; /* the last SKIP stands */
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    struct all a = {.c = c};
    uint32_t study;
    bool failed = false;
    (void)curves;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (gather(&a, j) || judge_dead(&a, j)) return true;
    for (uint32_t k = 0; !failed && k < a.count; k++)
        if (a.seen[k].judged && !judge_network(&a, &a.seen[k], j, &failed, e)) return false;
    if (!failed && !judge_places(&a, j, &failed, e)) return false;
    if (!failed && !judge_unsigned(&a, j) && !judge_open(&a, j)) conclude(&a, j);
    return true;
}

const struct rule rule_planted_evidence = {
    .name = "planted-evidence", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
