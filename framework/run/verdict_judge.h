/* verdict_judge.h: the verdict of one row under one control. Private to run/. */
#ifndef ASSAY_RUN_VERDICT_JUDGE_H
#define ASSAY_RUN_VERDICT_JUDGE_H

#include "judge/judge.h"

/* Breaches and SKIPs first, then the rule. */
bool verdict_judge(const struct results *, uint32_t row, uint32_t control, uint32_t draws, struct store *curves,
                   struct judgement *, struct error *);

#endif
