/* standard.h: the controls of a battery that says `controls: default`. */
#ifndef ASSAY_EXPERIMENT_STANDARD_H
#define ASSAY_EXPERIMENT_STANDARD_H

#include "plan/control.h"

/* Nothing where the battery names its controls. Else all that are standard, in the order of the table; those that train
 * networks where the battery has `training`. Fails where `expect` names another. */
bool standard_controls_fill(struct battery *, const struct control *const *controls, struct error *);
/* Adds the names of those that were left out as they train networks, with commas between them. */
void standard_controls_untrained(const struct battery *, const struct control *const *controls, struct text *);

#endif
