/* arrays.h: arrays of floats for tests of kernels and operators; the caller frees. */
#ifndef ASSAY_TESTS_ARRAYS_H
#define ASSAY_TESTS_ARRAYS_H

#include "base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static inline float *arrays_normal(size_t n, uint64_t seed) {
    float *data = malloc((n + 1) * sizeof *data);
    cr_assert_not_null(data);
    rng_fill_normal(seed, 0, n, data);
    return data;
}

/* NaN everywhere: whatever is read before it is written is seen in the result. */
static inline float *arrays_nowhere(size_t n) {
    float *data = malloc((n + 1) * sizeof *data);
    cr_assert_not_null(data);
    return memset(data, 0xff, (n + 1) * sizeof *data);
}

#endif
