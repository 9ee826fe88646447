/* linear.c: the identity on linear models, of methods that claim it; of all methods what their map is there, from the
 * readings of the study linear-form. */
#include "judge/checks.h"
#include "judge/rules.h"
#include "judge/studies.h"

#include "explainers/explainer.h"
#include "plan/linear_form.h"

#include <math.h>

#define SAME .01        /* distance up to which a map is a form, on every input (controls/linear_form.c) */
#define NEARLY .2       /* mean distance up to which it is nearly one */
#define FACTOR_OFF .005 /* of a factor that is 1 */

struct nearest {
    const struct linear_form *form;
    double worst, distance;   /* over inputs: the largest, the mean */
    double factor, variation; /* mean factor, its coefficient of variation */
    bool mixed;               /* signs of the factor */
    uint32_t live;            /* inputs whose map is not zero */
};

static struct nearest summarise(const struct judge_case *c, uint32_t study) {
    uint32_t n = 0, below = 0;
    struct nearest s = {0};
    const double *distance = studies_reading(c, study, "form-distance", &n),
                 *factor = studies_reading(c, study, "form-factor", &n);
    double form = studies_number(c, study, "form"), squares = 0;
    if (!(form >= 0 && form < (double)linear_form_count)) return s;
    s.form = &linear_forms[(size_t)form];
    for (uint32_t i = 0; i < n; i++) {
        if (isnan(distance[i])) continue;
        s.worst = fmax(s.worst, distance[i]);
        s.distance += distance[i];
        s.factor += factor[i];
        squares += factor[i] * factor[i];
        below += factor[i] < 0;
        s.live++;
    }
    s.distance /= s.live;
    s.factor /= s.live;
    s.variation = sqrt(fmax(squares / s.live - s.factor * s.factor, 0)) / fabs(s.factor);
    s.mixed = below > 0 && below < s.live;
    return s;
}

/* "minus the weights"; nothing where it is none of the forms. */
static void add_words(const struct nearest *s, struct text *out) {
    const double off = fmax(FACTOR_OFF, s->distance);
    bool same = s->worst <= SAME, varies = s->mixed || s->variation > off;
    if (!s->form || !(same || (s->distance <= NEARLY && !varies))) return;
    if (!same) text_add(out, "nearly ");
    if (!varies && fabs(s->factor + 1) <= off) text_add(out, "minus ");
    else if (!varies && !(fabs(s->factor - 1) <= off)) text_add(out, "%.3g times ", s->factor);
    linear_form_add_words(s->form, out);
    if (!same) text_add(out, " (off by %.0f %%)", 100 * s->distance);
    if (varies) text_add(out, ", times a factor that differs between inputs%s", s->mixed ? ", also in its sign" : "");
}

/* What can be said of a method that claims nothing: a SKIP, annotated with what its map is. */
static bool say_unclaimed(const struct judge_case *c, uint32_t study, const char *words, struct judgement *j) {
    static const char claims_none[] = "The method claims no identity on linear models.";
    const struct cell *cell = results_cell(c->r, c->row, study);
    bool ran = cell->present && cell->status == UNIT_OK;
    if (*words && !(j->note = judgement_keep(j, "on a linear model it is %s", words))) return false;
    if (*words || (cell->present && cell->status == UNIT_UNSUPPORTED))
        judgement_say(j, VERDICT_SKIP, "%s", claims_none);
    else if (ran)
        judgement_say(j, VERDICT_SKIP, "%s There its map is %s.", claims_none,
                      summarise(c, study).live ? "none of the known ones" : "zero everywhere");
    else
        judgement_say(j, VERDICT_SKIP, "%s There it fails: %s", claims_none,
                      cell->present ? cell->why : "nothing was computed.");
    return true;
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study = 0;
    struct text words = {0};
    bool there = studies_get(c, 0, &study), ok = true;
    struct judgement gate = *j;
    (void)curves;
    if (there && !studies_gate(c, study, &gate)) {
        const struct nearest s = summarise(c, study);
        add_words(&s, &words);
    }
    const char *text = words.data ? words.data : "";
    if (case_row(c)->claims & ASSAY_LINEAR_EXACT) {
        checks_decide(c, j);
        if (j->word == VERDICT_FAIL && *text) judgement_say(j, VERDICT_FAIL, "%s It is %s.", j->reason, text);
    } else if (there) ok = say_unclaimed(c, study, text, j);
    else judgement_say(j, VERDICT_SKIP, "The method claims no identity on linear models.");
    ok = (ok && !words.failed) || error_memory(e);
    text_finish(&words);
    return ok;
}

const struct rule rule_linear = {.name = "linear", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
