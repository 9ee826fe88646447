/* least_squares.h: fits of a few regressors. */
#ifndef ASSAY_CONTROLS_LEAST_SQUARES_H
#define ASSAY_CONTROLS_LEAST_SQUARES_H

#include <stdbool.h>
#include <stddef.h>

/* Minimises |y - sum of coefficients[k] * x[k]| from gram[n][n], the products of the regressors, and xy[n], theirs with
 * y. `scratch`: [n][n]. False where regressors depend on one another. */
bool least_squares(size_t n, const double *gram, const double *xy, double *scratch, double *coefficients);

#endif
