/* canaries.h: whether the maps with known answers came out as they should. Private to run/. */
#ifndef ASSAY_RUN_CANARIES_H
#define ASSAY_RUN_CANARIES_H

#include "experiment/state.h"
#include "judge/results.h"

/* Judges the canaries by the rule's own constants, whatever the battery's are, and puts what came of them into the
 * store (meta "canaries"). *wrong: one came out wrong, and no verdict of the run can be relied on. Borrows the results,
 * and gives them back as they were. */
bool canaries_judge(struct run *, struct results *, bool *wrong, struct error *);

#endif
