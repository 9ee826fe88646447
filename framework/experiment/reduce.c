/* reduce.c: channels of a map into one. */
#include "experiment/reduce.h"

#include <float.h>
#include <math.h>

struct map_shape run_map_shape(const struct shape *sample, enum reduction reduction) {
    if (sample->rank != 3) return (struct map_shape){1, 1, (uint32_t)shape_count(sample)};
    struct map_shape s = {(uint32_t)sample->dim[0], (uint32_t)sample->dim[1], (uint32_t)sample->dim[2]};
    if (reduction != REDUCE_NONE) s.channels = 1;
    return s;
}

/* Features have no channels to reduce over; their absolute value is what the reductions by absolute value leave. */
static size_t channels_of(const struct shape *sample) {
    return sample->rank == 3 ? sample->dim[0] : 1;
}

void run_reduce(const struct shape *sample, enum reduction reduction, const float *map, float *out) {
    size_t channels = channels_of(sample), pixels = shape_count(sample) / channels;
    if (reduction == REDUCE_NONE) {
        for (size_t i = 0; i < channels * pixels; i++) out[i] = map[i];
        return;
    }
    for (size_t p = 0; p < pixels; p++) {
        double sum = 0, absolute = 0, largest = 0;
        for (size_t c = 0; c < channels; c++) {
            double v = map[c * pixels + p], a = fabs(v);
            sum += v;
            absolute += a;
            if (a > largest) largest = a;
        }
        double value = reduction == REDUCE_SUM        ? sum
                       : reduction == REDUCE_MEAN_ABS ? absolute / (double)channels
                                                      : largest;
        out[p] = (float)fmax(-FLT_MAX, fmin(FLT_MAX, value)); /* a sum of finite values stays finite */
    }
}

void run_nonzero(const struct shape *sample, enum reduction reduction, const float *x, uint8_t *out) {
    size_t channels = channels_of(sample), pixels = shape_count(sample) / channels;
    if (reduction == REDUCE_NONE) {
        for (size_t i = 0; i < channels * pixels; i++) out[i] = x[i] != 0;
        return;
    }
    for (size_t p = 0; p < pixels; p++) {
        out[p] = 0;
        for (size_t c = 0; c < channels; c++)
            if (x[c * pixels + p] != 0) out[p] = 1;
    }
}
