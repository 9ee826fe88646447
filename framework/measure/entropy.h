/* entropy.h: how complex a map is. */
#ifndef ASSAY_MEASURE_ENTROPY_H
#define ASSAY_MEASURE_ENTROPY_H

#include <stddef.h>

#define ENTROPY_BINS 100u

/* Entropy in nats of the histogram of the values, in ENTROPY_BINS bins of equal width from the smallest to the largest
 * (Hedstroem et al. 2024, arXiv:2401.06465, section 4.2). 0 of a constant map; NaN where a value is not finite. */
double entropy_of_histogram(const float *values, size_t n);

#endif
