/* store_merge.h: what another store computed, row by row into this one. */
#ifndef ASSAY_STORE_STORE_MERGE_H
#define ASSAY_STORE_STORE_MERGE_H

#include "base/error.h"

struct store;

/* Copies networks, audits and units with their digests, in the caller's transaction. What both have must be the same,
 * with the time that it took: a unit that was computed twice is an error, which names it. */
bool store_take(struct store *into, struct store *from, struct error *);

#endif
