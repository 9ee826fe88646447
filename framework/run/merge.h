/* merge.h: the stores of all shards of a battery become one, as if one machine had computed it so far. What none of
 * them has (further looks) a resumed run computes; words, too, are its own. */
#ifndef ASSAY_RUN_MERGE_H
#define ASSAY_RUN_MERGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes the store of `folder`, which must have none. Refused, naming the run: shards that did not come to their end,
 * were changed since, are of another battery, seed, version, model or data, or of another division, that are missing or
 * there twice, that computed the same unit twice, and whose machines do not compute alike. Nothing is left of a
 * refusal.
 */
bool merge_runs(const char *folder, const char *const *runs, size_t count, struct error *);
/* Takes the store away again, and what a run that was refused left beside it. was_there: the folder stays. */
void merge_discard(const char *folder, bool was_there);

#endif
