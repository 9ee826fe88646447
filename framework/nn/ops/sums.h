/* sums.h: sums of neighbours, in double precision, in an order that makes vector code. */
#ifndef ASSAY_NN_OPS_SUMS_H
#define ASSAY_NN_OPS_SUMS_H

#include <stddef.h>

#define SUM_LANES 8

/* sum_dense() with bodies for several processors. */
double sum_wide(const float *x, size_t n);

static inline double sum_dense(const float *x, size_t n) {
    double part[SUM_LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + SUM_LANES <= n; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++) part[k] += (double)x[i + k];
    for (; i < n; i++) sum += (double)x[i];
    for (size_t k = 0; k < SUM_LANES; k++) sum += part[k];
    return sum;
}

/* Of the products of neighbours. */
static inline double dot_dense(const float *x, const float *y, size_t n) {
    double part[SUM_LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + SUM_LANES <= n; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++) part[k] += (double)x[i + k] * (double)y[i + k];
    for (; i < n; i++) sum += (double)x[i] * (double)y[i];
    for (size_t k = 0; k < SUM_LANES; k++) sum += part[k];
    return sum;
}

#endif
