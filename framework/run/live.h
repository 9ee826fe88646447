/* live.h: the rows of the table that a terminal shows of a run (progress_table.h). Private to run/. */
#ifndef ASSAY_RUN_LIVE_H
#define ASSAY_RUN_LIVE_H

#include "run/schedule_jobs.h"

struct live;
struct results;

/* Where progress goes to a terminal: a row for each explainer, one for those of the harness, and one for networks that
 * are trained. Without memory there is no table, and nothing else is lost. */
void live_begin(const struct run *, struct progress *, struct live **);
/* The jobs that are at work from now on; they have to stay until live_leave. */
void live_enter(struct progress *, const struct wave_state *);
void live_leave(struct progress *);
/* A look is over that leaves something open: each explainer's worst word so far. */
void live_judge(struct progress *, const struct results *, const struct draw_counts *);
void live_end(struct live *, struct progress *);

#endif
