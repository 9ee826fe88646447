/* why.h: what one verdict rests on, down to single comparisons. */
#ifndef ASSAY_REPORTS_WHY_H
#define ASSAY_REPORTS_WHY_H

#include "store/store.h"

#include <stdio.h>

struct why_request {
    const char *explainer, *control;
    const char *stage;         /* whose comparisons are shown; NULL: that which decided, or where most survives */
    struct store *const *also; /* [also_count]: other runs, whose settings count too */
    const char *const *also_names;
    size_t also_count;
};

/* What may be asked about: the verdicts of that row, or where explainer is NULL the rows. `folder`: as the next command
 * names the run. */
bool why_list(struct store *, const char *folder, const char *explainer, FILE *, struct error *);

/* Fails where the store has no such verdict (the nearest name is said) or the control no such stage. */
bool why_write(struct store *, const struct why_request *, FILE *, struct error *);

#endif
