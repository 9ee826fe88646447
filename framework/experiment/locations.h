/* locations.h: where in the battery rows and expectations stand, for reports that name lines. No part of a run's
 * identity.
 */
#ifndef ASSAY_EXPERIMENT_LOCATIONS_H
#define ASSAY_EXPERIMENT_LOCATIONS_H

#include "experiment/state.h"

/* {"file": PATH, "rows": [{"explainer", "line"}], "expect": [{"explainer", "control", "line"}]}; what came from the
 * command line has no entry. *text is the caller's. */
bool locations_record(const struct run *, char **text, struct error *);

#endif
