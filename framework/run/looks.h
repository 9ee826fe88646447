/* looks.h: what a run computes, look by look. */
#ifndef ASSAY_RUN_LOOKS_H
#define ASSAY_RUN_LOOKS_H

#include "experiment/options.h"
#include "run/need.h"

struct results;

/* All waves: the first look, trained networks, and more draws for cells that are open (docs/verdict.md, looks). Where
 * no more were wanted, *known are the results that said so, the caller's; else NULL. */
bool looks_run(struct run *, struct draw_counts *, const struct run_options *, struct results **known, struct error *);

#endif
