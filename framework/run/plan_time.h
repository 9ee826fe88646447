/* plan_time.h: how long a battery will take here, by a short probe of what it consists of. Private to run/. */
#ifndef ASSAY_RUN_PLAN_TIME_H
#define ASSAY_RUN_PLAN_TIME_H

#include "experiment/state.h"
#include "run/plan_cost.h"

/* What a dry run did that the run does, too. */
struct plan_done {
    double seconds;   /* of the conformance jobs */
    double processor; /* seconds, of everything so far */
};

/* Fills cost->seconds, processor and workers, from the passes that are there. Seconds are of this machine as busy as it
 * is now. */
bool plan_time_estimate(const struct run *, unsigned jobs, const struct draw_counts *, const struct plan_done *,
                        struct plan_cost *, struct error *);

#endif
