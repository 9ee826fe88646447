/* live.c: what each explainer is at, from the jobs of the wave and the units of the store. */
#include "run/live.h"

#include "base/clock.h"
#include "base/text.h"
#include "run/verdict_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct live {
    const struct run *run;
    const struct wave_state *wave; /* NULL between waves */
    struct progress_row *rows;     /* explainers that are asked, then the harness, then networks */
    uint32_t count;
    uint32_t *of; /* [explainer_count]: its row */
    uint32_t harness, networks;
    char (*words)[32]; /* [count]: so far, or "" */
    double last;       /* when seconds were counted */
};

#define NO_ROW UINT32_MAX

static uint32_t add_row(struct live *l, const char *name) {
    l->rows[l->count] = (struct progress_row){.name = text_clean(name), .phase = PROGRESS_QUEUED};
    return l->rows[l->count].name ? l->count++ : NO_ROW;
}

static void destroy(struct live *l) {
    for (uint32_t i = 0; l && l->rows && i < l->count; i++) free(l->rows[i].name);
    if (l) {
        free(l->rows);
        free(l->words);
        free(l->of);
    }
    free(l);
}

static bool make_rows(struct live *l) {
    const struct run *run = l->run;
    bool harness = false;
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        harness = harness || run->explainers[i].yardstick;
        if (!run->explainers[i].yardstick && (l->of[i] = add_row(l, run->explainers[i].name)) == NO_ROW) return false;
    }
    l->harness = l->networks = NO_ROW;
    if (harness && (l->harness = add_row(l, "yardsticks, canaries")) == NO_ROW) return false;
    if (run->network_count && (l->networks = add_row(l, "trained networks")) == NO_ROW) return false;
    for (uint32_t i = 0; i < run->explainer_count; i++)
        if (run->explainers[i].yardstick) l->of[i] = l->harness;
    return true;
}

/* ---- the state of a row ---- */

/* What the process of that job computes now: the first that it has not sent. */
static const char *asked_by(const struct run *run, const struct explain_job *c) {
    const struct plan *p = &run->plan;
    uint32_t at = 0;
    while (at + 1 < c->count &&
           store_has_unit(run->store, run->explainers[c->row].name, p->attributions[c->attributions[at]].key))
        at++;
    if (!c->count) return NULL;
    for (uint32_t k = 0; k < p->use_count; k++)
        if (p->uses[k].attribution == c->attributions[at]) return run->controls[p->uses[k].control].control->id;
    for (uint32_t k = 0; k < p->check_count; k++)
        if (check_asks(&p->checks[k], c->attributions[at])) return run->controls[p->checks[k].control].control->id;
    return "the originals";
}

static const char *what_of(const struct live *l, const struct job *j) {
    switch (j->kind) {
    case JOB_CONFORM: return "conformance";
    case JOB_REFERENCE: return "audits";
    case JOB_TRAIN: return NULL;
    case JOB_EXPLAIN: return asked_by(l->run, &j->explain);
    }
    return NULL;
}

static uint32_t row_of(const struct live *l, const struct job *j) {
    switch (j->kind) {
    case JOB_CONFORM: return l->of[j->number];
    case JOB_REFERENCE: return l->harness;
    case JOB_TRAIN: return l->networks;
    case JOB_EXPLAIN: return l->of[j->explain.row];
    }
    return NO_ROW;
}

/* A row is at work where one of its jobs is, and queued where one waits. */
static void take_jobs(struct live *l) {
    const struct wave_state *w = l->wave;
    for (size_t i = 0; w && i < w->count; i++) {
        uint32_t row = row_of(l, &w->jobs[i]);
        if (row == NO_ROW || w->pool[i].state == POOL_ENDED || l->rows[row].phase == PROGRESS_AT_WORK) continue;
        bool running = w->pool[i].state == POOL_RUNNING;
        l->rows[row].phase = running ? PROGRESS_AT_WORK : PROGRESS_QUEUED;
        if (running) l->rows[row].what = what_of(l, &w->jobs[i]);
    }
}

static bool take_units(void *user, const char *name, uint32_t units) {
    const struct live *l = user;
    for (uint32_t i = 0; i < l->run->explainer_count; i++)
        if (strcmp(l->run->explainers[i].name, name) == 0 && l->of[i] != NO_ROW) l->rows[l->of[i]].done += units;
    return true;
}

static void begin_row(const struct live *l, uint32_t row) {
    l->rows[row].phase = PROGRESS_OVER;
    l->rows[row].what = l->words[row][0] ? l->words[row] : NULL;
    l->rows[row].done = 0;
}

/* What is known before any word is: the row is not asked any more, or not yet. */
static void take_breaches(struct live *l) {
    for (uint32_t i = 0; i < l->run->explainer_count; i++) {
        const struct explainer_entry *r = &l->run->explainers[i];
        if (r->yardstick) continue;
        if (r->breach || r->unsupported) l->rows[l->of[i]].planned = 0;
        if (r->breach) l->rows[l->of[i]].what = "ERROR";
        else if (r->unsupported) l->rows[l->of[i]].what = "SKIP";
        else if (r->held) l->rows[l->of[i]].phase = PROGRESS_QUEUED;
    }
}

/* What its phase has no job of yet is not done. */
static void take_unbegun(struct live *l) {
    for (uint32_t i = 0; i < l->count; i++)
        if (l->rows[i].phase == PROGRESS_OVER && !l->rows[i].what && l->rows[i].planned && !l->rows[i].done)
            l->rows[i].phase = PROGRESS_QUEUED;
}

static void fill(void *user, struct progress_row *rows) {
    struct live *l = user;
    struct error ignored;
    const double now = clock_seconds(), passed = l->wave ? now - l->last : 0;
    for (uint32_t i = 0; i < l->count; i++) {
        if (rows[i].phase == PROGRESS_AT_WORK) rows[i].seconds += passed;
        begin_row(l, i);
    }
    l->last = now;
    if (l->run->store) store_count_units(l->run->store, take_units, l, &ignored);
    for (uint32_t i = 0; l->networks != NO_ROW && i < l->run->network_count; i++)
        rows[l->networks].done += l->run->networks[i].weights != NULL;
    take_breaches(l);
    take_unbegun(l);
    take_jobs(l);
}

/* ---- what the run tells ---- */

void live_begin(const struct run *run, struct progress *p, struct live **out) {
    struct live *l = p->terminal && !p->quiet ? calloc(1, sizeof *l) : NULL;
    *out = NULL;
    if (!l) return;
    const size_t most = run->explainer_count + 2u;
    *l = (struct live){.run = run,
                       .rows = calloc(most, sizeof *l->rows),
                       .words = calloc(most, sizeof *l->words),
                       .of = malloc(most * sizeof *l->of),
                       .last = clock_seconds()};
    if (!l->rows || !l->words || !l->of || !make_rows(l)) {
        destroy(l);
        return;
    }
    p->rows = l->rows;
    p->row_count = l->count;
    p->fill = fill;
    p->user = *out = l;
}

void live_enter(struct progress *p, const struct wave_state *w) {
    struct live *l = p ? p->user : NULL;
    if (!l) return;
    for (uint32_t i = 0; i < l->count; i++) l->rows[i].planned = 0;
    for (uint32_t i = 0; i < l->run->explainer_count; i++)
        if (l->of[i] != NO_ROW && !l->run->explainers[i].breach)
            l->rows[l->of[i]].planned += need_units(l->run, w->counts, i);
    if (l->networks != NO_ROW) l->rows[l->networks].planned = l->run->network_count;
    l->wave = w;
    l->last = clock_seconds();
}

void live_leave(struct progress *p) {
    struct live *l = p ? p->user : NULL;
    if (!l) return;
    for (uint32_t i = 0; i < l->count; i++) begin_row(l, i);
    l->wave = NULL;
}

/* From the worst to the best. */
static int rank_of(enum verdict_word word) {
    static const enum verdict_word order[] = {VERDICT_ERROR,         VERDICT_FAIL, VERDICT_INCONCLUSIVE,
                                              VERDICT_UNINFORMATIVE, VERDICT_PASS, VERDICT_SKIP};
    int rank = 0;
    while (rank < 5 && order[rank] != word) rank++;
    return rank;
}

void live_judge(struct progress *p, const struct results *r, const struct draw_counts *counts) {
    struct live *l = p->user;
    const struct run *run = l ? l->run : NULL;
    for (uint32_t row = 0; l && row < run->explainer_count; row++) {
        enum verdict_word worst = VERDICT_SKIP;
        bool ok = !run->explainers[row].yardstick;
        for (uint32_t c = 0; ok && c < run->control_count; c++) {
            struct judgement j;
            struct error ignored;
            ok = verdict_judge(r, row, c, counts->draws[c * run->explainer_count + row], NULL, &j, &ignored);
            if (ok && rank_of(j.word) < rank_of(worst)) worst = j.word;
        }
        char *word = ok ? l->words[l->of[row]] : NULL;
        if (word) snprintf(word, sizeof l->words[0], "%s so far", verdict_word_name(worst));
    }
}

void live_end(struct live *l, struct progress *p) {
    p->rows = NULL;
    p->row_count = 0;
    p->fill = NULL;
    p->user = NULL;
    destroy(l);
}
