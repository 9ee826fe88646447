/* labels.c: rule L3 to L6 of docs/verdict.md: permuted networks against twins trained again on the true labels. */
#include "experiment/reduce.h"
#include "judge/chance.h"
#include "judge/contrast.h"
#include "judge/curve.h"
#include "judge/gates.h"
#include "judge/rules.h"
#include "judge/samples.h"

#include <math.h>
#include <stdlib.h>

enum { PERMUTED, TWIN }; /* stages of the label-permutation control */

struct labels {
    struct judge_case *c;
    uint32_t n, count[2];                     /* inputs; networks per stage */
    double *s, *t, *y, *z;                    /* [permuted][n], [twins][n]; scratch for either, twice */
    double alpha_fail;                        /* of each of L3, P and L6 in every view, and of L4 */
    struct interval prior, filled_prior;      /* P of the permuted networks; of signed maps */
    struct interval share, magnitude;         /* vanished maps dropped: bound a PASS */
    struct interval filled, filled_magnitude; /* vanished maps counted as 0: bound a FAIL */
    double base;                              /* of the magnitude share */
    bool has_magnitude;
    struct interval gap, rest, filled_rest; /* L5; L6 */
    double twin_share;                      /* D_T = (S - F) / (T - F), printed only */
    double vanished;                        /* share of the permuted networks' maps */
    enum view view;                         /* the one measured last */
};

static uint32_t networks(const struct judge_case *c, uint32_t stage) {
    uint32_t n = 0, at[2];
    while (samples_attributions(c, stage, n, at)) n++;
    return n;
}

static void subtract_floor(const struct labels *l, uint32_t stage, enum view view, double *y, double fixed) {
    for (uint32_t r = 0; r < l->count[stage]; r++) {
        double f = isnan(fixed) ? samples_draw_floor(l->c, l->c->row, stage, r, view) : fixed;
        for (uint32_t i = 0; i < l->n; i++) y[(size_t)r * l->n + i] -= f;
    }
}

static struct interval contrast_of(const struct labels *l, double twins, double permuted) {
    const struct contrast_side t = {l->t, l->count[TWIN], twins}, s = {l->s, l->count[PERMUTED], permuted};
    return contrast(&t, &s, l->n, l->y);
}

/* L6: q. */
static struct interval rest_of(const struct labels *l) {
    return contrast_of(l, -l->c->constants->delta_twin, -1);
}

static void measure_view(struct labels *l, enum view view) {
    struct judge_case *c = l->c;
    double floor = c->floor[view], span = c->repeat[view] - floor, gap_df;
    samples_similarity(c, c->row, PERMUTED, l->count[PERMUTED], 0, view, l->s);
    samples_similarity(c, c->row, TWIN, l->count[TWIN], 0, view, l->t);
    /* L5 keeps the floor in: it is the same on both sides. */
    l->gap = contrast_of(l, 1, 1);
    gap_df = fmax(l->count[PERMUTED] - 1.0, 2);
    l->gap.df = gap_df;
    subtract_floor(l, PERMUTED, view, l->s, (double)NAN);
    subtract_floor(l, TWIN, view, l->t, floor);
    l->rest = rest_of(l);
    double mean_s = 0, mean_t = 0, v;
    uint32_t p;
    contrast_spread(l->s, l->count[PERMUTED] * l->n, &mean_s, &v, &p);
    contrast_spread(l->t, l->count[TWIN] * l->n, &mean_t, &v, &p);
    l->twin_share = mean_s / mean_t;
    for (size_t k = 0; k < (size_t)l->count[PERMUTED] * l->n; k++) l->y[k] = l->s[k] / span;
    l->share = interval_two_way(l->y, l->count[PERMUTED], l->n);
    l->vanished = samples_fill_vanished(c, view, l->count[PERMUTED], l->y);
    l->filled = l->vanished > 0 ? interval_two_way(l->y, l->count[PERMUTED], l->n) : l->share;
    l->filled_rest = samples_fill_vanished(c, view, l->count[PERMUTED], l->s) > 0 ? rest_of(l) : l->rest;
    l->view = view;
}

static bool is_absolute(const struct labels *l) {
    return case_row(l->c)->non_negative;
}

/* P, as of re-drawn networks. */
static void measure_prior(struct labels *l, enum view view) {
    samples_mismatched(l->c, l->c->row, PERMUTED, view, 0, l->c->repeat[view], l->y, l->z);
    l->prior = interval_two_way(l->y, l->count[PERMUTED], l->n);
    l->filled_prior = interval_two_way(l->z, l->count[PERMUTED], l->n);
}

/* ---- the verdict ---- */

static void take_numbers(const struct labels *l, struct judgement *j, double alpha) {
    j->score = l->share.mean;
    j->lower = interval_lower(&l->filled, l->alpha_fail);
    j->upper = interval_upper(&l->share, alpha);
    j->floor = l->c->floor[l->view];
    j->ceiling = l->c->repeat[l->view];
}

static void say_survives(const struct labels *l, struct judgement *j) {
    j->first_stage = "permuted";
    j->score = l->filled.mean;
    judgement_say(
        j, VERDICT_FAIL,
        "The map survives permuted labels: share D = %.2f, at least %.2f > %.2f (%s, floor %.2f); %u permutations, %u inputs.",
        j->score, j->lower, l->c->constants->delta, view_name(l->view), j->floor, l->count[PERMUTED], l->n);
}

static void guard(struct labels *l) {
    l->has_magnitude = chance_share(l->c, PERMUTED, l->count[PERMUTED], l->y, &l->base);
    l->magnitude = interval_two_way(l->y, l->count[PERMUTED], l->n);
    samples_fill_vanished(l->c, l->c->magnitude_view, l->count[PERMUTED], l->y);
    l->filled_magnitude = interval_two_way(l->y, l->count[PERMUTED], l->n);
}

/* The numbers of the guard in place of those of D. */
static void take_magnitude(const struct labels *l, struct judgement *j, double alpha) {
    j->score = l->magnitude.mean;
    j->lower = interval_lower(&l->filled_magnitude, l->alpha_fail);
    j->upper = interval_upper(&l->magnitude, alpha);
    j->floor = l->base;
    j->ceiling = l->c->repeat[l->c->magnitude_view];
}

static void say_magnitude_survives(const struct labels *l, struct judgement *j) {
    j->first_stage = "permuted";
    judgement_say(j, VERDICT_FAIL, "The magnitudes survive permuted labels: share %.2f, at least %.2f > %.2f (%s).",
                  j->score, j->lower, l->c->constants->delta, view_name(l->c->magnitude_view));
}

/* D passed in every view: what the guard says of it. */
static void conclude(struct labels *l, enum view largest, struct judgement *j) {
    const struct judge_case *c = l->c;
    const double alpha = c->constants->alpha, delta = c->constants->delta;
    bool absolute = case_row(c)->non_negative;
    if (!absolute) take_magnitude(l, j, alpha);
    if (!absolute && !l->has_magnitude) {
        judgement_say(
            j, VERDICT_UNINFORMATIVE,
            "The magnitudes cannot be judged: a repetition agrees at %.2f, random weights times the input at %.2f (%s).",
            j->ceiling, j->floor, view_name(c->magnitude_view));
    } else if (!absolute && !(j->upper < delta)) {
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "Undecided after %u permutations: magnitude share %.2f, at most %.2f (limit %.2f).",
                      l->count[PERMUTED], j->score, j->upper, delta);
    } else {
        measure_view(l, largest);
        take_numbers(l, j, alpha);
        judgement_say(
            j, VERDICT_PASS,
            "Surviving share D = %.2f, at most %.2f < %.2f; twin gap %.2f; %.0f %% of the reproducible part; %u permutations, %u "
            "twins, %u inputs.",
            j->score, j->upper, delta, l->gap.mean, 100 * l->twin_share, l->count[PERMUTED], l->count[TWIN], l->n);
    }
}

/* ---- the steps, by their names in docs/verdict.md ---- */

static enum verdict_word say_vanished(const struct labels *l, struct judgement *j) {
    judgement_say(j, VERDICT_INCONCLUSIVE,
                  "%.0f %% of the maps vanished (were constant) on permuted networks: too few are left.",
                  100 * l->vanished);
    return j->word;
}

/* P in one view: what the maps of permuted networks share with those of other inputs. */
static enum verdict_word step_prior(struct labels *l, struct judgement *j) {
    const struct rule_constants *k = l->c->constants;
    if (is_absolute(l)) return VERDICT_PASS;
    measure_prior(l, l->view);
    double lower = interval_lower(&l->filled_prior, l->alpha_fail), upper = interval_upper(&l->prior, k->alpha);
    const struct apart fails = numbers_apart(100 * lower, 100 * k->prior_share, 0),
                       open = numbers_apart(upper, k->prior_share, 2);
    if (lower > k->prior_share) {
        j->score = l->filled_prior.mean;
        j->lower = lower;
        j->upper = upper;
        judgement_say(j, VERDICT_FAIL,
                      "A prior: %.0f %% of the map is the same for any input and any labels (at least %s %%, more than "
                      "%s %%; %s).",
                      100 * j->score, fails.a, fails.b, view_name(l->view));
        return j->word;
    }
    if (upper < k->prior_share) return VERDICT_PASS;
    if (isnan(l->prior.mean)) return say_vanished(l, j);
    judgement_say(j, VERDICT_INCONCLUSIVE,
                  "Undecided after %u permutations: the share that is a prior = %.2f, at most %s (limit %s; %s).",
                  l->count[PERMUTED], l->prior.mean, open.a, open.b, view_name(l->view));
    return j->word;
}

/* D in one view. */
static enum verdict_word step_l3(struct labels *l, struct judgement *j) {
    const struct rule_constants *k = l->c->constants;
    if (j->lower > k->delta) {
        if (is_absolute(l) && !(l->magnitude.mean > k->delta)) {
            j->input_dominated = true;
            judgement_say(
                j, VERDICT_UNINFORMATIVE,
                "The absolute map is dominated by the input (D = %.2f, as random weights times the input would give): "
                "%s.",
                j->score, case_signed_map(l->c));
        } else say_survives(l, j);
        return j->word;
    }
    return l->vanished > k->vanished_share ? say_vanished(l, j) : VERDICT_PASS;
}

/* The magnitudes, of signed maps. */
static enum verdict_word step_l4(struct labels *l, struct judgement *j) {
    const struct rule_constants *k = l->c->constants;
    if (is_absolute(l) || !(interval_lower(&l->filled_magnitude, l->alpha_fail) > k->delta)) return VERDICT_PASS;
    take_magnitude(l, j, k->alpha);
    say_magnitude_survives(l, j);
    return j->word;
}

/* The twins' lead in one view. */
static enum verdict_word step_l5(struct labels *l, struct judgement *j) {
    const struct rule_constants *k = l->c->constants;
    double wanted = is_absolute(l) ? k->twin_gap / 2 : k->twin_gap, lower = interval_lower(&l->gap, k->alpha);
    if (lower > wanted || l->vanished > k->vanished_share) return VERDICT_PASS; /* L3 says what vanished */
    judgement_say(
        j, VERDICT_UNINFORMATIVE,
        "Retraining alone changes the map as much as permuting the labels: twin gap %.2f, at least %.2f, %.2f needed (%s).",
        l->gap.mean, lower, wanted, view_name(l->view));
    return j->word;
}

/* The share of what retraining reproduces, in one view. Not asked of absolute maps: magnitudes follow the input on
 * every network, so their reproducible part is shared by permuted ones too (docs/verdict.md, section 3). */
static enum verdict_word step_l6(struct labels *l, struct judgement *j) {
    const struct rule_constants *k = l->c->constants;
    bool absolute = is_absolute(l);
    if (!absolute && l->vanished <= k->vanished_share && interval_lower(&l->filled_rest, l->alpha_fail) > 0) {
        j->first_stage = "permuted";
        judgement_say(
            j, VERDICT_FAIL,
            "Of what retraining reproduces, %.0f %% survives permuted labels, more than %.0f %% (%s; D = %.2f).",
            100 * l->twin_share, 100 * k->delta_twin, view_name(l->view), j->score);
        return j->word;
    }
    if (j->upper < k->delta && (absolute || interval_upper(&l->rest, k->alpha) < 0)) return VERDICT_PASS;
    judgement_say(
        j, VERDICT_INCONCLUSIVE,
        "Undecided after %u permutations: D = %.2f, at most %.2f (limit %.2f); share of the reproducible part %.2f (limit "
        "%.2f; %s).",
        l->count[PERMUTED], j->score, j->upper, k->delta, l->twin_share, k->delta_twin, view_name(l->view));
    return j->word;
}

static const struct step {
    const char *id;
    bool every_view; /* asked with the numbers of each view; else once */
    enum verdict_word (*decide)(struct labels *, struct judgement *);
} steps[] = {{"P", true, step_prior},
             {"L3", true, step_l3},
             {"L4", false, step_l4},
             {"L5", true, step_l5},
             {"L6", true, step_l6}};

/* What the walk over steps and views came by. */
struct walk {
    bool open; /* some step was undecided: `undecided` is the first such judgement */
    struct judgement undecided;
    double most; /* the largest share, and its view */
    enum view largest;
};

/* True when the word ends the walk: any but PASS and INCONCLUSIVE, which a later FAIL may still beat. */
static bool take_word(struct walk *w, enum verdict_word word, const struct judgement *j) {
    if (word == VERDICT_INCONCLUSIVE && !w->open) {
        w->open = true;
        w->undecided = *j;
    }
    return word != VERDICT_PASS && word != VERDICT_INCONCLUSIVE;
}

/* Where no map vanished, or few did, and one of the statistics is not a number. */
static bool say_not_a_number(const struct labels *l, struct judgement *j) {
    const struct interval *all[] = {&l->share, &l->filled, &l->gap, &l->rest};
    bool numbers = true;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        numbers = numbers && isfinite(all[k]->mean) && isfinite(all[k]->variance);
    if (numbers || l->vanished > l->c->constants->vanished_share) return false;
    judgement_say(
        j, VERDICT_ERROR,
        "A statistic is not a number (%s): the maps of a twin vanished, or similarities of the run are damaged "
        "or missing.",
        view_name(l->view));
    return true;
}

static bool take_step(struct labels *l, const struct step *step, struct walk *w, struct judgement *j) {
    struct judge_case *c = l->c;
    if (!step->every_view) return take_word(w, step->decide(l, j), j);
    for (uint32_t v = 0; v < c->view_count; v++) {
        measure_view(l, c->views[v]);
        take_numbers(l, j, c->constants->alpha);
        if (say_not_a_number(l, j)) return true;
        enum verdict_word word = step->decide(l, j);
        if (l->share.mean > w->most) {
            w->most = l->share.mean;
            w->largest = c->views[v];
        }
        if (take_word(w, word, j)) return true;
    }
    return false;
}

static void walk_steps(struct labels *l, struct judgement *j) {
    struct walk w = {.undecided = *j, .most = -INFINITY, .largest = l->c->views[0]};
    if (l->count[PERMUTED] < 2 || l->count[TWIN] < 2) {
        judgement_say(j, VERDICT_INCONCLUSIVE, "One permuted network or one twin: no interval. 2 or more wanted.");
        return;
    }
    guard(l);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
        if (take_step(l, &steps[s], &w, j)) return;
    if (w.open) *j = w.undecided;
    else conclude(l, w.largest, j);
}

static bool put_curves(const struct labels *l, enum verdict_word word, struct store *store, struct error *e) {
    static const char *const decisions[VERDICT_WORDS] = {"pass", "fail", "open", "open", "open", "open"};
    struct judge_case c = *l->c;
    struct map_shape shape = run_map_shape(c.view->sample, case_row(&c)->reduction);
    for (uint32_t stage = PERMUTED; stage <= TWIN; stage++)
        for (uint32_t m = 0; measures[m]; m++)
            for (int v = 0; view_measures(c.view, m) && measures[m]->applies(&shape) && v < VIEW_COUNT; v++) {
                bool judged = stage == PERMUTED && m == 0 && (enum view)v == l->view;
                const struct curve curve = {.stage = stage,
                                            .measure = m,
                                            .view = (enum view)v,
                                            .share = judged ? &l->share : NULL,
                                            .alpha_fail = c.constants->alpha,
                                            .alpha_pass = c.constants->alpha,
                                            .logit_r = (double)NAN,
                                            .decision = judged ? decisions[word] : "shown only"};
                c.draws = l->count[stage];
                if (!curve_put(&c, &curve, l->y, store, e)) return false;
            }
    return true;
}

static bool labels_init(struct labels *l, uint32_t most, struct error *e) {
    size_t cells = (size_t)most * l->n, scratch = cells > most ? cells : most;
    l->s = malloc((2 * cells + 2 * scratch) * sizeof *l->s);
    if (!l->s) return error_memory(e);
    l->t = l->s + cells;
    l->y = l->t + cells;
    l->z = l->y + scratch;
    return true;
}

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    struct labels l = {.c = c,
                       .n = case_inputs(c),
                       .count = {networks(c, PERMUTED), networks(c, TWIN)},
                       .view = c->views[0],
                       .alpha_fail = c->constants->alpha / (3 * c->view_count + 1),
                       .share = {(double)NAN, (double)NAN, (double)NAN}};
    uint32_t most = l.count[PERMUTED] > l.count[TWIN] ? l.count[PERMUTED] : l.count[TWIN];
    c->draws = most;
    bool decided = gates_decide(c, j) != NULL;
    j->draws = c->draws = l.count[PERMUTED];
    if (decided && (j->word == VERDICT_ERROR || j->word == VERDICT_SKIP)) return true;
    if (!labels_init(&l, most, e)) return false;
    if (!decided) walk_steps(&l, j);
    bool ok = !curves || put_curves(&l, j->word, curves, e);
    free(l.s);
    return ok;
}

const struct rule rule_labels = {
    .name = "label-permutation",
    .family = FAMILY_LABELS,
    .root = ROOT_LABELS,
    .needs_training = true,
    .decide = decide,
};
