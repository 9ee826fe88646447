#include "run/schedule.h"

#include "run/conform_job.h"
#include "run/network.h"
#include "run/schedule_jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of an explainer's answers on the model: some fifty gradients at 224 x 224. */
#define MEMO_BYTES ((size_t)32 << 20)
/* Of gradients of re-drawn networks, from all reference jobs. */
#define GRADIENT_BYTES ((size_t)64 << 20)

/* ---- what is needed ---- */

bool schedule_applies(const struct run *run, uint32_t control, uint32_t row, char *why, size_t size) {
    const struct control *c = run->controls[control].control;
    return !c->applies || c->applies(run->explainers[row].claims, why, size);
}

static bool used_by(const struct run *run, const struct draw_counts *x, uint32_t row, uint32_t attribution) {
    char why[256];
    const struct plan *p = &run->plan;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->attribution != attribution || u->draw >= x->draws[u->control * run->explainer_count + row]) continue;
        if (schedule_applies(run, u->control, row, why, sizeof why)) return true;
    }
    for (uint32_t i = 0; i < p->check_count; i++)
        if (p->checks[i].attribution == attribution &&
            schedule_applies(run, p->checks[i].control, row, why, sizeof why))
            return true;
    return false;
}

/* Whether some control with that judge's root applies to the row. */
static bool on_root(const struct run *run, uint32_t row, enum root root) {
    char why[256];
    for (uint32_t c = 0; c < run->control_count; c++) {
        enum judge kind = run->controls[c].control->judge;
        bool weights = kind == JUDGE_CASCADE || kind == JUDGE_INDEPENDENT;
        if (((root == ROOT_MODEL && weights) || (root == ROOT_LABELS && kind == JUDGE_LABELS)) &&
            schedule_applies(run, c, row, why, sizeof why))
            return true;
    }
    return false;
}

bool schedule_needs(const struct run *run, const struct draw_counts *x, uint32_t row, uint32_t attribution) {
    const struct attribution *a = &run->plan.attributions[attribution];
    const struct explainer_entry *r = &run->explainers[row];
    if (r->yardstick) {
        if (a->root != ROOT_MODEL || a->inputs != INPUT_PLAIN || a->repeat) return false;
        if (!a->layers) return true;
        for (uint32_t other = 0; other < run->explainer_count; other++) {
            const struct explainer_entry *o = &run->explainers[other];
            if (!o->yardstick && o->non_negative && o->reduction == r->reduction && used_by(run, x, other, attribution))
                return true;
        }
        return false;
    }
    if (used_by(run, x, row, attribution)) return true;
    if (a->layers || a->role != ROLE_TRUE || !on_root(run, row, a->root)) return false;
    if (a->inputs == INPUT_PLAIN && !a->repeat) return true;
    if (a->repeat) return (r->claims & ASSAY_STOCHASTIC) != 0;
    return a->inputs == INPUT_JITTER;
}

/* ---- the pool's hooks ---- */

static void work(void *user, struct pool_job *p, struct channel *channel) {
    struct wave_state *w = user;
    const struct job *j = p->user;
    switch (j->kind) {
    case JOB_CONFORM: conform_work(w->run, j->number, w->memos ? w->memos[j->number] : NULL, channel); break;
    case JOB_REFERENCE: reference_work(w->run, &j->reference, channel); break;
    case JOB_TRAIN: network_work(w->run, j->number, channel); break;
    case JOB_EXPLAIN:
        if (!w->run->explainers[j->explain.row].breach && !w->run->explainers[j->explain.row].unsupported)
            explain_job_work(w->run, &j->explain, channel);
        break;
    }
}

static bool message(void *user, struct pool_job *p, uint32_t type, const void *data, size_t size, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    j->answered = true;
    switch (j->kind) {
    case JOB_CONFORM: return conform_message(w->run, j->number, data, size, e);
    case JOB_REFERENCE: return reference_message(w->run, &j->reference, type, data, size, e);
    case JOB_TRAIN: return network_message(w->run, j->number, data, size, e);
    case JOB_EXPLAIN: return explain_job_message(w->run, &j->explain, type, data, size, e);
    }
    return true;
}

/* What the row costs is known now: its explain jobs take their place in the queue. */
static void reprice(struct wave_state *w, uint32_t row) {
    w->conformed[row] = true;
    if (w->progress) w->progress->unpriced--;
    for (size_t i = 0; i < w->count; i++) {
        if (w->jobs[i].kind != JOB_EXPLAIN || w->jobs[i].explain.row != row) continue;
        double cost = jobs_explain_cost(w->run, &w->jobs[i].explain);
        if (w->progress) w->progress->total += cost - w->pool[i].cost;
        w->pool[i].cost = cost;
    }
}

static bool ended(void *user, struct pool_job *p, const char *death, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    bool ok = true;
    char why[256];
    if (j->kind == JOB_CONFORM) reprice(w, j->number);
    if (w->progress) progress_job(w->progress, p->cost);
    bool once = j->kind == JOB_CONFORM || j->kind == JOB_TRAIN; /* jobs of one message */
    if (once && !death && j->answered) return true;
    if (once && !death) death = "ended without an answer";
    switch (j->kind) {
    case JOB_CONFORM:
        snprintf(why, sizeof why, "The plugin %s.", death);
        ok = run_breach(w->run, j->number, why, e);
        break;
    case JOB_REFERENCE:
        ok = !death || j->reference.damaged || error_set(e, "the worker of audits and yardsticks %s", death);
        ok = ok && reference_ended(w->run, &j->reference, e);
        break;
    case JOB_TRAIN: ok = network_died(w->run, j->number, death, e); break;
    case JOB_EXPLAIN: ok = explain_job_ended(w->run, &j->explain, death, e); break;
    }
    return ok;
}

static void tick(void *user, uint32_t running) {
    struct wave_state *w = user;
    (void)running;
    if (w->progress) progress_tick(w->progress);
}

static bool run_wave(struct wave_state *w, const char *title, unsigned workers, struct error *e) {
    static const struct pool_hooks hooks = {work, message, ended, tick};
    double cost = 0;
    for (size_t i = 0; i < w->count; i++) {
        w->jobs[i].wave = w;
        w->pool[i].user = &w->jobs[i];
        cost += w->pool[i].cost;
        if (w->progress) w->progress->unpriced += w->jobs[i].kind == JOB_CONFORM;
    }
    if (w->progress && w->count) progress_add(w->progress, title, cost, (uint32_t)w->count);
    return pool_run(w->pool, w->count, workers, w->run->log, &hooks, w, e);
}

/* One for each explainer: none finds, or spoils, what another was answered. */
static bool make_memos(struct wave_state *w, struct error *e) {
    const struct run *run = w->run;
    w->memos = calloc(run->explainer_count + 1u, sizeof *w->memos);
    bool ok = w->memos || error_memory(e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (!run->explainers[row].yardstick) ok = memo_create(MEMO_BYTES, &w->memos[row], e);
    return ok && memo_create(GRADIENT_BYTES, &w->gradients, e);
}

static void finish_wave(struct wave_state *w) {
    for (uint32_t row = 0; w->memos && row < w->run->explainer_count; row++) memo_destroy(w->memos[row]);
    free(w->memos);
    memo_destroy(w->gradients);
    free(w->conformed);
    jobs_free(w);
}

bool schedule_run(struct run *run, enum wave wave, const struct draw_counts *counts, unsigned workers,
                  struct progress *progress, struct error *e) {
    static const char *const titles[] = {"controls", "label permutation", "more draws"};
    struct wave_state w = {.run = run, .counts = counts, .workers = workers, .progress = progress};
    w.conformed = calloc(run->explainer_count + 1, sizeof *w.conformed);
    bool ok = w.conformed ? true : error_memory(e);
    if (ok && wave != WAVE_LABELS) ok = make_memos(&w, e);
    if (ok && wave == WAVE_MODEL) ok = jobs_add_setup(&w, e);
    else
        for (uint32_t row = 0; ok && row < run->explainer_count; row++) w.conformed[row] = true;
    ok = ok && (wave == WAVE_LABELS || jobs_add_references(&w, e)) && jobs_add_explain(&w, wave, e) &&
         run_wave(&w, titles[wave], workers, e);
    finish_wave(&w);
    return ok;
}

bool schedule_measure(struct run *run, unsigned workers, struct error *e) {
    struct wave_state w = {.run = run};
    w.conformed = calloc(run->explainer_count + 1, sizeof *w.conformed);
    bool ok = w.conformed ? true : error_memory(e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (!run->explainers[row].yardstick && !jobs_add(&w, JOB_CONFORM, row, 1, run->battery->time_limit * 10))
            ok = error_memory(e);
    ok = ok && run_wave(&w, "", workers, e);
    finish_wave(&w);
    return ok;
}
