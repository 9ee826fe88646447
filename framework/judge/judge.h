/* judge.h: from similarities to one of six words. */
#ifndef ASSAY_JUDGE_JUDGE_H
#define ASSAY_JUDGE_JUDGE_H

#include "judge/case.h"

/* The explainer `row` under `control`, by the control's rule. `draws`: the most that count. Curve rows of this
 * explainer and control go into `curves`, unless NULL. *out is borrowed from the results and the plan. False: out of
 * memory, or the store failed. */
bool judge(const struct results *, uint32_t row, uint32_t control, uint32_t draws, struct store *curves,
           struct judgement *out, struct error *);

#endif
