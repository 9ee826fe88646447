/* fit.h: how well the outputs of a regression agree with real targets, in words, and whether that is clearly better
 * than their mean. */
#ifndef ASSAY_MEASURE_FIT_H
#define ASSAY_MEASURE_FIT_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fit {
    uint32_t read; /* samples looked at */
    double rmse;   /* sqrt(mean (y - z)^2), in the unit of the targets */
    double r2;     /* 1 - sum (y - z)^2 / sum (y - mean)^2; NaN where all targets are the same */
    double lower;  /* its one-sided 95 % bound, see fit_measure; NaN of one sample or one target */
    double r;      /* Pearson's correlation of targets and outputs; NaN where either does not vary */
    bool few;      /* of so few samples that even outputs without any error would not be clear */
};

enum fit_state {
    FIT_UNKNOWN, /* nothing was read, or there are no targets */
    FIT_CLEAR,   /* the bound of R2 lies above 0, of enough samples */
    FIT_FEW,
    FIT_POOR
};

/* Targets y[n] and outputs z[n]; y NULL: nothing is known. R2 = 1 - A / B is a ratio of means, of e_i = (y_i - z_i)^2
 * and v_i = (y_i - mean)^2. Its bound is R2 - t s / (B sqrt(n)), s the standard deviation of e_i - (A / B) v_i (the
 * delta method; Casella and Berger 2002, section 5.5.4) and t Student's with n - 1 degrees of freedom. At R2 = 0 this
 * is the paired test of two predictors, the network and the mean of the targets (Diebold and Mariano 1995,
 * doi:10.1080/07350015.1995.10524599, for samples that do not depend on each other). Outputs without any error have
 * e_i = 0 and no spread: so there have to be
 * enough samples for that test to see them, and five at least. */
struct fit fit_measure(const float *y, const float *z, uint32_t n);
enum fit_state fit_state(const struct fit *);

/* "the network predicts 120 read with RMSE 5.31, R2 .93 (at least .91)". */
void fit_add_sentence(struct text *, const struct fit *);
/* What is wrong and what to look at; nothing where R2 is clearly above 0 or nothing is known. */
void fit_add_warning(struct text *, const struct fit *);

#endif
