/* unit_store.h: the parent's side: units that were checked (message.h), into the store, one transaction for each.
 * Private to run/. */
#ifndef ASSAY_RUN_UNIT_STORE_H
#define ASSAY_RUN_UNIT_STORE_H

#include "run/message.h"

bool unit_store_put(struct run *, const struct unit_message *, struct error *);

/* Puts a failed unit, with the reason, where the store has none. */
bool unit_store_missing(struct run *, uint32_t row, uint32_t attribution, const char *why, struct error *);

#endif
