/* Whether studies ran, and what they read. */
#include "judge/studies.h"

#include "plan/study.h"

#include <math.h>
#include <string.h>

bool studies_get(const struct judge_case *c, uint32_t k, uint32_t *attribution) {
    const struct plan *p = c->view->plan;
    uint32_t last = UINT32_MAX, found = 0;
    for (uint32_t i = 0; i < p->check_count; i++) {
        const struct check *check = &p->checks[i];
        if (check->control != c->control || !check->readings || check->owner == last) continue;
        last = check->owner;
        *attribution = last;
        if (found++ == k) return true;
    }
    return false;
}

/* Whether the study has a reading of that id: the number of its check. */
static bool find(const struct judge_case *c, uint32_t attribution, const char *id, uint32_t *index) {
    const struct plan *p = c->view->plan;
    for (uint32_t i = 0; i < p->check_count; i++) {
        const struct check *check = &p->checks[i];
        if (check->control != c->control || check->owner != attribution || strcmp(check->predicate->id, id) != 0)
            continue;
        *index = i;
        return true;
    }
    return false;
}

/* Every number of every reading came. */
static bool complete(const struct judge_case *c, uint32_t attribution) {
    const struct plan *p = c->view->plan;
    for (uint32_t i = 0; i < p->check_count; i++) {
        const struct checked *s = &c->r->checks[(size_t)c->row * c->r->check_count + i];
        if (p->checks[i].control == c->control && p->checks[i].owner == attribution &&
            (!c->r->readings[s - c->r->checks] || s->inputs != p->checks[i].readings))
            return false;
    }
    return true;
}

bool studies_gate(const struct judge_case *c, uint32_t attribution, struct judgement *j) {
    const struct cell *cell = results_cell(c->r, c->row, attribution);
    const char *key = c->view->plan->attributions[attribution].key;
    const struct study *study = c->view->plan->attributions[attribution].study;
    j->inputs = study ? study->inputs : 1;
    j->draws = 1;
    if (!cell->present) judgement_say(j, VERDICT_ERROR, "On %s: nothing was computed.", key);
    else if (cell->status == UNIT_UNSUPPORTED) judgement_say(j, VERDICT_SKIP, "%s", cell->why);
    else if (cell->status == UNIT_FAILED) judgement_say(j, VERDICT_ERROR, "On %s: %s", key, cell->why);
    else if (!complete(c, attribution)) judgement_say(j, VERDICT_ERROR, "On %s: not all readings are stored.", key);
    else return false;
    return true;
}

const double *studies_reading(const struct judge_case *c, uint32_t attribution, const char *id, uint32_t *count) {
    uint32_t index;
    if (!find(c, attribution, id, &index)) return NULL;
    *count = c->view->plan->checks[index].readings;
    return c->r->readings[(size_t)c->row * c->r->check_count + index];
}

double studies_number(const struct judge_case *c, uint32_t attribution, const char *id) {
    uint32_t count;
    const double *v = studies_reading(c, attribution, id, &count);
    return v ? v[0] : (double)NAN;
}

double studies_limit(const struct judge_case *c, uint32_t attribution, const char *id) {
    uint32_t index;
    return find(c, attribution, id, &index) ? c->view->plan->checks[index].predicate->limit : (double)NAN;
}

double studies_at_rank(const double *values, uint32_t n, uint32_t rank) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t below = 0, same = 0;
        if (isnan(values[i])) continue;
        for (uint32_t k = 0; k < n; k++) {
            below += values[k] < values[i];
            same += !(values[k] < values[i]) && !(values[k] > values[i]) && !isnan(values[k]);
        }
        if (below <= rank && rank < below + same) return values[i];
    }
    return (double)NAN;
}

double studies_worst(const struct judge_case *c, uint32_t attribution, const char *id, uint32_t *place) {
    uint32_t count = 0;
    const double *v = studies_reading(c, attribution, id, &count);
    double worst = (double)NAN;
    *place = 0;
    for (uint32_t k = 0; v && k < count; k++)
        if (!isnan(v[k]) && !(v[k] <= worst)) {
            worst = v[k];
            *place = k;
        }
    return worst;
}
