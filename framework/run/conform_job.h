/* conform_job.h: the conformance of one explainer (conformance.h) on the battery's model and first inputs, in a worker
 * of its own: before any control. Private to run/. */
#ifndef ASSAY_RUN_CONFORM_JOB_H
#define ASSAY_RUN_CONFORM_JOB_H

#include "host/memo.h"
#include "workers/pool.h"
#include "experiment/state.h"

/* In the child. What the network answers is kept in the memo, unless NULL: the explainer's later jobs will ask again.
 */
void conform_work(const struct run *, uint32_t row, struct memo *, struct channel *);
/* In the parent: what the row costs, whether it is supported, and whether it keeps the rules. */
bool conform_message(struct run *, uint32_t row, const void *data, size_t size, struct error *);

#endif
