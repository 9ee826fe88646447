/* plan_time.h: how long a battery will take here, by a short probe of what it consists of. Private to run/. */
#ifndef ASSAY_RUN_PLAN_TIME_H
#define ASSAY_RUN_PLAN_TIME_H

#include "experiment/state.h"
#include "run/plan_cost.h"

/* Fills cost->seconds and cost->workers, from the passes that are there. `conformed`: what the conformance jobs took,
 * as the run has them, too. Times are of this machine as busy as it is now. */
bool plan_time_estimate(const struct run *, unsigned jobs, double conformed, struct plan_cost *, struct error *);

#endif
