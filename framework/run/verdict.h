/* verdict.h: every explainer under every control, against what the battery expects. Private to run/. */
#ifndef ASSAY_RUN_VERDICT_H
#define ASSAY_RUN_VERDICT_H

#include "judge/judge.h"
#include "run/need.h"

struct results;

/* Stores every verdict and curve; *exit_code as DESIGN.md, "Exit codes", says. `known`: what the store holds, where
 * that was loaded already and is as it was; NULL: it is loaded. */
bool verdict_store(struct run *, const struct draw_counts *, struct results *known, int *exit_code, struct error *);

/* Whether the judgement is one of the words that were expected (battery_expected()). */
bool verdict_as_expected(unsigned words, const struct judgement *);

/* Whether every explainer has a verdict under every control and overall in the store: an error that names the cells. */
bool verdict_check_complete(const struct run *, struct error *);

#endif
