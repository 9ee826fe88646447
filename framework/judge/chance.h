/* chance.h: the magnitude guard M: how alike the magnitudes are beyond what random weights times the input would give.
 */
#ifndef ASSAY_JUDGE_CHANCE_H
#define ASSAY_JUDGE_CHANCE_H

#include "judge/case.h"

/* M: mean rank correlation of |x u| and |x v| with u, v independent normal, in that view, over the inputs. */
double chance_base(const struct judge_case *, enum view);
/* The same of different inputs, |x_i u| and |x_j v|, over the derangements, where x_i is not zero: Mx. */
double chance_mismatched(const struct judge_case *, enum view);
/* y: (S_abs - b) / (C_abs - b), b = max(F_abs, M), of a stage: the share of the magnitudes that survives. False, and
 * NaN everywhere, where C_abs - b is below the rule's `degenerate`: a repetition is then no more alike than random
 * weights times the input would be, and there is nothing to take shares of. */
bool chance_share(const struct judge_case *, uint32_t stage, uint32_t draws, double *y, double *base);

#endif
