/* results.c: rows of the store, sorted into arrays. */
#include "judge/results.h"

#include "base/array.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct results *r;
    uint32_t row, attribution; /* where the last lookup succeeded: rows come in runs of the same names */
    bool failed;
};

const struct cell *results_cell(const struct results *r, uint32_t row, uint32_t attribution) {
    return &r->cells[(size_t)row * r->attribution_count + attribution];
}

static struct cell *cell_at(struct loader *l) {
    return &l->r->cells[(size_t)l->row * l->r->attribution_count + l->attribution];
}

static bool find_row(struct loader *l, const char *name) {
    const struct experiment_view *v = &l->r->view;
    if (l->row < v->explainer_count && strcmp(v->explainers[l->row].name, name) == 0) return true;
    for (l->row = 0; l->row < v->explainer_count; l->row++)
        if (strcmp(v->explainers[l->row].name, name) == 0) return true;
    return false;
}

static bool find_attribution(struct loader *l, const char *key) {
    const struct plan *p = l->r->view.plan;
    if (l->attribution < p->attribution_count && strcmp(p->attributions[l->attribution].key, key) == 0) return true;
    for (l->attribution = 0; l->attribution < p->attribution_count; l->attribution++)
        if (strcmp(p->attributions[l->attribution].key, key) == 0) return true;
    return false;
}

/* Rows the present plan does not have (another --only) are passed over. */
static bool find(struct loader *l, const char *explainer, const char *variant) {
    return find_row(l, explainer) && find_attribution(l, variant);
}

static double *nan_array(size_t n) {
    double *a = malloc((n ? n : 1) * sizeof *a);
    for (size_t i = 0; a && i < n; i++) a[i] = (double)NAN;
    return a;
}

static bool load_unit(void *user, const struct unit_row *u) {
    struct loader *l = user;
    if (!find(l, u->explainer, u->variant)) return true;
    struct cell *c = cell_at(l);
    c->present = true;
    c->status = u->status;
    c->why = text_copy(u->why ? u->why : "");
    l->failed = !c->why;
    return !l->failed;
}

/* The place of the sample numbered `global` in the set, or its count. Where no other root came before it, the number is
 * the place. */
static uint32_t local_index(const struct input_set *set, uint32_t global) {
    uint32_t i = 0;
    if (global < set->count && set->global[global] == global) return global;
    while (i < set->count && set->global[i] != global) i++;
    return i;
}

static bool load_mismatched(struct loader *l, const struct comparison_row *c, const struct input_set *set, uint32_t i,
                            enum view view) {
    double **slot = &cell_at(l)->mismatched[view];
    if (!*slot) *slot = nan_array((size_t)DERANGEMENTS * set->count);
    if (!*slot) return false;
    for (uint32_t d = 0; d < DERANGEMENTS; d++)
        if (set->global[set->derangements[(size_t)d * set->count + i]] == c->other)
            (*slot)[(size_t)d * set->count + i] = c->value;
    return true;
}

static bool load_comparison(void *user, const struct comparison_row *c) {
    struct loader *l = user;
    if (!find(l, c->explainer, c->variant)) return true;
    const struct input_set *set = &l->r->view.inputs[l->r->view.plan->attributions[l->attribution].root];
    uint32_t i = local_index(set, c->input), view = view_named(c->view), measure = 0;
    while (measures[measure] && strcmp(measures[measure]->id, c->measure) != 0) measure++;
    if (i == set->count || view == VIEW_COUNT || !measures[measure]) return true;
    if (strcmp(c->pairing, "mismatched") == 0) {
        l->failed = measure == 0 && !load_mismatched(l, c, set, i, (enum view)view);
        return !l->failed;
    }
    double **slot = &cell_at(l)->matched[measure][view];
    if (!*slot) *slot = nan_array(set->count);
    l->failed = !*slot;
    if (*slot) (*slot)[i] = c->value;
    return !l->failed;
}

static bool load_audit(void *user, const struct audit_row *a) {
    struct loader *l = user;
    if (find_attribution(l, a->variant))
        l->r->audits[l->attribution] = (struct audit){true, a->finite, a->changed, a->expected, a->logit_r};
    return true;
}

static bool load_reading(struct results *r, size_t place, const struct check *check, const struct check_row *c) {
    double **readings = &r->readings[place];
    if (!*readings) *readings = nan_array(check->readings);
    if (!*readings) return false;
    if (c->input < check->readings) (*readings)[c->input] = c->worst;
    r->checks[place].present = true;
    r->checks[place].inputs++;
    return true;
}

/* In units of what is allowed. A map of zeros tests nothing, and any other comes before it. */
static double distance(double worst, double tolerance) {
    return tolerance > 0 ? worst / tolerance : worst > 0 ? HUGE_VAL : -1;
}

static bool keep_deviation(double **slot, const struct input_set *set, const struct check_row *c) {
    uint32_t i = local_index(set, c->input);
    if (!*slot) *slot = nan_array(2 * (size_t)set->count);
    if (!*slot) return false;
    if (i == set->count) return true;
    (*slot)[i] = c->worst;
    (*slot)[set->count + i] = c->tolerance;
    return true;
}

static bool load_check(void *user, const struct check_row *c) {
    struct loader *l = user;
    const struct experiment_view *v = &l->r->view;
    if (!find_row(l, c->explainer)) return true;
    for (uint32_t k = 0; k < v->plan->check_count; k++) {
        const struct check *check = &v->plan->checks[k];
        if (strcmp(check->predicate->id, c->id) != 0 ||
            strcmp(v->controls[check->control].control->id, c->control) != 0)
            continue;
        size_t at = (size_t)l->row * v->plan->check_count + k;
        struct checked *s = &l->r->checks[at];
        if (check->readings) {
            bool mine = strcmp(v->plan->attributions[check->owner].key, c->variant) == 0;
            if (mine && !load_reading(l->r, at, check, c)) return !(l->failed = true);
            continue;
        }
        if (!keep_deviation(&l->r->deviations[at], &v->inputs[v->plan->attributions[check->owner].root], c))
            return !(l->failed = true);
        if (!s->present || (s->holds && !c->holds) ||
            (s->holds == c->holds && distance(c->worst, c->tolerance) > distance(s->worst, s->tolerance))) {
            s->worst = c->worst;
            s->tolerance = c->tolerance;
            s->input = c->input;
        }
        s->holds = (!s->present || s->holds) && c->holds;
        s->present = true;
        s->inputs++;
    }
    return true;
}

bool sentences_keep(struct sentences *s, char *text) {
    char **more = s ? array_grow(s->list, s->count, sizeof *more) : NULL;
    if (more) {
        s->list = more;
        s->list[s->count++] = text;
    } else free(text);
    return more != NULL;
}

bool results_create(const struct experiment_view *v, struct results **out, struct error *e) {
    struct results *r = calloc(1, sizeof *r);
    size_t rows = v->explainer_count, attributions = v->plan->attribution_count;
    if (!r) return error_memory(e);
    r->view = *v;
    r->attribution_count = v->plan->attribution_count;
    r->check_count = v->plan->check_count;
    r->cells = calloc(rows * attributions + 1, sizeof *r->cells);
    r->matched = calloc(rows * attributions * measure_count() + 1, sizeof *r->matched);
    for (size_t i = 0; r->cells && r->matched && i < rows * attributions; i++)
        r->cells[i].matched = r->matched + i * measure_count();
    r->audits = calloc(attributions + 1, sizeof *r->audits);
    r->checks = calloc(rows * v->plan->check_count + 1, sizeof *r->checks);
    r->deviations = calloc(rows * v->plan->check_count + 1, sizeof *r->deviations);
    r->readings = calloc(rows * v->plan->check_count + 1, sizeof *r->readings);
    r->chance = nan_array(RESULTS_CHANCES);
    r->sentences = calloc(1, sizeof *r->sentences);
    if (r->cells && r->matched && r->audits && r->checks && r->deviations && r->readings && r->chance && r->sentences) {
        *out = r;
        return true;
    }
    results_destroy(r);
    return error_memory(e);
}

bool results_load(const struct experiment_view *v, struct store *store, struct results **out, struct error *e) {
    struct results *r;
    if (!results_create(v, &r, e)) return false;
    struct loader l = {.r = r};
    bool ok = store_each_unit(store, load_unit, &l, e) && store_each_comparison(store, load_comparison, &l, e) &&
              store_each_audit(store, load_audit, &l, e) && store_each_check(store, load_check, &l, e);
    if (l.failed) ok = error_memory(e);
    if (ok) *out = r;
    else results_destroy(r);
    return ok;
}

void results_destroy(struct results *r) {
    if (!r) return;
    size_t count = (size_t)r->view.explainer_count * r->attribution_count;
    for (size_t i = 0; r->cells && i < count; i++) {
        struct cell *c = &r->cells[i];
        free(c->why);
        for (size_t v = 0; v < VIEW_COUNT; v++) {
            free(c->mismatched[v]);
            for (size_t m = 0; r->matched && m < measure_count(); m++) free(c->matched[m][v]);
        }
    }
    free(r->cells);
    free(r->matched);
    free(r->audits);
    for (size_t i = 0; r->deviations && i < (size_t)r->view.explainer_count * r->check_count; i++)
        free(r->deviations[i]);
    free(r->deviations);
    for (size_t i = 0; r->readings && i < (size_t)r->view.explainer_count * r->check_count; i++) free(r->readings[i]);
    free(r->readings);
    free(r->checks);
    free(r->chance);
    for (size_t i = 0; r->sentences && i < r->sentences->count; i++) free(r->sentences->list[i]);
    if (r->sentences) free(r->sentences->list);
    free(r->sentences);
    free(r);
}
