/* gates.h: the steps before any share is measured, by the names of docs/verdict.md: networks that are no control (L0),
 * units that could not run, audits and constant originals (E0), repeatability (G1, L1), stability (G2), one input or
 * draw (N), sameness (G3, L2). */
#ifndef ASSAY_JUDGE_GATES_H
#define ASSAY_JUDGE_GATES_H

#include "judge/case.h"

struct gate {
    const char *id;
    bool (*applies)(const struct judge_case *);
    /* True when it decided: the judgement has its word and reason. May measure what later gates read. */
    bool (*decide)(struct judge_case *, struct judgement *);
};
extern const struct gate gates[]; /* in the order in which they are asked; ended by a NULL id */

/* The gate that decided, or NULL. Sets c->repeat and c->floor as far as it came. */
const struct gate *gates_decide(struct judge_case *, struct judgement *);

/* Parts of `before` and E0 for one attribution of the case's row. */
bool gate_unit(const struct judge_case *, uint32_t attribution, struct judgement *);
bool gate_audit(const struct judge_case *, uint32_t attribution, struct judgement *);
/* L0 (networks.c): every network is trained, and permuted labels taught nothing. */
bool gate_networks(struct judge_case *, struct judgement *);

#endif
