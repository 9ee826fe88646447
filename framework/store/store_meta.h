/* store_meta.h: what a store says of its run, by key. */
#ifndef ASSAY_STORE_STORE_META_H
#define ASSAY_STORE_STORE_META_H

#include "base/error.h"

struct store;

/* "run" is a JSON object with everything that identifies the run (experiment/record.h says what) */
bool store_set_meta(struct store *, const char *key, const char *value, struct error *);
/* *value is NULL when absent; the caller frees it. */
bool store_meta(struct store *, const char *key, char **value, struct error *);
/* All whose key begins like that, in the order of keys. The callback changes nothing of the store. */
bool store_each_meta(struct store *, const char *prefix, bool (*visit)(void *, const char *key, const char *value),
                     void *, struct error *);
/* What is not there stays so. */
bool store_unset_meta(struct store *, const char *key, struct error *);

#endif
