/* array.c: capacity by powers of two; medians by sorting. */
#include "base/array.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

void *array_grow(void *array, size_t count, size_t size) {
    if (array && (count == 0 || (count & (count - 1)) != 0)) return array;
    size_t capacity = count ? 2 * count : 1;
    return capacity > SIZE_MAX / size ? NULL : realloc(array, capacity * size);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double array_median(double *values, size_t n) {
    if (!n) return (double)NAN;
    qsort(values, n, sizeof *values, compare);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

bool floats_are_finite(const float *values, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (!isfinite(values[k])) return false;
    return true;
}
