/* ranks.h: the parent of a run and its other processes, which take jobs (serve.h). The parent alone plans, holds the
 * store and judges; jobs go out one by one as places are free, and what they send is taken as from a worker of its own.
 * A process that is lost costs its jobs, which start again elsewhere. Private to run/. */
#ifndef ASSAY_RUN_RANKS_H
#define ASSAY_RUN_RANKS_H

#include "run/schedule_jobs.h"
#include "workers/transport.h"

/* With what the run was set up from; the transport is the caller's and stays. */
bool ranks_create(const struct transport *, struct ranks **out, struct error *);
/* Tells all that are there that nothing more comes. */
void ranks_destroy(struct ranks *);

/* Waits until all are ready, or those that take much longer than the parent did are left out. An error names the
 * process that has another battery, or gives other bytes. */
bool ranks_meet(struct ranks *, const struct run *, struct error *);
/* What changed since the start. */
bool ranks_expand(struct ranks *, uint32_t control, uint32_t from, uint32_t to, struct error *);
bool ranks_labels(struct ranks *, const struct run *, struct error *);
/* A wave begins. False: there is nobody to take jobs. */
bool ranks_begin(struct ranks *, struct wave_state *, struct pool_remote *);
/* Who did how much, on standard error. */
void ranks_say(const struct ranks *);
/* Processes that were lost. */
uint32_t ranks_lost(const struct ranks *);

#endif
