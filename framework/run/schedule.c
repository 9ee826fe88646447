#include "run/schedule.h"

#include "base/rng.h"
#include "base/text.h"
#include "nn/net.h"
#include "run/audit.h"
#include "run/conformance.h"
#include "run/handle.h"
#include "run/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFORMANCE_INPUTS 3u

enum job_kind { JOB_CONFORM, JOB_AUDIT, JOB_TRAIN, JOB_CHAIN };

struct job {
    enum job_kind kind;
    uint32_t number; /* row, draw or network */
    struct chain chain;
    struct wave_state *wave;
};

struct wave_state {
    struct run *run;
    const struct extent *extent;
    struct pool_job *pool;
    struct job *jobs;
    size_t count, capacity;
    bool *conformed;           /* [rows] */
    struct progress *progress; /* NULL: silent */
};

/* ---- what is needed ---- */

bool schedule_applies(const struct run *run, uint32_t control, uint32_t row, char *why, size_t size) {
    const struct control *c = run->controls[control].control;
    return !c->applies || c->applies(run->rows[row].claims, why, size);
}

static bool used_by(const struct run *run, const struct extent *x, uint32_t row, uint32_t attribution) {
    char why[256];
    const struct plan *p = &run->plan;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->attribution != attribution || u->draw >= x->draws[u->control * run->row_count + row]) continue;
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

bool schedule_needs(const struct run *run, const struct extent *x, uint32_t row, uint32_t attribution) {
    const struct attribution *a = &run->plan.attributions[attribution];
    const struct row *r = &run->rows[row];
    if (r->yardstick) {
        if (a->root != ROOT_MODEL || a->inputs != INPUT_PLAIN || a->repeat) return false;
        if (!a->layers) return true;
        for (uint32_t other = 0; other < run->row_count; other++) {
            const struct row *o = &run->rows[other];
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

/* ---- jobs ---- */

static struct job *add_job(struct wave_state *w, enum job_kind kind, uint32_t number, double cost, double limit) {
    if (w->count == w->capacity) {
        size_t capacity = w->capacity ? 2 * w->capacity : 64;
        struct job *jobs = realloc(w->jobs, capacity * sizeof *jobs);
        if (jobs) w->jobs = jobs;
        struct pool_job *pool = realloc(w->pool, capacity * sizeof *pool);
        if (pool) w->pool = pool;
        if (!jobs || !pool) return NULL;
        w->capacity = capacity;
    }
    w->jobs[w->count] = (struct job){.kind = kind, .number = number};
    w->pool[w->count] = (struct pool_job){.cost = cost, .limit = limit};
    return &w->jobs[w->count++];
}

static bool chain_ready(const struct pool_job *p) {
    const struct job *j = p->user;
    return j->wave->conformed[j->chain.row];
}

/* In passes of one sample through the network. */
static double chain_cost(const struct run *run, const struct chain *c) {
    const struct row *r = &run->rows[c->row];
    return (r->forwards + r->backwards + 1) * (c->count + 1) * run->battery->inputs;
}

/* One chain per (row, root, draw) with what the store does not have yet. */
static bool add_chain(struct wave_state *w, uint32_t row, enum root root, uint32_t draw, struct error *e) {
    struct run *run = w->run;
    const struct plan *p = &run->plan;
    const struct row *r = &run->rows[row];
    struct chain c = {
        .row = row, .root = root, .draw = draw, .attributions = malloc(p->attribution_count * sizeof *c.attributions)};
    if (!c.attributions) return error_memory(e);
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        if (a->root == root && a->draw == draw && schedule_needs(run, w->extent, row, i) &&
            !store_has_unit(run->store, r->name, a->key))
            c.attributions[c.count++] = i;
    }
    struct job *j = c.count ? add_job(w, JOB_CHAIN, row, chain_cost(run, &c), run->battery->time_limit) : NULL;
    if (!j) {
        free(c.attributions);
        return c.count == 0 || error_memory(e);
    }
    j->chain = c;
    return true;
}

static bool add_chains(struct wave_state *w, enum wave wave, struct error *e) {
    struct run *run = w->run;
    uint32_t most = 0;
    for (uint32_t i = 0; i < run->plan.attribution_count; i++) {
        const struct attribution *a = &run->plan.attributions[i];
        if (a->draw != PLAN_NO_DRAW && a->draw >= most) most = a->draw + 1;
    }
    for (int root = 0; root < ROOT_COUNT; root++) {
        if ((root == ROOT_LABELS) != (wave == WAVE_LABELS)) continue;
        for (uint32_t row = 0; row < run->row_count; row++) {
            if (run->rows[row].breach || run->rows[row].unsupported) continue;
            if (!add_chain(w, row, (enum root)root, PLAN_NO_DRAW, e)) return false;
            for (uint32_t draw = 0; draw < most; draw++)
                if (!add_chain(w, row, (enum root)root, draw, e)) return false;
        }
    }
    return true;
}

/* Draws whose audits are missing; the store's audits are few, so they are read once. */
struct audited_keys {
    const struct run *run;
    bool *known; /* [attributions] */
};

static bool mark_audited(void *user, const struct audit_row *row) {
    struct audited_keys *k = user;
    for (uint32_t i = 0; i < k->run->plan.attribution_count; i++)
        if (strcmp(k->run->plan.attributions[i].key, row->variant) == 0) k->known[i] = true;
    return true;
}

static bool add_audits(struct wave_state *w, struct error *e) {
    struct run *run = w->run;
    const struct plan *p = &run->plan;
    struct audited_keys k = {run, calloc(p->attribution_count + 1, sizeof *k.known)};
    bool ok = k.known ? store_each_audit(run->store, mark_audited, &k, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        if (!a->layers || k.known[i]) continue;
        if (!add_job(w, JOB_AUDIT, a->draw, 2.0 * run->inputs[ROOT_MODEL].count, 600)) ok = error_memory(e);
        /* The whole draw is one job. */
        for (uint32_t other = i; other < p->attribution_count; other++)
            if (p->attributions[other].draw == a->draw) k.known[other] = true;
    }
    free(k.known);
    return ok;
}

static bool add_setup(struct wave_state *w, struct error *e) {
    struct run *run = w->run;
    for (uint32_t i = 0; i < run->network_count; i++) {
        const struct network *n = &run->networks[i];
        if (n->weights) continue;
        /* Three passes per image and epoch; permuted labels take several times the epochs of true ones. */
        double cost = 3.0 * run->battery->training_images * (n->role == ROLE_PERMUTED ? 50 : 20);
        if (!add_job(w, JOB_TRAIN, i, cost, 3600)) return error_memory(e);
    }
    for (uint32_t row = 0; row < run->row_count; row++) {
        if (run->rows[row].yardstick) w->conformed[row] = true;
        /* First in the queue: a plugin that breaks the rules is not asked anything else. */
        else if (!add_job(w, JOB_CONFORM, row, 1e15, run->battery->time_limit * 10)) return error_memory(e);
    }
    return true;
}

/* ---- conformance: before any control ---- */

struct conformed {
    struct conformance_report report;
    double forwards, backwards;
};

static void conform_work(const struct run *run, uint32_t row, struct channel *channel) {
    const struct plugin *plugin = run->rows[row].plugin;
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    const assay_explainer *explainer = NULL;
    uint32_t n = set->count < CONFORMANCE_INPUTS ? set->count : CONFORMANCE_INPUTS;
    uint64_t seeds[CONFORMANCE_INPUTS];
    struct conformed out;
    struct error e = {{0}};
    memset(&out, 0, sizeof out);
    for (uint32_t i = 0; i < n; i++) seeds[i] = rng_seed(run->battery->seed, "conformance", i);
    bool ok = plugin_explainer(plugin, handle_host(), &explainer, &e);
    if (ok) {
        struct conformance_case c = {.explainer = explainer,
                                     .claims = plugin->claims,
                                     .baseline = plugin_number(plugin, "baseline", 0),
                                     .weights = run->model,
                                     .net = run_net_options(run),
                                     .crew = channel_crew(channel),
                                     .n = n,
                                     .inputs = set->x,
                                     .targets = set->target,
                                     .seeds = seeds};
        ok = conformance_check(&c, &out.report, &e);
    }
    if (ok && !out.report.unsupported && !conformance_breach(&out.report)) {
        out.forwards = (double)out.report.forward / n;
        out.backwards = (double)out.report.backward / n;
    }
    if (!ok) {
        out.report.count = 1;
        out.report.lines[0] = (struct conformance_line){.id = "create", .state = CONFORMANCE_BREACH};
        snprintf(out.report.lines[0].sentence, CONFORMANCE_SENTENCE, "%.200s", e.text);
    }
    channel_send(channel, 1, &out, sizeof out);
}

static bool conform_message(struct run *run, uint32_t row, const void *data, size_t size, struct error *e) {
    struct conformed in;
    struct row *r = &run->rows[row];
    if (size != sizeof in) return error_set(e, "a conformance worker sent a message that is damaged");
    memcpy(&in, data, sizeof in);
    if (in.report.count > CONFORMANCE_MAX) return error_set(e, "a conformance worker sent a message that is damaged");
    r->forwards = in.forwards;
    r->backwards = in.backwards;
    const struct conformance_line *breach = conformance_breach(&in.report);
    if (in.report.unsupported && !r->unsupported) {
        r->unsupported = text_copy(in.report.why);
        return r->unsupported || error_memory(e);
    }
    return !breach || chain_breach(run, row, breach->sentence, e);
}

/* ---- the pool's hooks ---- */

static void work(void *user, struct pool_job *p, struct channel *channel) {
    struct wave_state *w = user;
    const struct job *j = p->user;
    switch (j->kind) {
    case JOB_CONFORM: conform_work(w->run, j->number, channel); break;
    case JOB_AUDIT: audit_work(w->run, j->number, channel); break;
    case JOB_TRAIN: network_work(w->run, j->number, channel); break;
    case JOB_CHAIN:
        if (!w->run->rows[j->chain.row].breach && !w->run->rows[j->chain.row].unsupported)
            chain_work(w->run, &j->chain, channel);
        break;
    }
}

static bool message(void *user, struct pool_job *p, uint32_t type, const void *data, size_t size, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    switch (j->kind) {
    case JOB_CONFORM: return conform_message(w->run, j->number, data, size, e);
    case JOB_AUDIT: return audit_message(w->run, data, size, e);
    case JOB_TRAIN: return network_message(w->run, j->number, data, size, e);
    case JOB_CHAIN: return chain_message(w->run, &j->chain, type, data, size, e);
    }
    return true;
}

/* What the row costs is known now: its chains take their place in the queue. */
static void reprice(struct wave_state *w, uint32_t row) {
    w->conformed[row] = true;
    for (size_t i = 0; i < w->count; i++) {
        if (w->jobs[i].kind != JOB_CHAIN || w->jobs[i].chain.row != row) continue;
        double cost = chain_cost(w->run, &w->jobs[i].chain);
        if (w->progress) w->progress->total += cost - w->pool[i].cost;
        w->pool[i].cost = cost;
    }
}

static bool ended(void *user, struct pool_job *p, const char *death, struct error *e) {
    struct wave_state *w = user;
    struct job *j = p->user;
    bool ok = true;
    char why[256];
    if (w->progress) progress_job(w->progress, j->kind == JOB_CONFORM ? 1 : p->cost);
    if (j->kind == JOB_CONFORM) reprice(w, j->number);
    if (!death) return true;
    switch (j->kind) {
    case JOB_CONFORM:
        snprintf(why, sizeof why, "The plugin %s.", death);
        ok = chain_breach(w->run, j->number, why, e);
        break;
    case JOB_AUDIT: ok = error_set(e, "the audit of draw %u %s", j->number, death); break;
    case JOB_TRAIN: ok = network_died(w->run, j->number, death, e); break;
    case JOB_CHAIN: ok = chain_died(w->run, &j->chain, death, e); break;
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
        if (w->jobs[i].kind == JOB_CHAIN) w->pool[i].ready = chain_ready;
        cost += w->jobs[i].kind == JOB_CONFORM ? 1 : w->pool[i].cost;
    }
    if (w->progress && w->count) progress_add(w->progress, title, cost, (uint32_t)w->count);
    return pool_run(w->pool, w->count, workers, w->run->log, &hooks, w, e);
}

static void finish_wave(struct wave_state *w) {
    for (size_t i = 0; i < w->count; i++) free(w->jobs[i].chain.attributions);
    free(w->jobs);
    free(w->pool);
    free(w->conformed);
}

bool schedule_run(struct run *run, enum wave wave, const struct extent *extent, unsigned workers,
                  struct progress *progress, struct error *e) {
    static const char *const titles[] = {"controls", "label permutation", "more draws"};
    struct wave_state w = {.run = run, .extent = extent, .progress = progress};
    w.conformed = calloc(run->row_count + 1, sizeof *w.conformed);
    bool ok = w.conformed ? true : error_memory(e);
    if (ok && wave == WAVE_MODEL) ok = add_setup(&w, e);
    else
        for (uint32_t row = 0; ok && row < run->row_count; row++) w.conformed[row] = true;
    ok = ok && (wave == WAVE_LABELS || add_audits(&w, e)) && add_chains(&w, wave, e) &&
         run_wave(&w, titles[wave], workers, e);
    finish_wave(&w);
    return ok;
}

bool schedule_measure(struct run *run, unsigned workers, struct error *e) {
    struct wave_state w = {.run = run};
    w.conformed = calloc(run->row_count + 1, sizeof *w.conformed);
    bool ok = w.conformed ? true : error_memory(e);
    for (uint32_t row = 0; ok && row < run->row_count; row++)
        if (!run->rows[row].yardstick && !add_job(&w, JOB_CONFORM, row, 1, run->battery->time_limit * 10))
            ok = error_memory(e);
    ok = ok && run_wave(&w, "", workers, e);
    finish_wave(&w);
    return ok;
}
