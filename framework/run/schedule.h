/* schedule.h: the jobs of one wave: which units are missing, grouped into explain jobs, and run in the pool. Private to
 * run/.
 */
#ifndef ASSAY_RUN_SCHEDULE_H
#define ASSAY_RUN_SCHEDULE_H

#include "run/schedule_jobs.h"

bool schedule_run(struct run *, enum wave, const struct draw_counts *, unsigned workers, struct progress *,
                  struct error *);

/* What a child of the pool does, and what its wave shares: for pools on other machines (serve.h). */
bool schedule_prepare(void *wave_state, struct pool_job *, struct error *);
void schedule_work(void *wave_state, struct pool_job *, struct channel *);
void schedule_make_memos(struct wave_state *);

/* For a dry run: the conformance jobs alone, which also measure what one attribution costs. *shared: bytes of the
 * answers that they left for later jobs. */
bool schedule_measure(struct run *, unsigned workers, size_t *shared, struct error *);

#endif
