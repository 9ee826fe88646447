/* json_compare.h: comparison values by explainer, control, stage, measure, view and pairing, as arrays [draw][input].
 */
#ifndef ASSAY_REPORTS_JSON_COMPARE_H
#define ASSAY_REPORTS_JSON_COMPARE_H

#include "store/store.h"

#include <jansson.h>

/* {"explainer", "control", "stage", "stage_index", "measure", "view", "pairing", "inputs": [i],
 *  "others": [i] (mismatched only), "draws": [r], "values": [r][i]}: values[r][i] compares the map of inputs[i] on the
 * original network with that of others[i] (or of inputs[i] itself) on draws[r]; null: a constant map. A draw stands
 * twice when it has two variants (antithetic pairs). The callback owns the group, which may be NULL: out of memory. */
bool json_each_comparison(struct store *, bool (*group)(void *, json_t *), void *, struct error *);

#endif
