/* reference.h: what the harness itself asks of the re-drawn networks of one draw, in one pass for each: the logits for
 * its audit, and the gradient, which the yardsticks are. No plugin runs here. Private to run/. */
#ifndef ASSAY_RUN_REFERENCE_H
#define ASSAY_RUN_REFERENCE_H

#include "workers/pool.h"
#include "experiment/state.h"
#include "run/reference_task.h"

/* Of the bytes that a row may keep prepared (view.h), what each yardstick of such a job has: two such rows' together.
 */
size_t reference_prepared(const struct run *, size_t limit);

/* Inputs of so many elements whose gradients are there at a time. */
uint32_t reference_block(size_t elements, uint32_t inputs);

/* In the child. The tasks are done from the last to the first: an explain job, which begins with the first, comes upon
 * what is known already sooner. */
void reference_work(const struct run *, const struct reference *, struct channel *);
/* In the parent: one message of reference_work, into the store. Tasks say what is still to come. After a damaged one
 * nothing more is taken from that process. False for the harness's own failures alone. */
bool reference_message(struct run *, struct reference *, uint32_t type, const void *data, size_t size, struct error *);
/* Whether something of the tasks is still to come. */
bool reference_lacks(const struct reference *);
/* In the parent, at the end: yardstick units that did not come are stored as failed. (An audit that did not come is
 * ERROR where the judge misses it.) */
bool reference_ended(struct run *, const struct reference *, struct error *);

#endif
