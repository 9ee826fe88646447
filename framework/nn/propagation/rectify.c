/* rectify.c: a rectifier lets through what activation times signal puts above the a-th percentile of its layer. */
#include "nn/propagation/rules.h"

#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Between neighbours linearly, as numpy and torch have it; sorts values[n]. */
static float percentile(float *values, size_t n, float percent) {
    qsort(values, n, sizeof *values, by_size);
    double at = (double)percent / 100 * (double)(n - 1);
    size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return values[below] + (float)(at - (double)below) * (values[above] - values[below]);
}

static void rectify_pass(const struct propagation_call *call, uint32_t input, const float *relevance, float *out) {
    (void)input;
    const struct op_call *here = call->here;
    size_t samples = here->single ? 1 : here->batch, n = shape_count(&here->out.shape) / samples;
    float *weighed = call->room[0], *sorted = call->room[1];
    for (size_t s = 0; s < samples; s++) {
        const float *a = here->out.data + s * n, *r = relevance + s * n;
        for (size_t i = 0; i < n; i++) weighed[i] = a[i] * r[i];
        memcpy(sorted, weighed, n * sizeof *sorted);
        float least = percentile(sorted, n, call->a);
        for (size_t i = 0; i < n; i++) out[s * n + i] = weighed[i] > least ? r[i] : 0;
    }
}

const struct propagation_rule propagation_rectify = {
    .name = "rectify",
    .summary = "where output times signal is above the a-th percentile of the layer",
    .source = "Kim et al. 2019, section 3.2, arXiv:1902.04893",
    .roles = 1u << ROLE_RECTIFIER,
    .pass = rectify_pass,
};
