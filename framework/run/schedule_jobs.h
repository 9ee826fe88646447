/* schedule_jobs.h: the jobs of one wave, made of what the store does not have yet. Private to schedule*.c. */
#ifndef ASSAY_RUN_SCHEDULE_JOBS_H
#define ASSAY_RUN_SCHEDULE_JOBS_H

#include "run/explain_job.h"
#include "run/need.h"
#include "run/reference.h"
#include "workers/progress.h"

enum wave {
    WAVE_MODEL,  /* conformance, audits, trained networks, and everything on the model itself */
    WAVE_LABELS, /* everything on trained networks */
    WAVE_EXTEND, /* audits and units of further draws */
    WAVE_ROW     /* the same of a row that waited (early.h) */
};

/* In the order in which they start: a plugin that breaks the rules is asked nothing else; trainings take long; explain
 * jobs may find what they ask for where reference jobs were. */
enum job_kind { JOB_CONFORM, JOB_TRAIN, JOB_REFERENCE, JOB_EXPLAIN };

struct job {
    enum job_kind kind;
    uint32_t number;            /* row, network, or PLAN_NO_DRAW or draw */
    struct explain_job explain; /* JOB_EXPLAIN */
    struct reference reference; /* JOB_REFERENCE */
    struct wave_state *wave;
    bool told; /* its process sent something */
};

struct wave_state {
    struct run *run;
    const struct draw_counts *counts;
    unsigned workers;
    struct pool_job *pool;
    struct job *jobs;
    size_t count;
    bool *conformed; /* [rows] */
    /* What only children open; NULL where there is no memory to share: they are asked for again then. */
    struct memo_file *memos;     /* [rows]: what the model answered each explainer */
    struct memo_file *gradients; /* [1]: of re-drawn networks, told by reference jobs */
    struct memo *memo;           /* in the child: the job's of those */
    struct progress *progress;   /* NULL: silent */
};

/* What the job's process may take (pool.h). */
struct job_bounds {
    double limit;
    uint32_t calls;
    size_t largest;
};
/* What the pool is told of a job. */
struct pool_job jobs_declare(const struct run *, enum job_kind, uint32_t number, double cost,
                             const struct job_bounds *);
/* NULL: out of memory. */
struct job *jobs_add(struct wave_state *, enum job_kind, uint32_t number, double cost, const struct job_bounds *);
bool jobs_add_conform(struct wave_state *, uint32_t row, struct error *);
/* What the store has of it by now is not asked for again. */
void jobs_trim(const struct run *, struct job *);
/* Once an explain job of the row is over: the row's breach is that of the job which starts first of those that broke
 * the rules, so nothing is decided as long as an earlier one may yet break them. Otherwise the reason, which is in the
 * report, would depend on which of two processes was done first. */
bool jobs_settle_breach(struct wave_state *, uint32_t row, struct error *);
/* The process of that explain job was killed from outside, again and again: a resumed run tries what it left. */
#define JOBS_KILLED "killed/" /* begins the key of what meta says of it */
bool jobs_mark_killed(const struct run *, const struct explain_job *, struct error *);
/* Trainings and conformance. */
bool jobs_add_setup(struct wave_state *, struct error *);
/* Audits and yardsticks: one job per draw, or several when there are fewer draws than workers. */
bool jobs_add_references(struct wave_state *, struct error *);
/* Explain jobs: one per explainer, root and draw. */
bool jobs_add_explain(struct wave_state *, enum wave, struct error *);
/* In passes of one sample through the network. */
double jobs_explain_cost(const struct run *, const struct explain_job *);
/* Number of draws that the plan has. */
uint32_t jobs_draws(const struct plan *);
/* Drops those that `keep` says no to; the order of the others stays. */
void jobs_keep(struct wave_state *, bool (*keep)(const struct wave_state *, const struct job *));
void job_finish(struct job *);
void jobs_free(struct wave_state *);

#endif
