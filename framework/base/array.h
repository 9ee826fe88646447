/* array.h: arrays that grow one element at a time, the middle of one, and whether one is of numbers. */
#ifndef ASSAY_BASE_ARRAY_H
#define ASSAY_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Room for element number `count` of `size` bytes: the array itself or a larger copy of it; NULL when out of memory
 * (the array is still there then). Capacity doubles whenever count is a power of two, so nothing else need be
 * remembered. */
void *array_grow(void *array, size_t count, size_t size);

/* Sorts the values, none of which is NaN. Of an even number the mean of the two in the middle; NaN of none. */
double array_median(double *values, size_t n);

/* None of them is NaN or infinite. */
bool floats_are_finite(const float *values, size_t n);

#endif
