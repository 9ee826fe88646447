/* advice.h (private to reports/): what would decide an INCONCLUSIVE. */
#ifndef ASSAY_REPORTS_ADVICE_H
#define ASSAY_REPORTS_ADVICE_H

#include "base/text.h"
#include "reports/curve_set.h"

#include <jansson.h>

/* Sentences on what to run to get a word; false, and nothing added, where the verdict is no INCONCLUSIVE. `run`: the
 * record of the run, or NULL. */
bool advice_add(struct text *, const struct verdict_row *, const struct curve_set *, const json_t *run);

#endif
