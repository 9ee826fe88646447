/* reduce.c: channels of a map into one. */
#include "experiment/reduce.h"

#include "base/layout.h"

#include <float.h>
#include <math.h>

struct map_shape run_map_shape(const struct shape *sample, enum reduction reduction) {
    struct layout l = layout_of(sample);
    size_t channels = reduction == REDUCE_NONE ? l.channels : 1;
    return (struct map_shape){(uint32_t)channels, (uint32_t)l.height, (uint32_t)l.width};
}

/* Features have no channels to reduce over; their absolute value is what the reductions by absolute value leave. */
void run_reduce(const struct shape *sample, enum reduction reduction, const float *map, float *out) {
    const struct layout l = layout_of(sample);
    const size_t channels = l.channels, pixels = l.positions;
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
    const struct layout l = layout_of(sample);
    const size_t channels = l.channels, pixels = l.positions;
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
