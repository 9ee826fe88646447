/* controls_open.h: the controls of a battery, looked up, with the values of their options. */
#ifndef ASSAY_EXPERIMENT_CONTROLS_OPEN_H
#define ASSAY_EXPERIMENT_CONTROLS_OPEN_H

#include "experiment/part.h"
#include "experiment/state.h"

/* Fills run->controls with those of the part; a quick run leaves out those that take longest (run->left_out). Errors
 * are names and options that do not exist, and networks to be trained without `training`. */
bool controls_open(struct run *, const struct part *, bool quick, const struct control *const *controls,
                   struct error *);
/* What the battery says of a network's layers, once the network is known. */
bool controls_settle(struct run *, struct error *);

#endif
