/* schedule_jobs.h: the jobs of one wave, made of what the store does not have yet. Private to schedule*.c. */
#ifndef ASSAY_RUN_SCHEDULE_JOBS_H
#define ASSAY_RUN_SCHEDULE_JOBS_H

#include "run/reference.h"
#include "run/schedule.h"

/* In the order in which they start: a plugin that breaks the rules is asked nothing else; trainings take long; explain
 * jobs may find what they ask for where reference jobs were. */
enum job_kind { JOB_CONFORM, JOB_TRAIN, JOB_REFERENCE, JOB_EXPLAIN };

struct job {
    enum job_kind kind;
    uint32_t number;            /* row, network, or PLAN_NO_DRAW or draw */
    struct explain_job explain; /* JOB_EXPLAIN */
    struct reference reference; /* JOB_REFERENCE */
    struct wave_state *wave;
    bool answered; /* some message came */
};

struct wave_state {
    struct run *run;
    const struct draw_counts *counts;
    unsigned workers;
    struct pool_job *pool;
    struct job *jobs;
    size_t count, capacity;
    bool *conformed;           /* [rows] */
    struct memo **memos;       /* [rows]: what the model answered each explainer; NULL: not kept */
    struct memo *gradients;    /* of re-drawn networks, told by reference jobs; or NULL */
    struct progress *progress; /* NULL: silent */
};

/* NULL: out of memory. */
struct job *jobs_add(struct wave_state *, enum job_kind, uint32_t number, double cost, double limit);
/* Trainings and conformance. */
bool jobs_add_setup(struct wave_state *, struct error *);
/* Audits and yardsticks: one job per draw, or several when there are fewer draws than workers. */
bool jobs_add_references(struct wave_state *, struct error *);
/* Explain jobs: one per explainer, root and draw. */
bool jobs_add_explain(struct wave_state *, enum wave, struct error *);
/* In passes of one sample through the network. */
double jobs_explain_cost(const struct run *, const struct explain_job *);
void jobs_free(struct wave_state *);

#endif
