/* explain_job.h: in one process, one explainer is shown the original network and then each variant of one draw, and
 * every map is compared with its own original there. The original comes first in every process, so that an explainer
 * that keeps its first answer is caught in the act, and its digest must be the same in all of them. Private to run/. */
#ifndef ASSAY_RUN_EXPLAIN_JOB_H
#define ASSAY_RUN_EXPLAIN_JOB_H

#include "host/memo.h"
#include "workers/pool.h"
#include "experiment/state.h"

struct explain_job {
    uint32_t row;
    enum root root;
    uint32_t draw;
    uint32_t *attributions, count; /* in the order they are computed */
    struct memo *memo;             /* what the model answered this explainer, borrowed; or NULL */
    const struct memo *gradients;  /* of re-drawn networks (reference.h), borrowed; or NULL */
    bool original;                 /* in the parent: the digest of the original map has come */
    char *breach;                  /* in the parent: what it did that it must not, or NULL; the job's own */
};

/* The explainer's seeds for the first n inputs of that attribution. */
bool explain_job_seeds(const struct run *, uint32_t row, const struct attribution *, uint32_t n, uint64_t *seeds,
                       struct error *);

/* Beats (pool.h) that its work sends at most. */
uint32_t explain_job_calls(const struct run *, const struct explain_job *);

/* In the child. */
void explain_job_work(const struct run *, const struct explain_job *, struct channel *);
/* In the parent: one message of explain_job_work, into the store. One that is damaged is a breach of the job, from
 * which nothing more is taken; which of a row's is the row's, schedule_jobs.h says. False for the harness's own
 * failures alone. */
bool explain_job_message(struct run *, struct explain_job *, uint32_t type, const void *data, size_t size,
                         struct error *);
/* Its processes disagree about the original. */
#define EXPLAIN_JOB_NOT_REPRODUCIBLE "Not reproducible: the same request in another process gives other bytes."
#define PLUGIN_PROCESS "The plugin's process" /* the sender of a damaged message */

/* Records the first breach of the job. */
bool explain_job_breach(struct explain_job *, const char *why, struct error *);
/* In the parent, when the child is gone (death: how it died, or NULL): what it did not send is stored as failed. After
 * a breach it is not: a run that is interrupted before it knows the row's breach asks again. */
bool explain_job_ended(struct run *, struct explain_job *, const char *death, struct error *);

/* Records that the row broke the rules, in memory and in the store (a resumed run knows it too). Its units go: which of
 * them had been stored depends on the order in which processes were done. */
bool run_breach(struct run *, uint32_t row, const char *why, struct error *);

#endif
