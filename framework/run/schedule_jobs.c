/* schedule_jobs.c: which units are missing, grouped into jobs, with what each may cost, take and send. */
#include "run/schedule_jobs.h"

#include "base/array.h"
#include "base/text.h"
#include "host/conformance.h"
#include "plan/study.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct run *run, enum job_kind kind, uint32_t number) {
    switch (kind) {
    case JOB_TRAIN: return "training";
    case JOB_REFERENCE: return "audit and yardsticks";
    default: return run->explainers[number].name;
    }
}

struct pool_job jobs_declare(const struct run *run, enum job_kind kind, uint32_t number, double cost,
                             const struct job_bounds *bounds) {
    const bool asks = kind == JOB_CONFORM || kind == JOB_EXPLAIN;
    struct pool_job p = {.name = name_of(run, kind, number),
                         .rank = (unsigned)kind,
                         .cost = cost,
                         .trusted = !asks,
                         .limit = bounds->limit,
                         .calls = bounds->calls,
                         .largest = bounds->largest};
    if (asks) plugin_bind_job(run->explainers[number].plugin, &p);
    return p;
}

struct job *jobs_add(struct wave_state *w, enum job_kind kind, uint32_t number, double cost,
                     const struct job_bounds *bounds) {
    struct job *jobs = array_grow(w->jobs, w->count, sizeof *jobs);
    if (jobs) w->jobs = jobs;
    struct pool_job *pool = array_grow(w->pool, w->count, sizeof *pool);
    if (pool) w->pool = pool;
    if (!jobs || !pool) return NULL;
    w->jobs[w->count] = (struct job){.kind = kind, .number = number};
    w->pool[w->count] = jobs_declare(w->run, kind, number, cost, bounds);
    return &w->jobs[w->count++];
}

/* Of one unit or audit: every view and measure of each input with itself and with the others that measure the floor,
 * every check, and its maps; twice that, so that the form of the message is free. */
static size_t largest_unit(const struct run *run, enum root root) {
    size_t n = run->inputs[root].count, line = 64, checks = 0;
    size_t pairs = (size_t)VIEW_COUNT * measure_count() * (1 + DERANGEMENTS) * n;
    for (uint32_t k = 0; k < run->plan.check_count; k++)
        checks += check_outcomes(&run->plan.checks[k], run->inputs[root].count);
    return 2 * (((size_t)1 << 16) + (pairs + checks) * line +
                run->battery->figure_input_count * shape_count(&run->data->sample) * sizeof(float));
}

/* ---- explain jobs ---- */

static bool explain_job_ready(const struct pool_job *p) {
    const struct job *j = p->user;
    return j->wave->conformed[j->explain.row];
}

double jobs_explain_cost(const struct run *run, const struct explain_job *c) {
    const struct explainer_entry *r = &run->explainers[c->row];
    double maps = run->battery->inputs; /* of the original */
    for (uint32_t k = 0; k < c->count; k++) {
        const struct study *study = run->plan.attributions[c->attributions[k]].study;
        maps += study ? study->maps : run->battery->inputs;
    }
    return (r->forwards + r->backwards + 1) * maps;
}

/* The order of the pool: all of a row's explain jobs become ready at once. */
static bool starts_before(const struct wave_state *w, size_t a, size_t b) {
    return w->pool[a].cost != w->pool[b].cost ? w->pool[a].cost > w->pool[b].cost : a < b;
}

bool jobs_settle_breach(struct wave_state *w, uint32_t row, struct error *e) {
    size_t first = w->count; /* of those that are not over, or broke the rules */
    for (size_t i = 0; i < w->count; i++) {
        const struct job *j = &w->jobs[i];
        if (j->kind != JOB_EXPLAIN || j->explain.row != row) continue;
        if (w->pool[i].state == POOL_ENDED && !j->explain.breach) continue;
        if (first == w->count || starts_before(w, i, first)) first = i;
    }
    const char *breach = first < w->count ? w->jobs[first].explain.breach : NULL;
    return !breach || run_breach(w->run, row, breach, e);
}

static char *killed_key(const char *name, const char *variant) {
    return text_format(JOBS_KILLED "%s/%s", name, variant);
}

bool jobs_mark_killed(const struct run *run, const struct explain_job *c, struct error *e) {
    bool ok = true;
    for (uint32_t k = 0; ok && k < c->count; k++) {
        char *key = killed_key(run->explainers[c->row].name, run->plan.attributions[c->attributions[k]].key);
        ok = key ? store_set_meta(run->store, key, "1", e) : error_memory(e);
        free(key);
    }
    return ok;
}

/* Whether what the store has of it is only that its process was killed from outside, in an earlier run. Said once. */
static bool take_killed(const struct run *run, const char *name, const char *variant, bool *was, struct error *e) {
    char *key = killed_key(name, variant), *value = NULL;
    bool ok = key ? store_meta(run->store, key, &value, e) : error_memory(e);
    *was = ok && value && strcmp(value, "1") == 0;
    if (*was) ok = store_set_meta(run->store, key, "0", e) && store_drop_units(run->store, name, variant, e);
    free(value);
    free(key);
    return ok;
}

/* Without its network there is nothing to ask, and nothing to keep: a resumed run may have it. */
static bool can_be_had(const struct run *run, const struct attribution *a) {
    if (a->root != ROOT_LABELS) return true;
    const struct network *n = run_network(run, a->model.network, a->model.network_draw);
    return n && n->weights;
}

void jobs_trim(const struct run *run, struct job *j) {
    struct explain_job *c = &j->explain;
    const struct plan *p = &run->plan;
    uint32_t left = 0;
    if (j->kind != JOB_EXPLAIN) return; /* others send little, or nothing before the end */
    for (uint32_t k = 0; k < c->count; k++)
        if (!store_has_unit(run->store, run->explainers[c->row].name, p->attributions[c->attributions[k]].key))
            c->attributions[left++] = c->attributions[k];
    c->count = left;
}

/* One explain job per (row, root, draw) with what the store does not have yet. */
static bool add_explain(struct wave_state *w, enum wave wave, uint32_t row, enum root root, uint32_t draw,
                        struct error *e) {
    struct run *run = w->run;
    const struct plan *p = &run->plan;
    const struct explainer_entry *r = &run->explainers[row];
    struct explain_job c = {
        .row = row, .root = root, .draw = draw, .attributions = malloc(p->attribution_count * sizeof *c.attributions)};
    if (!c.attributions) return error_memory(e);
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        bool wanted =
            a->root == root && a->draw == draw && can_be_had(run, a) && need_attribution(run, w->counts, row, i);
        if (wanted && store_has_unit(run->store, r->name, a->key))
            ok = wave == WAVE_EXTEND ? !(wanted = false) : take_killed(run, r->name, a->key, &wanted, e);
        if (ok && wanted) c.attributions[c.count++] = i;
    }
    if (!ok || !c.count) { /* a root that nothing is asked of may have no inputs */
        free(c.attributions);
        return ok;
    }
    const struct job_bounds bounds = {run->battery->time_limit, explain_job_calls(run, &c), largest_unit(run, root)};
    struct job *j = jobs_add(w, JOB_EXPLAIN, row, jobs_explain_cost(run, &c), &bounds);
    if (!j) {
        free(c.attributions);
        return error_memory(e);
    }
    w->pool[w->count - 1].ready = explain_job_ready;
    j->explain = c;
    return true;
}

uint32_t jobs_draws(const struct plan *p) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < p->attribution_count; i++)
        if (p->attributions[i].draw != PLAN_NO_DRAW && p->attributions[i].draw >= most)
            most = p->attributions[i].draw + 1;
    return most;
}

bool jobs_add_explain(struct wave_state *w, enum wave wave, struct error *e) {
    const struct run *run = w->run;
    uint32_t most = jobs_draws(&run->plan);
    for (int root = 0; root < ROOT_COUNT; root++) {
        if ((root == ROOT_LABELS) != (wave == WAVE_LABELS)) continue;
        for (uint32_t row = 0; row < run->explainer_count; row++) {
            const struct explainer_entry *r = &run->explainers[row];
            if (r->yardstick || r->breach || r->unsupported) continue;
            if (!add_explain(w, wave, row, (enum root)root, PLAN_NO_DRAW, e)) return false;
            for (uint32_t draw = 0; draw < most; draw++)
                if (!add_explain(w, wave, row, (enum root)root, draw, e)) return false;
        }
    }
    return true;
}

/* ---- audits and yardsticks ---- */

/* What is missing of every attribution. The store's audits are few, so they are read once. */
struct missing {
    const struct wave_state *wave;
    bool *audited; /* [attributions] */
};

static bool mark_audited(void *user, const struct audit_row *row) {
    struct missing *m = user;
    const struct plan *p = &m->wave->run->plan;
    for (uint32_t i = 0; i < p->attribution_count; i++)
        if (strcmp(p->attributions[i].key, row->variant) == 0) m->audited[i] = true;
    return true;
}

static struct reference_task task_of(const struct missing *m, uint32_t index) {
    const struct run *run = m->wave->run;
    const struct attribution *a = &run->plan.attributions[index];
    struct reference_task task = {.attribution = index, .audit = attribution_is_redrawn(a) && !m->audited[index]};
    for (uint32_t row = 0; row < run->explainer_count; row++) {
        const struct explainer_entry *r = &run->explainers[row];
        if (r->yardstick && need_attribution(run, m->wave->counts, row, index) &&
            !store_has_unit(run->store, r->name, a->key))
            task.yardsticks |= yardstick_bit(r);
    }
    return task;
}

/* Tasks that are worth a process of their own, which has to draw what the others draw, too. */
#define LEAST_TASKS 4u

/* One job, or of a single draw as many as there are workers: explain jobs can take from each what it found. */
static bool split_reference(struct wave_state *w, const struct reference *all, uint32_t draw, struct error *e) {
    uint32_t draws = jobs_draws(&w->run->plan), parts = draws ? w->workers / draws : 1;
    parts = parts > all->count / LEAST_TASKS ? all->count / LEAST_TASKS : parts;
    parts = parts ? parts : 1;
    const struct job_bounds bounds = {600, UINT32_MAX, largest_unit(w->run, ROOT_MODEL)};
    for (uint32_t part = 0; part < parts; part++) {
        uint32_t from = part * all->count / parts, end = (part + 1) * all->count / parts;
        struct reference r = {.tasks = malloc((end - from) * sizeof *r.tasks), .count = end - from};
        /* Two passes of each input, and the network drawn and digested. */
        double cost = 3.0 * (r.count + 1) * w->run->inputs[ROOT_MODEL].count;
        struct job *j = r.tasks ? jobs_add(w, JOB_REFERENCE, draw, cost, &bounds) : NULL;
        if (!j) {
            free(r.tasks);
            return error_memory(e);
        }
        memcpy(r.tasks, all->tasks + from, (end - from) * sizeof *r.tasks);
        j->reference = r;
    }
    return true;
}

static bool add_reference(struct wave_state *w, const struct missing *m, uint32_t draw, bool with_original, bool *made,
                          struct error *e) {
    const struct plan *p = &w->run->plan;
    struct reference all = {.tasks = malloc((p->attribution_count + 1u) * sizeof *all.tasks)};
    if (!all.tasks) return error_memory(e);
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        if (a->draw != draw && !(with_original && a->draw == PLAN_NO_DRAW)) continue;
        struct reference_task task = task_of(m, i);
        if (task.audit || task.yardsticks) all.tasks[all.count++] = task;
    }
    *made = all.count > 0;
    bool ok = !all.count || split_reference(w, &all, draw, e);
    free(all.tasks);
    return ok;
}

bool jobs_add_references(struct wave_state *w, struct error *e) {
    const struct run *run = w->run;
    struct missing m = {w, calloc(run->plan.attribution_count + 1u, sizeof *m.audited)};
    bool original = true, made = false; /* the first job of any draw does the original, too */
    bool ok = m.audited ? store_each_audit(run->store, mark_audited, &m, e) : error_memory(e);
    for (uint32_t draw = 0; ok && draw < jobs_draws(&run->plan); draw++) {
        ok = add_reference(w, &m, draw, original, &made, e);
        original = original && !made;
    }
    ok = ok && (!original || add_reference(w, &m, PLAN_NO_DRAW, true, &made, e));
    free(m.audited);
    return ok;
}

/* ---- before all others ---- */

bool jobs_add_conform(struct wave_state *w, uint32_t row, struct error *e) {
    const struct run *run = w->run;
    const struct job_bounds bounds = {run->battery->time_limit, CONFORMANCE_CALLS, 1 << 16};
    return jobs_add(w, JOB_CONFORM, row, 1, &bounds) || error_memory(e);
}

bool jobs_add_setup(struct wave_state *w, struct error *e) {
    struct run *run = w->run;
    for (uint32_t i = 0; i < run->network_count; i++) {
        const struct network *n = &run->networks[i];
        if (n->weights) continue;
        /* Three passes per image and epoch; permuted labels take several times the epochs of true ones. */
        double cost = 3.0 * run->battery->training_images * (n->kind == NETWORK_PERMUTED ? 50 : 20);
        const struct job_bounds bounds = {3600, UINT32_MAX,
                                          (1 << 16) + weights_flat_count(run->label_graph) * sizeof(float)};
        if (!jobs_add(w, JOB_TRAIN, i, cost, &bounds)) return error_memory(e);
    }
    for (uint32_t row = 0; row < run->explainer_count; row++)
        if (run->explainers[row].yardstick || run->explainers[row].breach) w->conformed[row] = true;
        else if (!w->conformed[row] && !jobs_add_conform(w, row, e)) return false;
    return true;
}

void job_finish(struct job *j) {
    free(j->explain.attributions);
    free(j->explain.breach);
    free(j->reference.tasks);
    free(j->reference.damaged);
}

void jobs_keep(struct wave_state *w, bool (*keep)(const struct wave_state *, const struct job *)) {
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (!keep(w, &w->jobs[i])) {
            job_finish(&w->jobs[i]);
            continue;
        }
        w->pool[kept] = w->pool[i];
        w->jobs[kept++] = w->jobs[i];
    }
    w->count = kept;
}

void jobs_free(struct wave_state *w) {
    for (size_t i = 0; i < w->count; i++) job_finish(&w->jobs[i]);
    free(w->jobs);
    free(w->pool);
}
