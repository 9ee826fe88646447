/* projection.h: where the variance of a mean over draws and inputs comes from, and what more of either would do. */
#ifndef ASSAY_REPORTS_PROJECTION_H
#define ASSAY_REPORTS_PROJECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Variance of one cell of y[draws][inputs] by its source, none below 0. NaN: fewer than two draws or inputs. */
struct components {
    double mean, draw, input, rest;
    uint32_t draws, inputs;
};
/* The method of moments of two crossed random factors (Searle, Casella and McCulloch 1992, Variance Components). Cells
 * that are NaN are left out of every mean. */
struct components components_of(const double *y, uint32_t draws, uint32_t inputs);

/* Whether the one-sided bound at `alpha` leaves `limit` aside, with so many draws and inputs, if mean and components
 * stay as they are (docs/verdict.md, section 4). */
bool projection_decides(const struct components *, uint32_t draws, uint32_t inputs, double limit, double alpha);
/* The fewest draws (with the inputs there are), or inputs (with the draws there are), that decide, to within
 * 2 %; 0: none up to `most`. */
uint32_t projection_draws(const struct components *, double limit, double alpha, uint32_t most);
uint32_t projection_inputs(const struct components *, double limit, double alpha, uint32_t most);
/* The fewest of both together, in the proportion that there is, where neither alone decides. False: none up to that
 * many draws and inputs. */
bool projection_both(const struct components *, double limit, double alpha, uint32_t most_draws, uint32_t most_inputs,
                     uint32_t *draws, uint32_t *inputs);

#endif
