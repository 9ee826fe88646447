/* maps.h: what studies measure on maps. */
#ifndef ASSAY_CONTROLS_MAPS_H
#define ASSAY_CONTROLS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For controls that ask for a class: not of methods that claim CLASS_BLIND (struct control, applies). */
bool maps_have_classes(unsigned claims, char *why, size_t size);

/* |a - b| / |a|, Euclidean; 0 where they are the same. At most 1e6, also against a map of zeros. */
double maps_distance(const float *a, const float *b, size_t n);
/* The root of the sum of squares. */
double maps_norm(const float *a, size_t n);
/* The same number everywhere. */
bool maps_constant(const float *a, size_t n);

#endif
