/* curve.h: what is stored of one stage in one view, for the figures and tables. */
#ifndef ASSAY_JUDGE_CURVE_H
#define ASSAY_JUDGE_CURVE_H

#include "judge/case.h"
#include "measure/interval.h"

struct curve {
    uint32_t stage, measure; /* place of the measure in measures[] */
    enum view view;
    const struct interval *share; /* NULL: shown, not judged */
    double alpha_fail, alpha_pass;
    double logit_r; /* mean |r| of the stage's logits; NaN where the rule does not ask */
    const char *decision;
};

/* Stores it. `y` is scratch for [draws][inputs]. */
bool curve_put(const struct judge_case *, const struct curve *, double *y, struct store *, struct error *);

#endif
