/* schedule.h: the jobs of one wave: which units are missing, grouped into explain jobs, and run in the pool. Private to
 * run/.
 */
#ifndef ASSAY_RUN_SCHEDULE_H
#define ASSAY_RUN_SCHEDULE_H

#include "run/explain_job.h"
#include "workers/progress.h"

/* How many draws each explainer has under each control: draws[control * row_count + row]. */
struct draw_counts {
    uint32_t *draws;
};

enum wave {
    WAVE_MODEL,  /* conformance, audits, trained networks, and everything on the model itself */
    WAVE_LABELS, /* everything on trained networks */
    WAVE_EXTEND  /* audits and units of further draws */
};

/* Whether the control says anything about methods with these claims; else why not. */
bool schedule_applies(const struct run *, uint32_t control, uint32_t row, char *why, size_t size);

bool schedule_run(struct run *, enum wave, const struct draw_counts *, unsigned workers, struct progress *,
                  struct error *);

/* For a dry run: the conformance jobs alone, which also measure what one attribution costs. */
bool schedule_measure(struct run *, unsigned workers, struct error *);

/* Whether row needs that attribution, given how many draws its controls have. */
bool schedule_needs(const struct run *, const struct draw_counts *, uint32_t row, uint32_t attribution);

#endif
