/* run_record.h (private to reports/): what the store says of its run, as JSON. */
#ifndef ASSAY_REPORTS_RUN_RECORD_H
#define ASSAY_REPORTS_RUN_RECORD_H

#include "store/store.h"

#include <jansson.h>

/* The entry of meta with that key into *out, to be released by json_decref(); NULL where there is none, or no JSON. */
bool run_record_load(struct store *, const char *key, json_t **out, struct error *);

#endif
