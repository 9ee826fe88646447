/* Rule L3 of docs/verdict.md: permuted networks against twins trained again on the true labels. */
#include "judge/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PERMUTED, TWIN }; /* stages of the label-permutation control */

struct estimate {
    double mean, variance, df;
};

struct labels {
    struct judge_case *c;
    uint32_t n, count[2];                     /* inputs; networks per stage */
    double *s, *t, *y;                        /* [permuted][n], [twins][n], scratch */
    struct interval share, magnitude;         /* vanished maps dropped: bound a PASS */
    struct interval filled, filled_magnitude; /* vanished maps counted as 0: bound a FAIL */
    double base;                              /* of the magnitude share */
    bool has_magnitude;
    struct estimate gap, rest, filled_rest; /* L5; L6 */
    double twin_share;                      /* D_T = (S - F) / (T - F), printed only */
    double vanished;                        /* share of the permuted networks' maps */
    enum view view;                         /* the one measured last */
};

static uint32_t networks(const struct judge_case *c, uint32_t stage) {
    uint32_t n = 0, at[2];
    while (judge_stage(c, stage, n, at)) n++;
    return n;
}

/* ---- L0: is it a control at all ---- */

static bool gate_network(const struct judge_case *c, enum role role, uint32_t draw, struct judgement *j) {
    const struct network *n = run_network(c->run, role, draw);
    if (!n || n->failure)
        judgement_say(j, VERDICT_ERROR, "No control: network %s/%u could not be trained: %s", role_name(role), draw,
                      n ? n->failure : "it is missing");
    else if (!(n->train_accuracy >= c->rule->memorised))
        judgement_say(j, VERDICT_ERROR,
                      "No control: network %s/%u reached training accuracy %.3f after %u epochs; %.2f is needed.",
                      role_name(role), draw, n->train_accuracy, n->epochs, c->rule->memorised);
    else return false;
    return true;
}

static bool gate_networks(const struct labels *l, struct judgement *j) {
    const struct judge_case *c = l->c;
    if (gate_network(c, ROLE_TRUE, 0, j)) return true;
    for (uint32_t stage = 0; stage < 2; stage++)
        for (uint32_t r = 0; r < l->count[stage]; r++)
            if (gate_network(c, stage == TWIN ? ROLE_TWIN : ROLE_PERMUTED, r, j)) return true;
    /* Permuted labels must not have taught the true ones. The mean over networks is compared: a single one is right for
     * whole clusters of look-alike classes by chance, which a binomial error does not know. */
    double chance = 1.0 / c->run->label_graph->classes, sum = 0, squares = 0, n = l->count[PERMUTED];
    for (uint32_t r = 0; r < l->count[PERMUTED]; r++) {
        double a = run_network(c->run, ROLE_PERMUTED, r)->test_accuracy;
        sum += a;
        squares += a * a;
    }
    double mean = sum / n, error = n > 1 ? sqrt(fmax(squares / n - mean * mean, 0) / (n - 1)) : 0;
    double truth = run_network(c->run, ROLE_TRUE, 0)->test_accuracy;
    if (!(mean <= chance + 3 * fmax(error, .01)))
        judgement_say(j, VERDICT_ERROR,
                      "No control: networks trained on permuted labels have test accuracy %.2f, chance is %.2f.", mean,
                      chance);
    else if (!(truth > fmax(mean, chance) + 3 * fmax(error, .01)))
        judgement_say(
            j, VERDICT_ERROR,
            "No control: the network trained on true labels has test accuracy %.2f, those on permuted labels %.2f, chance "
            "is %.2f.",
            truth, mean, chance);
    else return false;
    return true;
}

/* ---- estimates ---- */

static double column_mean(const double *y, uint32_t rows, uint32_t n, uint32_t i) {
    double sum = 0;
    uint32_t present = 0;
    for (uint32_t r = 0; r < rows; r++)
        if (!isnan(y[(size_t)r * n + i])) {
            sum += y[(size_t)r * n + i];
            present++;
        }
    return present ? sum / present : (double)NAN;
}

/* Mean and sample variance of what is present. */
static void spread(const double *v, uint32_t count, double *mean, double *variance, uint32_t *present) {
    double sum = 0, squares = 0;
    *present = 0;
    for (uint32_t k = 0; k < count; k++)
        if (!isnan(v[k])) {
            sum += v[k];
            ++*present;
        }
    *mean = *present ? sum / *present : (double)NAN;
    for (uint32_t k = 0; k < count; k++)
        if (!isnan(v[k])) squares += (v[k] - *mean) * (v[k] - *mean);
    *variance = *present > 1 ? squares / (*present - 1) : (double)NAN;
}

/* Variance of the mean over networks: spread of their means over inputs, divided by their number. */
static double network_variance(const double *y, uint32_t rows, uint32_t n) {
    double means[50], mean, variance;
    uint32_t present;
    for (uint32_t r = 0; r < rows; r++) spread(y + (size_t)r * n, n, &means[r], &variance, &present);
    spread(means, rows, &mean, &variance, &present);
    return variance / present;
}

/* mean_i(a * mean_t T - b * mean_r S) and its variance from inputs, permutations and twins; Satterthwaite's df. */
static struct estimate contrast(const struct labels *l, double a, double b) {
    double *d = l->y, mean, variance;
    uint32_t present, n = l->n;
    for (uint32_t i = 0; i < n; i++)
        d[i] = a * column_mean(l->t, l->count[TWIN], n, i) - b * column_mean(l->s, l->count[PERMUTED], n, i);
    spread(d, n, &mean, &variance, &present);
    double vi = variance / present, vr = b * b * network_variance(l->s, l->count[PERMUTED], n),
           vt = a * a * network_variance(l->t, l->count[TWIN], n), sum = vi + vr + vt;
    double df = sum * sum /
                (vi * vi / (present - 1.0) + vr * vr / (l->count[PERMUTED] - 1.0) + vt * vt / (l->count[TWIN] - 1.0));
    return (struct estimate){mean, sum, sum > 0 ? df : l->count[PERMUTED] - 1.0};
}

static double bound(const struct estimate *x, double alpha, int side) {
    struct interval i = {x->mean, x->variance, x->df};
    return side < 0 ? interval_lower(&i, alpha) : interval_upper(&i, alpha);
}

static void subtract_floor(const struct labels *l, uint32_t stage, enum view view, double *y, double fixed) {
    for (uint32_t r = 0; r < l->count[stage]; r++) {
        double f = isnan(fixed) ? judge_floor(l->c, l->c->row, stage, r, view) : fixed;
        for (uint32_t i = 0; i < l->n; i++) y[(size_t)r * l->n + i] -= f;
    }
}

static void measure_view(struct labels *l, enum view view) {
    struct judge_case *c = l->c;
    double floor = c->floor[view], span = c->repeat[view] - floor, gap_df;
    judge_similarity(c, c->row, PERMUTED, l->count[PERMUTED], 0, view, l->s);
    judge_similarity(c, c->row, TWIN, l->count[TWIN], 0, view, l->t);
    /* L5 keeps the floor in: it is the same on both sides. */
    l->gap = contrast(l, 1, 1);
    gap_df = fmax(l->count[PERMUTED] - 1.0, 2);
    l->gap.df = gap_df;
    subtract_floor(l, PERMUTED, view, l->s, (double)NAN);
    subtract_floor(l, TWIN, view, l->t, floor);
    l->rest = contrast(l, -c->rule->delta_twin, -1);
    double mean_s = 0, mean_t = 0, v;
    uint32_t p;
    spread(l->s, l->count[PERMUTED] * l->n, &mean_s, &v, &p);
    spread(l->t, l->count[TWIN] * l->n, &mean_t, &v, &p);
    l->twin_share = mean_s / mean_t;
    for (size_t k = 0; k < (size_t)l->count[PERMUTED] * l->n; k++) l->y[k] = l->s[k] / span;
    l->share = interval_two_way(l->y, l->count[PERMUTED], l->n);
    l->vanished = judge_fill_vanished(c, view, l->count[PERMUTED], l->y);
    l->filled = l->vanished > 0 ? interval_two_way(l->y, l->count[PERMUTED], l->n) : l->share;
    l->filled_rest =
        judge_fill_vanished(c, view, l->count[PERMUTED], l->s) > 0 ? contrast(l, -c->rule->delta_twin, -1) : l->rest;
    l->view = view;
}

/* ---- the verdict ---- */

static void take_numbers(const struct labels *l, struct judgement *j, double alpha) {
    j->score = l->share.mean;
    j->lower = interval_lower(&l->filled, alpha / l->c->view_count);
    j->upper = interval_upper(&l->share, alpha);
    j->floor = l->c->floor[l->view];
    j->ceiling = l->c->repeat[l->view];
}

static void say_survives(const struct labels *l, struct judgement *j) {
    snprintf(j->first_stage, sizeof j->first_stage, "permuted");
    j->score = l->filled.mean;
    judgement_say(
        j, VERDICT_FAIL,
        "The map survives permuted labels: share D = %.2f, at least %.2f > %.2f (%s, floor %.2f); %u permutations, %u inputs.",
        j->score, j->lower, l->c->rule->delta, view_name(l->view), j->floor, l->count[PERMUTED], l->n);
}

/* L3 to L6 in one view. L6 is not asked of absolute maps: magnitudes follow the input on every network, so their
 * reproducible part is shared by permuted ones too (docs/verdict.md, section 3). Words other than PASS end the walk
 * over views, except INCONCLUSIVE, which a later FAIL may still beat. */
static enum verdict_word judge_view(struct labels *l, struct judgement *j, int step) {
    const struct verdict_rule *rule = l->c->rule;
    bool absolute = l->c->run->explainers[l->c->row].non_negative;
    double gap = absolute ? rule->twin_gap / 2 : rule->twin_gap, lower = bound(&l->gap, rule->alpha, -1);
    take_numbers(l, j, rule->alpha);
    if (step == 3 && j->lower > rule->delta) {
        if (absolute && !(l->magnitude.mean > rule->delta)) {
            j->input_dominated = true;
            judgement_say(
                j, VERDICT_UNINFORMATIVE,
                "The absolute map is dominated by the input (D = %.2f, as random weights times the input would give): test "
                "the signed map.",
                j->score);
        } else say_survives(l, j);
    } else if (step == 3 && l->vanished > rule->vanished_share) {
        judgement_say(j, VERDICT_INCONCLUSIVE,
                      "%.0f %% of the maps vanished (were constant) on permuted networks: too few are left.",
                      100 * l->vanished);
    } else if (step == 5 && !(lower > gap)) {
        judgement_say(
            j, VERDICT_UNINFORMATIVE,
            "Retraining alone changes the map as much as permuting the labels: twin gap %.2f, at least %.2f, %.2f needed (%s).",
            l->gap.mean, lower, gap, view_name(l->view));
    } else if (step == 6 && !absolute && l->vanished <= rule->vanished_share &&
               bound(&l->filled_rest, rule->alpha, -1) > 0) {
        snprintf(j->first_stage, sizeof j->first_stage, "permuted");
        judgement_say(
            j, VERDICT_FAIL,
            "Of what retraining reproduces, %.0f %% survives permuted labels, more than %.0f %% (%s; D = %.2f).",
            100 * l->twin_share, 100 * rule->delta_twin, view_name(l->view), j->score);
    } else if (step == 6 && !(j->upper < rule->delta && (absolute || bound(&l->rest, rule->alpha, 1) < 0))) {
        judgement_say(
            j, VERDICT_INCONCLUSIVE,
            "Undecided after %u permutations: D = %.2f, at most %.2f (limit %.2f); share of the reproducible part %.2f (limit "
            "%.2f; %s).",
            l->count[PERMUTED], j->score, j->upper, rule->delta, l->twin_share, rule->delta_twin, view_name(l->view));
    } else {
        return VERDICT_PASS;
    }
    return j->word;
}

static void guard(struct labels *l) {
    l->has_magnitude = judge_magnitude(l->c, PERMUTED, l->count[PERMUTED], l->y, &l->base);
    l->magnitude = interval_two_way(l->y, l->count[PERMUTED], l->n);
    judge_fill_vanished(l->c, l->c->magnitude_view, l->count[PERMUTED], l->y);
    l->filled_magnitude = interval_two_way(l->y, l->count[PERMUTED], l->n);
}

/* The numbers of the guard in place of those of D. */
static void take_magnitude(const struct labels *l, struct judgement *j, double alpha) {
    j->score = l->magnitude.mean;
    j->lower = interval_lower(&l->filled_magnitude, alpha);
    j->upper = interval_upper(&l->magnitude, alpha);
    j->floor = l->base;
    j->ceiling = l->c->repeat[l->c->magnitude_view];
}

static void say_magnitude_survives(const struct labels *l, struct judgement *j) {
    snprintf(j->first_stage, sizeof j->first_stage, "permuted");
    judgement_say(j, VERDICT_FAIL, "The magnitudes survive permuted labels: share %.2f, at least %.2f > %.2f (%s).",
                  j->score, j->lower, l->c->rule->delta, view_name(l->c->magnitude_view));
}

/* D passed in every view: what the guard says of it. */
static void conclude(struct labels *l, enum view largest, struct judgement *j) {
    const struct judge_case *c = l->c;
    const double alpha = c->rule->alpha, delta = c->rule->delta;
    bool absolute = c->run->explainers[c->row].non_negative;
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

static void decide(struct labels *l, struct judgement *j) {
    static const int steps[] = {3, 5, 6};
    struct judge_case *c = l->c;
    bool absolute = c->run->explainers[c->row].non_negative, open = false;
    struct judgement undecided = *j;
    enum view largest = c->views[0];
    double most = -INFINITY;
    guard(l);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        for (uint32_t v = 0; v < c->view_count; v++) {
            measure_view(l, c->views[v]);
            enum verdict_word word = judge_view(l, j, steps[s]);
            if (l->share.mean > most) {
                most = l->share.mean;
                largest = c->views[v];
            }
            if (word == VERDICT_INCONCLUSIVE && !open) {
                open = true;
                undecided = *j;
            }
            if (word != VERDICT_PASS && word != VERDICT_INCONCLUSIVE) return;
        }
        if (steps[s] == 3 && !absolute && interval_lower(&l->filled_magnitude, c->rule->alpha) > c->rule->delta) {
            take_magnitude(l, j, c->rule->alpha);
            say_magnitude_survives(l, j);
            return;
        }
    }
    if (open) *j = undecided;
    else conclude(l, largest, j);
}

static bool put_curves(const struct labels *l, enum verdict_word word, struct error *e) {
    static const char *const decisions[VERDICT_WORDS] = {"pass", "fail", "open", "open", "open", "open"};
    struct judge_case c = *l->c;
    struct map_shape shape = run_map_shape(&c.run->data->sample, c.run->explainers[c.row].reduction);
    for (uint32_t stage = PERMUTED; stage <= TWIN; stage++)
        for (uint32_t m = 0; measures[m]; m++)
            for (int v = 0; measures[m]->applies(&shape) && v < VIEW_COUNT; v++) {
                bool judged = stage == PERMUTED && m == 0 && (enum view)v == l->view;
                c.draws = l->count[stage];
                if (!judge_curve(&c, stage, m, (enum view)v, judged ? &l->share : NULL, c.rule->alpha, c.rule->alpha,
                                 judged ? decisions[word] : "shown only", l->y, e))
                    return false;
            }
    return true;
}

bool judge_labels(struct judge_case *c, struct judgement *j, bool curves, struct error *e) {
    struct labels l = {.c = c,
                       .n = judge_inputs(c),
                       .count = {networks(c, PERMUTED), networks(c, TWIN)},
                       .view = c->views[0],
                       .share = {(double)NAN, (double)NAN, (double)NAN}};
    uint32_t most = l.count[PERMUTED] > l.count[TWIN] ? l.count[PERMUTED] : l.count[TWIN];
    j->score = j->lower = j->upper = j->floor = j->ceiling = (double)NAN;
    j->inputs = l.n;
    j->draws = l.count[PERMUTED];
    if (gate_networks(&l, j)) return true;
    c->draws = most;
    bool decided = judge_gates(c, j), ok = true;
    j->draws = c->draws = l.count[PERMUTED];
    if (decided && (j->word == VERDICT_ERROR || j->word == VERDICT_SKIP)) return true;
    size_t cells = (size_t)most * l.n;
    l.s = malloc(3 * cells * sizeof *l.s);
    if (!l.s) return error_memory(e);
    l.t = l.s + cells;
    l.y = l.t + cells;
    if (!decided) decide(&l, j);
    ok = !curves || put_curves(&l, j->word, e);
    free(l.s);
    return ok;
}
