/* early.h: what ends a run before everything was asked: --fail-fast and --max-minutes. What was not asked is
 * INCONCLUSIVE, never a PASS, and the reports say what and why. Private to run/. */
#ifndef ASSAY_RUN_EARLY_H
#define ASSAY_RUN_EARLY_H

#include "base/text.h"
#include "experiment/options.h"
#include "run/need.h"

struct early {
    const struct run_options *options;
    double look_begun, seconds_per_draw; /* of the look before: for one cell, as it came out */
    bool labels;                         /* trained networks were explained, too */
    bool ended;
    struct text said; /* sentences for the reports; empty: everything was asked */
};

/* With --fail-fast every row but the first waits (explainer_entry.held). */
void early_begin(struct early *, struct run *, const struct run_options *);
/* Lets the next row go; false: none waits. */
bool early_release(struct run *);
/* --fail-fast: whether a cell of a row that was let go is a FAIL or an ERROR that was not expected. Then it has ended.
 */
bool early_check(struct early *, struct run *, const struct draw_counts *, struct error *);
/* A look of `cells` cells is over, in which each had so many draws more. */
void early_note(struct early *, uint32_t cells, uint32_t draws);
/* --max-minutes: whether such a look would be over in time, by what the look before took. False: it has ended; `open`,
 * the cells that would have had more draws, is said. */
bool early_has_time(struct early *, const struct run *, uint32_t cells, uint32_t draws, const char *open);
/* Into the store, for the reports. */
bool early_put(const struct early *, struct run *, struct error *);
void early_finish(struct early *);

#endif
