/* schedule.h: the jobs of one wave: which units are missing, grouped into explain jobs, and run in the pool. Private to
 * run/.
 */
#ifndef ASSAY_RUN_SCHEDULE_H
#define ASSAY_RUN_SCHEDULE_H

#include "run/schedule_jobs.h"

bool schedule_run(struct run *, enum wave, const struct draw_counts *, unsigned workers, struct progress *,
                  struct error *);

/* For a dry run: the conformance jobs alone, which also measure what one attribution costs. */
bool schedule_measure(struct run *, unsigned workers, struct error *);

#endif
