/* interval.h: means and one-sided bounds under two crossed random factors (draws x images). */
#ifndef ASSAY_MEASURE_INTERVAL_H
#define ASSAY_MEASURE_INTERVAL_H

#include <stddef.h>

/* mean +- t_df(1 - alpha) * sqrt(variance) */
struct interval {
    double mean, variance, df;
};

/* y[rows][columns], NaN = missing cell. Two-way ANOVA of crossed random effects (docs/verdict.md, section "Interval"):
 *   va = sum a^2 / ((R-1) R), vb = sum b^2 / ((n-1) n), ve = sum e^2 / ((R-1)(n-1) R n),
 *   V = max(va + vb - ve, va, vb), df = V^2 / (va^2/(R-1) + vb^2/(n-1)).
 * Row and column means are over the cells present; the mean is over all cells present. Needs 2 rows and 2 columns with
 * a cell each; otherwise variance and df are NaN. V = 0 gives df = R-1. */
struct interval interval_two_way(const double *y, size_t rows, size_t columns);

double interval_lower(const struct interval *, double alpha); /* one-sided 1-alpha bound */
double interval_upper(const struct interval *, double alpha);

/* Student's t: quantile t with P(T <= t) = p, any df > 0 (not only whole). Absolute error < 1e-9. */
double student_quantile(double p, double df);
double student_cdf(double t, double df);

#endif
