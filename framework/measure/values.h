/* values.h: for measures that look at a view's values and nothing else. */
#ifndef ASSAY_MEASURE_VALUES_H
#define ASSAY_MEASURE_VALUES_H

#include "measure/measure.h"

/* similarity[v] = of(values of a, values of b, how many) for the views that are wanted; NaN where memory runs out. The
 * pixels are those of a, the reference. */
void compare_values(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT], double (*of)(const double *, const double *, size_t));
/* Maps of three elements at least. */
bool values_apply(const struct map_shape *);

#endif
