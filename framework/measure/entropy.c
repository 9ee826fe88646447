/* entropy.c: entropy of a histogram. */
#include "measure/entropy.h"

#include <math.h>

double entropy_of_histogram(const float *values, size_t n) {
    size_t count[ENTROPY_BINS] = {0};
    double low = INFINITY, high = -INFINITY, sum = 0;
    for (size_t k = 0; k < n; k++) {
        if (!isfinite(values[k])) return (double)NAN;
        low = fmin(low, (double)values[k]);
        high = fmax(high, (double)values[k]);
    }
    if (!(high > low)) return 0;
    for (size_t k = 0; k < n; k++) {
        double at = ((double)values[k] - low) / (high - low) * ENTROPY_BINS;
        count[at < ENTROPY_BINS ? (size_t)at : ENTROPY_BINS - 1]++; /* the largest value is in the last bin */
    }
    for (size_t b = 0; b < ENTROPY_BINS; b++)
        if (count[b]) sum -= (double)count[b] / (double)n * log((double)count[b] / (double)n);
    return sum;
}
