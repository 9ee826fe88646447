/* checks.h: what rules on predicates have in common. Private to judge/. */
#ifndef ASSAY_JUDGE_CHECKS_H
#define ASSAY_JUDGE_CHECKS_H

#include "judge/case.h"

/* Every check of the control that is no reading must hold on every input. */
void checks_decide(const struct judge_case *, struct judgement *);

#endif
