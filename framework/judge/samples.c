/* samples.c: what the store holds of a case, as matrices. */
#include "judge/samples.h"

#include <math.h>

uint32_t samples_stages(const struct judge_case *c) {
    return plan_tested_stages(c->view->plan, c->control);
}

uint32_t samples_floor_stage(const struct judge_case *c) {
    uint32_t n = plan_stages(c->view->plan, c->control);
    return c->rule->floor_last && n ? n - 1 : 0;
}

uint32_t samples_attributions(const struct judge_case *c, uint32_t stage, uint32_t draw, uint32_t out[2]) {
    const struct plan *p = c->view->plan;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->use_count && n < 2; i++) {
        const struct use *u = &p->uses[i];
        if (u->control == c->control && u->stage_index == stage && u->draw == draw) out[n++] = u->attribution;
    }
    return n;
}

void samples_similarity(const struct judge_case *c, uint32_t row, uint32_t stage, uint32_t draws, uint32_t measure,
                        enum view view, double *y) {
    uint32_t n = case_inputs(c), at[2];
    for (uint32_t r = 0; r < draws; r++) {
        uint32_t members = samples_attributions(c, stage, r, at);
        for (uint32_t i = 0; i < n; i++) {
            double sum = 0;
            uint32_t present = 0;
            for (uint32_t m = 0; m < members; m++) {
                const double *s = results_cell(c->r, row, at[m])->matched[measure][view];
                if (!s || isnan(s[i])) continue;
                sum += s[i];
                present++;
            }
            /* Half a pair is no pair: what cancels in (W, -W) would be left standing. */
            y[(size_t)r * n + i] = members && present == members ? sum / present : (double)NAN;
        }
    }
}

double samples_draw_floor(const struct judge_case *c, uint32_t row, uint32_t stage, uint32_t draw, enum view view) {
    uint32_t n = case_inputs(c), at[2], members = samples_attributions(c, stage, draw, at), present = 0;
    double sum = 0;
    for (uint32_t m = 0; m < members; m++) {
        const double *s = results_cell(c->r, row, at[m])->mismatched[view];
        for (size_t k = 0; s && k < (size_t)DERANGEMENTS * n; k++)
            if (!isnan(s[k])) {
                sum += s[k];
                present++;
            }
    }
    return present ? sum / present : (double)NAN;
}

/* One comparison of mismatched maps: the mean over the members of a pair; NaN unless all are there. */
static double mismatched_pair(const struct judge_case *c, uint32_t row, const uint32_t *at, uint32_t members,
                              enum view view, size_t place) {
    double sum = 0;
    for (uint32_t m = 0; m < members; m++) {
        const double *s = results_cell(c->r, row, at[m])->mismatched[view];
        sum += s ? s[place] : (double)NAN;
    }
    return members ? sum / members : (double)NAN;
}

double samples_mismatched(const struct judge_case *c, uint32_t row, uint32_t stage, enum view view, double base,
                          double span, double *kept, double *filled) {
    const struct input_set *set = &c->view->inputs[c->root];
    uint32_t n = set->count, at[2], missing = 0, all = 0;
    for (uint32_t r = 0; r < c->draws; r++) {
        uint32_t members = samples_attributions(c, stage, r, at);
        for (uint32_t i = 0; i < n; i++) {
            size_t cell = (size_t)r * n + i;
            uint32_t asked = 0, present = 0;
            double sum = 0;
            kept[cell] = filled[cell] = (double)NAN;
            for (uint32_t d = 0; d < DERANGEMENTS && !samples_constant(c, view, i); d++) {
                size_t place = (size_t)d * n + i;
                if (set->derangements[place] == i) continue; /* of fewer than five inputs */
                double share = (mismatched_pair(c, row, at, members, view, place) - base) / span;
                asked++;
                if (isnan(share)) continue;
                sum += share;
                present++;
            }
            if (present) kept[cell] = sum / present;
            if (asked) filled[cell] = sum / asked;
            all += asked;
            missing += asked - present;
        }
    }
    return all ? (double)missing / all : 1;
}

double samples_moved(const struct judge_case *c, uint32_t attribution, enum view view, double base, double span,
                     double *kept, double *filled) {
    const struct input_set *set = &c->view->inputs[c->root];
    const double *s = results_cell(c->r, c->row, attribution)->mismatched[view];
    uint32_t missing = 0, all = 0;
    for (size_t k = 0; k < (size_t)DERANGEMENTS * set->count; k++) {
        uint32_t i = (uint32_t)(k % set->count);
        kept[k] = filled[k] = (double)NAN;
        if (set->derangements[k] == i || samples_constant(c, view, i)) continue;
        kept[k] = s ? (s[k] - base) / span : (double)NAN;
        filled[k] = isnan(kept[k]) ? 0 : kept[k];
        all++;
        missing += isnan(kept[k]) ? 1 : 0;
    }
    return all ? (double)missing / all : 1;
}

/* Mean of those that are numbers; NaN: there is none. */
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

double samples_mean(const struct judge_case *c, uint32_t attribution, enum view view) {
    return mean_present(results_cell(c->r, c->row, attribution)->matched[0][view], case_inputs(c));
}

double samples_floor(const struct judge_case *c, uint32_t row, enum view view) {
    uint32_t stage = samples_floor_stage(c), present = 0;
    double sum = 0;
    for (uint32_t r = 0; r < c->draws; r++) {
        double f = samples_draw_floor(c, row, stage, r, view);
        if (isnan(f)) continue;
        sum += f;
        present++;
    }
    return present ? sum / present : (double)NAN;
}

bool samples_constant(const struct judge_case *c, enum view view, uint32_t input) {
    uint32_t a;
    if (!plan_find(c->view->plan, c->root, attribution_is_original, &a)) return false;
    const double *s = results_cell(c->r, c->row, a)->matched[0][view];
    return s && isnan(s[input]);
}

double samples_fill_vanished(const struct judge_case *c, enum view view, uint32_t draws, double *y) {
    uint32_t n = case_inputs(c), vanished = 0, cells = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (samples_constant(c, view, i)) continue;
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
