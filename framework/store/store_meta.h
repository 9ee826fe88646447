/* store_meta.h: what a store says of its run, by key. */
#ifndef ASSAY_STORE_STORE_META_H
#define ASSAY_STORE_STORE_META_H

#include "base/error.h"

struct store;

/* "run" is a JSON object with everything that identifies the run (experiment/record.h says what) */
bool store_set_meta(struct store *, const char *key, const char *value, struct error *);
/* *value is NULL when absent; the caller frees it. */
bool store_meta(struct store *, const char *key, char **value, struct error *);

#endif
