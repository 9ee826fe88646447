/* schedule.c: what the parent and the children of its pool do. */
#include "run/schedule.h"

#include "base/resident.h"
#include "base/text.h"
#include "run/conform_job.h"
#include "run/live.h"
#include "run/memory.h"
#include "run/network.h"
#include "run/ranks.h"
#include "run/run_undo.h"
#include "run/share.h"
#include "run/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one explainer's answers on the model: some fifty gradients at 224 x 224. */
#define MEMO_BYTES ((size_t)32 << 20)

/* ---- the pool's hooks ---- */

/* Opens what the job shares with others. Without it there is more to compute, and nothing else. */
bool schedule_prepare(void *user, struct pool_job *p, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    struct memo *gradients = NULL;
    bool plugin = j->kind == JOB_CONFORM || j->kind == JOB_EXPLAIN;
    if (plugin && w->memos && !memo_file_open(w->memos, j->number, true, &w->memo, e)) w->memo = NULL;
    if ((j->kind == JOB_REFERENCE || j->kind == JOB_EXPLAIN) && w->gradients &&
        !memo_file_open(w->gradients, 0, !plugin, &gradients, e))
        gradients = NULL;
    j->explain.memo = w->memo;
    j->explain.gradients = gradients;
    j->reference.gradients = gradients;
    return true;
}

void schedule_work(void *user, struct pool_job *p, struct channel *channel) {
    struct wave_state *w = user;
    const struct job *j = p->user;
    switch (j->kind) {
    case JOB_CONFORM: conform_work(w->run, j->number, w->memo, channel); break;
    case JOB_REFERENCE: reference_work(w->run, &j->reference, channel); break;
    case JOB_TRAIN: network_work(w->run, j->number, channel); break;
    case JOB_EXPLAIN:
        if (!w->run->explainers[j->explain.row].breach && !w->run->explainers[j->explain.row].unsupported)
            explain_job_work(w->run, &j->explain, channel);
        break;
    }
}

/* Nothing more is taken from what broke the rules. */
static enum pool_answer answer(const char *breach, bool ok, struct error *e) {
    if (!ok) return POOL_FAILURE;
    if (!breach) return POOL_TAKEN;
    error_set(e, "broke the rules: %s", breach);
    return POOL_BREACH;
}

static enum pool_answer message(void *user, struct pool_job *p, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    bool ok;
    j->told = true;
    switch (j->kind) {
    case JOB_CONFORM:
        ok = conform_message(w->run, j->number, data, size, e);
        return answer(w->run->explainers[j->number].breach, ok, e);
    case JOB_REFERENCE:
        if (!reference_message(w->run, &j->reference, type, data, size, e)) return POOL_FAILURE;
        return j->reference.damaged ? POOL_BREACH : POOL_TAKEN;
    case JOB_TRAIN: return network_message(w->run, j->number, data, size, e) ? POOL_TAKEN : POOL_FAILURE;
    case JOB_EXPLAIN:
        ok = explain_job_message(w->run, &j->explain, type, data, size, e);
        return answer(j->explain.breach ? j->explain.breach : w->run->explainers[j->explain.row].breach, ok, e);
    }
    return POOL_BREACH;
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

static bool again(void *user, struct pool_job *p, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    (void)e;
    j->told = j->explain.original = false;
    jobs_trim(w->run, j);
    return true;
}

/* A plugin may end its process well, as it seems, before anything came of it. */
static bool has_results(const struct run *run, const struct job *j) {
    const struct explain_job *c = &j->explain;
    const struct explainer_entry *r = &run->explainers[c->row];
    if (j->kind == JOB_REFERENCE) return !reference_lacks(&j->reference);
    if (j->kind != JOB_EXPLAIN) return j->told;
    for (uint32_t k = 0; !c->breach && !r->breach && !r->unsupported && k < c->count; k++)
        if (!store_has_unit(run->store, r->name, run->plan.attributions[c->attributions[k]].key)) return false;
    return true;
}

/* What foreign code did to its process. */
static bool plugin_ended(struct run *run, struct job *j, const struct pool_job *p, const char *death, struct error *e) {
    uint32_t row = j->kind == JOB_CONFORM ? j->number : j->explain.row;
    struct explainer_entry *r = &run->explainers[row];
    char *why = text_format("The %s %s.", plugin_noun(r->plugin), death);
    if (!why) return error_memory(e);
    bool ok = true;
    if (p->killed > 1 && j->kind == JOB_CONFORM && !r->breach) {
        r->breach = why; /* not in the store: a resumed run tries again */
        return true;
    }
    if (j->kind == JOB_CONFORM) ok = run_breach(run, row, why, e);
    else if (p->breach && !r->breach) ok = explain_job_breach(&j->explain, why, e);
    if (j->kind == JOB_EXPLAIN) ok = ok && explain_job_ended(run, &j->explain, death, e);
    if (j->kind == JOB_EXPLAIN && p->killed > 1) ok = ok && jobs_mark_killed(run, &j->explain, e);
    free(why);
    return ok;
}

static bool died(struct wave_state *w, struct pool_job *p, const char *death, struct error *e) {
    struct job *j = p->user;
    switch (j->kind) {
    case JOB_REFERENCE:
        return (j->reference.damaged || error_set(e, "the worker of audits and yardsticks %s", death)) &&
               reference_ended(w->run, &j->reference, e);
    case JOB_TRAIN: return network_died(w->run, j->number, death, e);
    case JOB_CONFORM:
    case JOB_EXPLAIN: return plugin_ended(w->run, j, p, death, e);
    }
    return true;
}

/* Programs that were started once: what they print, and what they forked for jobs that are over. */
static void tend(struct wave_state *w) {
    for (uint32_t row = 0; row < w->run->explainer_count; row++) {
        const struct explainer_entry *r = &w->run->explainers[row];
        if (r->plugin) plugin_tend(r->plugin, w->run->log, r->name);
    }
}

static bool ended(void *user, struct pool_job *p, const char *death, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    tend(w);
    if (j->kind == JOB_CONFORM) reprice(w, j->number);
    if (w->progress) progress_job(w->progress, p->cost);
    if (!death && !has_results(w->run, j)) death = "ended before it sent its results";
    if (death && !died(w, p, death, e)) return false;
    return j->kind != JOB_EXPLAIN || jobs_settle_breach(w, j->explain.row, e);
}

static void tick(void *user, uint32_t running) {
    struct wave_state *w = user;
    (void)running;
    tend(w);
    if (w->progress) progress_tick(w->progress);
    if (w->progress) status_tell(w->run, w->progress, w->progress->title, false);
}

static bool run_wave(struct wave_state *w, const char *title, unsigned workers, struct error *e) {
    static const struct pool_hooks hooks = {schedule_prepare, schedule_work, message, again, ended, tick, NULL};
    double cost = 0;
    for (size_t i = 0; i < w->count; i++) {
        w->jobs[i].wave = w;
        w->pool[i].user = &w->jobs[i];
        cost += w->pool[i].cost;
        if (w->progress) w->progress->unpriced += w->jobs[i].kind == JOB_CONFORM;
    }
    if (w->progress && w->count) live_enter(w->progress, w);
    if (w->progress && w->count) progress_add(w->progress, title, cost, (uint32_t)w->count);
    if (w->progress && w->count) {
        status_plan(w->run, w->counts);
        status_tell(w->run, w->progress, title, true);
    }
    struct pool_remote remote;
    bool away = w->run->ranks && ranks_begin(w->run->ranks, w, &remote);
    return pool_run_with(w->pool, w->count, workers, w->run->log, &hooks, w, away ? &remote : NULL, e);
}

/* One memo for each explainer: none finds, or spoils, what another was answered. Where there is no memory to share,
 * there is none. */
void schedule_make_memos(struct wave_state *w) {
    struct error ignored;
    const struct memory_limits *limits = run_limits(w->run);
    size_t most = w->run->explainer_count ? limits->memos / w->run->explainer_count : 0;
    if (most > MEMO_BYTES) most = MEMO_BYTES;
    if (!memo_file_create(w->run->explainer_count, most, &w->memos, &ignored)) w->memos = NULL;
    if (!memo_file_create(1, limits->gradients, &w->gradients, &ignored)) w->gradients = NULL;
}

static void finish_wave(struct wave_state *w) {
    live_leave(w->progress);
    memo_file_destroy(w->memos);
    memo_file_destroy(w->gradients);
    free(w->conformed);
    jobs_free(w);
}

/* With a budget, conformance comes first and by itself: it measures what decides how many can work. */
static bool conform_within(struct wave_state *w, struct error *e) {
    struct run *run = w->run;
    struct wave_state first = {
        .run = run, .counts = w->counts, .workers = w->workers, .conformed = w->conformed, .memos = w->memos};
    first.progress = w->progress;
    bool ok = memory_fit(run, MEMORY_OWN_RESERVE, &first.workers, e);
    run->over_budget = !ok; /* nothing ran */
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (!run->explainers[row].yardstick && !run->explainers[row].breach) ok = jobs_add_conform(&first, row, e);
    ok = ok && run_wave(&first, "explainers", first.workers, e) && memory_note_own(run, e);
    for (uint32_t row = 0; row < run->explainer_count; row++) w->conformed[row] = true;
    jobs_free(&first);
    return ok;
}

/* Shards and ranks divide conformance among them, so that none of them has it of all. */
static bool keep_budget(struct wave_state *w, enum wave wave, struct error *e) {
    struct run *run = w->run;
    const bool divided = run->share.parts || run->ranks;
    if (!run->memory) return true;
    if (wave == WAVE_MODEL && !divided && !conform_within(w, e)) return false;
    if (memory_fit(run, divided ? MEMORY_OWN_RESERVE : 0, &w->workers, e)) return true;
    /* What the parent has by then it was known to need: one worker at its least was found to fit. */
    run->over_budget = wave == WAVE_MODEL;
    if (run->over_budget) return false;
    memory_least(run, &w->workers);
    *e = (struct error){{0}};
    return true;
}

bool schedule_run(struct run *run, enum wave wave, const struct draw_counts *counts, unsigned workers,
                  struct progress *progress, struct error *e) {
    static const char *const titles[] = {"controls", "label permutation", "more draws", "controls"};
    struct wave_state w = {.run = run, .counts = counts, .workers = workers, .progress = progress};
    w.conformed = calloc(run->explainer_count + 1, sizeof *w.conformed);
    bool ok = w.conformed ? true : error_memory(e);
    if (ok && wave != WAVE_LABELS) schedule_make_memos(&w);
    resident_trim();
    ok = ok && keep_budget(&w, wave, e);
    if (ok) run_undo_forget(run);
    if (ok && wave == WAVE_MODEL) ok = jobs_add_setup(&w, e);
    else
        for (uint32_t row = 0; ok && row < run->explainer_count; row++) w.conformed[row] = true;
    ok = ok && (wave == WAVE_LABELS || jobs_add_references(&w, e)) && jobs_add_explain(&w, wave, e);
    if (ok && run->share.parts) share_take(&w);
    ok = ok && run_wave(&w, titles[wave], w.workers, e);
    finish_wave(&w);
    return ok;
}

bool schedule_measure(struct run *run, unsigned workers, size_t *shared, struct error *e) {
    struct wave_state w = {.run = run, .workers = workers};
    w.conformed = calloc(run->explainer_count + 1, sizeof *w.conformed);
    bool ok = w.conformed ? true : error_memory(e);
    if (ok) schedule_make_memos(&w);
    resident_trim();
    ok = ok && memory_fit(run, MEMORY_OWN_RESERVE, &w.workers, e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (!run->explainers[row].yardstick && !run->explainers[row].breach) ok = jobs_add_conform(&w, row, e);
    ok = ok && run_wave(&w, "", w.workers, e) && memory_note_own(run, e);
    *shared = w.memos ? memo_file_used(w.memos) : 0;
    finish_wave(&w);
    return ok;
}
