/* contrast.h: how much more alike some networks' maps are than others', for L5 and L6. */
#ifndef ASSAY_JUDGE_CONTRAST_H
#define ASSAY_JUDGE_CONTRAST_H

#include "measure/interval.h"

#include <stddef.h>
#include <stdint.h>

struct contrast_side {
    const double *y; /* [networks][inputs]; NaN: missing */
    uint32_t networks;
    double weight;
};

/* The mean over inputs of  t.weight * mean over networks of t.y - s.weight * mean over networks of s.y.  Its variance
 * is the sum of those from inputs and from the networks of either side; degrees of freedom are Satterthwaite's (docs/
 * verdict.md, section 3). `scratch`: as many as there are inputs, or networks of a side, whatever is more. */
struct interval contrast(const struct contrast_side *t, const struct contrast_side *s, uint32_t inputs,
                         double *scratch);

/* Mean and sample variance of the v[count] that are numbers, and how many those are. */
void contrast_spread(const double *v, uint32_t count, double *mean, double *variance, uint32_t *present);

/* Mean of v[count], NaN passed over, with `reach` on each side: the one-sided 1 - alpha bounds of Student's t. Fewer
 * than two numbers have no reach (NaN). */
void contrast_mean(const double *v, uint32_t count, double alpha, double *mean, double *reach, uint32_t *present);

#endif
