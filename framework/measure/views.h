/* views.h (private to measure/): finds out what the views of a map hold. */
#ifndef ASSAY_MEASURE_VIEWS_H
#define ASSAY_MEASURE_VIEWS_H

#include "measure/measure.h"

#define VIEW_LEAST_PIXELS 3 /* fewer pixels have no similarity */

/* Of values[n], or of their magnitudes, where mask (may be NULL) is set. */
struct range range_of(const float *values, size_t n, const uint8_t *mask, bool magnitude);
/* Whether a map with these values has a similarity to anything. */
bool range_informative(const struct range *);

/* A mask that is set everywhere counts as none. */
struct map_views map_views_of(const float *data, const uint8_t *nonzero, const struct map_shape *);

#endif
