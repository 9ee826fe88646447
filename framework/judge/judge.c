/* What every rule starts from: the gates, and similarities as matrices of draws x inputs. */
#include "judge/judge.h"

#include "base/rng.h"
#include "explainers/explainer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "-0.00" is a rounded 0.00. */
static void drop_negative_zeros(char *text) {
    for (char *at = text; (at = strstr(at, "-0.00")) != NULL; at++)
        if (at[5] < '0' || at[5] > '9') memmove(at, at + 1, strlen(at));
}

void judgement_say(struct judgement *j, enum verdict_word word, const char *format, ...) {
    va_list list;
    j->word = word;
    va_start(list, format);
    vsnprintf(j->reason, sizeof j->reason, format, list);
    va_end(list);
    drop_negative_zeros(j->reason);
}

static const struct explainer_entry *row_of(const struct judge_case *c) {
    return &c->run->explainers[c->row];
}

static const struct cell *cell_of(const struct judge_case *c, uint32_t row, uint32_t attribution) {
    return results_cell(c->r, row, attribution);
}

static bool find_original(const struct judge_case *c, enum input_kind kind, uint32_t repeat, uint32_t *index) {
    const struct plan *p = &c->run->plan;
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        if (a->root == c->root && !a->layers && a->role == ROLE_TRUE && a->inputs == kind && a->repeat == repeat) {
            *index = i;
            return true;
        }
    }
    return false;
}

uint32_t judge_inputs(const struct judge_case *c) {
    return c->run->inputs[c->root].count;
}

uint32_t judge_stages(const struct judge_case *c) {
    return plan_tested_stages(&c->run->plan, c->control);
}

uint32_t judge_floor_stage(const struct judge_case *c) {
    if (c->run->controls[c->control].control->judge == JUDGE_LABELS) return 0; /* the permuted networks */
    uint32_t n = plan_stages(&c->run->plan, c->control);
    return n ? n - 1 : 0;
}

uint32_t judge_stage(const struct judge_case *c, uint32_t stage, uint32_t draw, uint32_t out[2]) {
    const struct plan *p = &c->run->plan;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->use_count && n < 2; i++) {
        const struct use *u = &p->uses[i];
        if (u->control == c->control && u->stage_index == stage && u->draw == draw) out[n++] = u->attribution;
    }
    return n;
}

void judge_similarity(const struct judge_case *c, uint32_t row, uint32_t stage, uint32_t draws, uint32_t measure,
                      enum view view, double *y) {
    uint32_t n = judge_inputs(c), at[2];
    for (uint32_t r = 0; r < draws; r++) {
        uint32_t members = judge_stage(c, stage, r, at);
        for (uint32_t i = 0; i < n; i++) {
            double sum = 0;
            uint32_t present = 0;
            for (uint32_t m = 0; m < members; m++) {
                const double *s = cell_of(c, row, at[m])->matched[measure][view];
                if (!s || isnan(s[i])) continue;
                sum += s[i];
                present++;
            }
            /* Half a pair is no pair: what cancels in (W, -W) would be left standing. */
            y[(size_t)r * n + i] = members && present == members ? sum / present : (double)NAN;
        }
    }
}

double judge_floor(const struct judge_case *c, uint32_t row, uint32_t stage, uint32_t draw, enum view view) {
    uint32_t n = judge_inputs(c), at[2], members = judge_stage(c, stage, draw, at), present = 0;
    double sum = 0;
    for (uint32_t m = 0; m < members; m++) {
        const double *s = cell_of(c, row, at[m])->mismatched[view];
        for (size_t k = 0; s && k < (size_t)DERANGEMENTS * n; k++)
            if (!isnan(s[k])) {
                sum += s[k];
                present++;
            }
    }
    return present ? sum / present : (double)NAN;
}

static double mean_present(const double *s, uint32_t n) {
    double sum = 0;
    uint32_t present = 0;
    for (uint32_t i = 0; s && i < n; i++)
        if (!isnan(s[i])) {
            sum += s[i];
            present++;
        }
    return present ? sum / present : (double)NAN;
}

bool judge_constant(const struct judge_case *c, enum view view, uint32_t input) {
    uint32_t a;
    if (!find_original(c, INPUT_PLAIN, 0, &a)) return false;
    const double *s = cell_of(c, c->row, a)->matched[0][view];
    return s && isnan(s[input]);
}

double judge_fill_vanished(const struct judge_case *c, enum view view, uint32_t draws, double *y) {
    uint32_t n = judge_inputs(c), vanished = 0, cells = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (judge_constant(c, view, i)) continue;
        for (uint32_t r = 0; r < draws; r++) {
            double *v = &y[(size_t)r * n + i];
            cells++;
            if (!isnan(*v)) continue;
            *v = 0;
            vanished++;
        }
    }
    return cells ? (double)vanished / cells : 1;
}

void judge_begin(struct judge_case *c, const struct results *r, uint32_t row, uint32_t control, uint32_t draws) {
    *c = (struct judge_case){.r = r, .run = r->run, .rule = &r->run->battery->rule, .row = row, .control = control};
    enum judge kind = c->run->controls[control].control->judge;
    const uint32_t *planned = c->rule->draws;
    c->root = kind == JUDGE_LABELS ? ROOT_LABELS : ROOT_MODEL;
    c->draws = draws;
    c->looks = kind == JUDGE_LABELS ? 1 : 1u + (planned[1] > planned[0]) + (planned[2] > planned[1]);
    bool zeros = c->run->inputs[c->root].zero_share > c->rule->zero_share;
    c->magnitude_view = zeros ? VIEW_ABSOLUTE_NONZERO : VIEW_ABSOLUTE_ALL;
    if (row_of(c)->non_negative) {
        c->views[c->view_count++] = c->magnitude_view;
    } else {
        c->views[c->view_count++] = VIEW_SIGNED_ALL;
        if (zeros) c->views[c->view_count++] = VIEW_SIGNED_NONZERO;
    }
    for (int v = 0; v < VIEW_COUNT; v++) c->repeat[v] = c->floor[v] = (double)NAN;
}

/* ---- gates ---- */

/* Similarities are stored for every view, NaN where a map vanished: none at all means that they were lost. */
static bool has_numbers(const struct cell *cell) {
    for (int v = 0; v < VIEW_COUNT; v++)
        if (!cell->matched[0][v]) return false;
    return true;
}

static bool gate_unit(const struct judge_case *c, uint32_t attribution, struct judgement *j) {
    const struct cell *cell = cell_of(c, c->row, attribution);
    const char *key = c->run->plan.attributions[attribution].key;
    if (!cell->present) judgement_say(j, VERDICT_ERROR, "No map was computed for %s.", key);
    else if (cell->status == UNIT_FAILED) judgement_say(j, VERDICT_ERROR, "On %s: %s", key, cell->why);
    else if (cell->status == UNIT_UNSUPPORTED) /* of layers that it supported in the original */
        judgement_say(j, VERDICT_ERROR, "Refused %s, though not the original: %s", key, cell->why);
    else if (!has_numbers(cell)) judgement_say(j, VERDICT_ERROR, "No similarities are stored for %s.", key);
    else return false;
    return true;
}

static bool gate_original(const struct judge_case *c, struct judgement *j) {
    uint32_t original;
    if (!find_original(c, INPUT_PLAIN, 0, &original)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no original to compare with.");
        return true;
    }
    const struct cell *cell = cell_of(c, c->row, original);
    if (!cell->present || cell->status != UNIT_UNSUPPORTED) return gate_unit(c, original, j);
    judgement_say(j, VERDICT_SKIP, "%s", cell->why);
    return true;
}

static bool gate_audit(const struct judge_case *c, uint32_t attribution, struct judgement *j) {
    const struct audit *a = &c->r->audits[attribution];
    const char *key = c->run->plan.attributions[attribution].key;
    if (!c->run->plan.attributions[attribution].layers) return false;
    if (!a->present) judgement_say(j, VERDICT_ERROR, "Not a control: %s was not audited (see plugins.log).", key);
    else if (!a->finite) judgement_say(j, VERDICT_ERROR, "Overflow: the logits of %s are not finite.", key);
    else if (a->changed != a->expected)
        judgement_say(j, VERDICT_ERROR, "Not a control: %u layers of %s changed where %u should have.", a->changed, key,
                      a->expected);
    else return false;
    return true;
}

static bool gate_ran(const struct judge_case *c, struct judgement *j) {
    const struct plan *p = &c->run->plan;
    if (gate_original(c, j)) return true;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->control != c->control || u->draw >= c->draws) continue;
        if (gate_audit(c, u->attribution, j) || gate_unit(c, u->attribution, j)) return true;
    }
    return false;
}

static bool gate_constant(const struct judge_case *c, struct judgement *j) {
    uint32_t n = judge_inputs(c), constant = 0;
    for (uint32_t i = 0; i < n; i++) constant += judge_constant(c, c->views[0], i);
    if (constant <= c->rule->constant_share * n) return false;
    judgement_say(j, VERDICT_ERROR, "Constant map on the original network for %u of %u inputs: nothing to compare.",
                  constant, n);
    return true;
}

/* Spearman-Brown: how many times the samples give repeatability `wanted`. */
static double spearman_brown(double repeat, double wanted) {
    return wanted * (1 - repeat) / (repeat * (1 - wanted));
}

static bool gate_repeat(struct judge_case *c, struct judgement *j) {
    uint32_t n = judge_inputs(c), repeat;
    bool stochastic = row_of(c)->claims & ASSAY_STOCHASTIC;
    for (int v = 0; v < VIEW_COUNT; v++) c->repeat[v] = 1;
    if (!stochastic) return false;
    if (!find_original(c, INPUT_PLAIN, 1, &repeat)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no repetition to measure the ceiling with.");
        return true;
    }
    if (gate_unit(c, repeat, j)) return true;
    for (int v = 0; v < VIEW_COUNT; v++) c->repeat[v] = mean_present(cell_of(c, c->row, repeat)->matched[0][v], n);
    double worst = 1;
    for (uint32_t v = 0; v < c->view_count; v++)
        if (!(c->repeat[c->views[v]] >= worst)) worst = c->repeat[c->views[v]];
    if (worst >= c->rule->repeatability) return false;
    j->ceiling = worst;
    if (worst > .02)
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not repeatable: two seeds agree at %.2f < %.2f; about %.0f times the samples would give .80.",
                      worst, c->rule->repeatability, spearman_brown(worst, .8));
    else judgement_say(j, VERDICT_UNINFORMATIVE, "Not repeatable: two seeds give unrelated maps (%.2f).", worst);
    return true;
}

static bool gate_stable(const struct judge_case *c, struct judgement *j) {
    uint32_t n = judge_inputs(c), jitter;
    if (!find_original(c, INPUT_JITTER, 0, &jitter)) return false;
    if (gate_unit(c, jitter, j)) return true;
    enum view view = row_of(c)->non_negative ? VIEW_ABSOLUTE_NONZERO : VIEW_SIGNED_NONZERO;
    double stable = mean_present(cell_of(c, c->row, jitter)->matched[0][view], n);
    if (stable >= c->rule->stability) return false;
    if (isnan(stable))
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not stable: maps of jittered inputs have no similarity to the originals.");
    else
        judgement_say(j, VERDICT_UNINFORMATIVE,
                      "Not stable: noise of %.2g %% of the input range leaves similarity %.2f < %.2f.",
                      100 * c->rule->jitter, stable, c->rule->stability);
    return true;
}

static void measure_floor(struct judge_case *c) {
    uint32_t stage = judge_floor_stage(c);
    for (int v = 0; v < VIEW_COUNT; v++) {
        double sum = 0;
        uint32_t present = 0;
        for (uint32_t r = 0; r < c->draws; r++) {
            double f = judge_floor(c, c->row, stage, r, (enum view)v);
            if (isnan(f)) continue;
            sum += f;
            present++;
        }
        c->floor[v] = present ? sum / present : (double)NAN;
    }
}

/* One input has no other to measure the floor with, and one input or draw no interval. */
static bool gate_number(const struct judge_case *c, struct judgement *j) {
    static const char *const few[2][2] = {
        {NULL, "One draw: no interval, so the similarities are shown and not judged. 2 or more wanted "
               "(`draws` of `rule`; default 5)."},
        {"One input: neither floor nor interval, so the similarities are shown and not judged. 2 or more wanted "
         "(`inputs` of `data`; default 30).",
         "One input and one draw: neither floor nor interval, so the similarities are shown and not judged. 2 or more "
         "of each wanted (`inputs` of `data`, default 30; `draws` of `rule`, default 5)."}};
    const char *why = few[judge_inputs(c) < 2][c->draws < 2];
    if (why) judgement_say(j, VERDICT_INCONCLUSIVE, "%s", why);
    return why != NULL;
}

static bool gate_same(const struct judge_case *c, struct judgement *j) {
    for (uint32_t k = 0; k < c->view_count; k++) {
        enum view v = c->views[k];
        if (!(c->repeat[v] - c->floor[v] < c->rule->degenerate)) continue;
        j->floor = c->floor[v];
        j->ceiling = c->repeat[v];
        judgement_say(
            j, VERDICT_FAIL,
            "The same map for any image and any model: maps of different images on different networks agree at %.2f "
            "(%s), against %.2f for a repetition.",
            c->floor[v], view_name(v), c->repeat[v]);
        return true;
    }
    return false;
}

bool judge_gates(struct judge_case *c, struct judgement *j) {
    j->score = j->lower = j->upper = j->floor = j->ceiling = (double)NAN;
    j->inputs = judge_inputs(c);
    j->draws = c->draws;
    j->low_power = row_of(c)->non_negative;
    if (gate_ran(c, j) || gate_constant(c, j) || gate_repeat(c, j) || gate_stable(c, j)) return true;
    measure_floor(c);
    return gate_number(c, j) || gate_same(c, j);
}

/* ---- the magnitude guard ---- */

static double chance_magnitude(const struct judge_case *c, enum view view) {
    const struct run *run = c->run;
    const struct input_set *set = &run->inputs[c->root];
    const struct shape *sample = &run->data->sample;
    enum reduction reduction = row_of(c)->reduction;
    struct map_shape shape = run_map_shape(sample, reduction);
    size_t full = shape_count(sample), reduced = (size_t)shape.channels * shape.height * shape.width;
    float *noise = malloc(3 * full * sizeof *noise),
          *products[2] = {noise ? noise + full : NULL, noise ? noise + 2 * full : NULL};
    uint8_t *mask = malloc(reduced);
    double sum = 0;
    uint32_t present = 0;
    for (uint32_t i = 0; noise && mask && i < set->count; i++) {
        const float *x = set->x + (size_t)i * full;
        struct prepared *side[2];
        run_nonzero(sample, reduction, x, mask);
        for (unsigned s = 0; s < 2; s++) {
            rng_fill_normal(rng_seed(run->battery->seed, s ? "magnitude/v" : "magnitude/u", i), 0, full, noise);
            for (size_t k = 0; k < full; k++) noise[k] *= x[k];
            run_reduce(sample, reduction, noise, products[s]);
            side[s] = prepared_create(products[s], mask, &shape);
        }
        double rho = side[0] && side[1] ? measure_compare(measures[0], side[0], side[1], view) : (double)NAN;
        prepared_destroy(side[0]);
        prepared_destroy(side[1]);
        if (isnan(rho)) continue;
        sum += rho;
        present++;
    }
    free(noise);
    free(mask);
    return present ? sum / present : (double)NAN;
}

double judge_chance_magnitude(const struct judge_case *c, enum view view) {
    double *known = c->r->chance;
    if (!known) return chance_magnitude(c, view);
    known += ((size_t)c->root * (REDUCE_MAX_ABS + 1) + row_of(c)->reduction) * VIEW_COUNT + view;
    if (isnan(*known)) *known = chance_magnitude(c, view);
    return *known;
}

bool judge_magnitude(const struct judge_case *c, uint32_t stage, uint32_t draws, double *y, double *base) {
    enum view v = c->magnitude_view;
    *base = fmax(c->floor[v], judge_chance_magnitude(c, v));
    double span = c->repeat[v] - *base;
    bool defined = span >= c->rule->degenerate;
    judge_similarity(c, c->row, stage, draws, 0, v, y);
    for (size_t k = 0; k < (size_t)draws * judge_inputs(c); k++) y[k] = defined ? (y[k] - *base) / span : (double)NAN;
    return defined;
}

bool judge(struct judge_case *c, struct judgement *j, bool curves, struct error *e) {
    *j = (struct judgement){.word = VERDICT_ERROR};
    switch (c->run->controls[c->control].control->judge) {
    case JUDGE_CASCADE:
    case JUDGE_INDEPENDENT: return judge_weights(c, j, curves, e);
    case JUDGE_LABELS: return judge_labels(c, j, curves, e);
    case JUDGE_CHECKS: judge_checks(c, j); return true;
    }
    return true;
}
