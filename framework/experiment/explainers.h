/* explainers.h: the explainers of a battery, opened; and the rows the rule adds to them. */
#ifndef ASSAY_EXPERIMENT_EXPLAINERS_H
#define ASSAY_EXPERIMENT_EXPLAINERS_H

#include "experiment/part.h"
#include "experiment/state.h"

/* Fills run->explainers: the battery's explainers (those of the part), the map before its ReLU of
 * methods that have a parameter `relu` (docs/verdict.md: a ReLU adds an even part), the canaries (canary.h), and the
 * yardsticks. A row whose
 * plugin cannot be used has the reason in `breach`; errors are names that do not exist and values out of range. */
bool explainers_open(struct run *, const struct part *, bool no_canaries, struct error *);

/* What canaries are judged under: the first cascade, else single layers, else NULL. */
const struct control_entry *run_canary_control(const struct run *);

#endif
