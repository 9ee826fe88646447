/* reduce.h: maps as a row of the battery delivers them: all channels, or one that stands for them. */
#ifndef ASSAY_EXPERIMENT_REDUCE_H
#define ASSAY_EXPERIMENT_REDUCE_H

#include "base/shape.h"
#include "battery/battery.h"
#include "measure/similarity.h"

/* Shape of a map of such samples under a reduction, as the measures see it. */
struct map_shape run_map_shape(const struct shape *sample, enum reduction);
/* out: [count of map_shape] from map[sample elements]. */
void run_reduce(const struct shape *sample, enum reduction, const float *map, float *out);
/* Where the (reduced) input is not at the zero baseline. */
void run_nonzero(const struct shape *sample, enum reduction, const float *x, uint8_t *out);

#endif
