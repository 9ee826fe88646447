/* measures.h: which measures a run computes beside those that every run does. */
#ifndef ASSAY_EXPERIMENT_MEASURES_H
#define ASSAY_EXPERIMENT_MEASURES_H

#include "battery/battery.h"

/* *more: a bit for each place of the table that the battery's `measures` names. Fails where there is no such measure.
 */
bool measures_choose(const struct battery *, unsigned *more, struct error *);

#endif
