/* Distances of maps, and what stands for several. */
#include "controls/maps.h"

#include "explainers/explainer.h"

#include <math.h>
#include <stdio.h>

#define MOST_DISTANCE 1e6

bool maps_have_classes(unsigned claims, char *why, size_t size) {
    if (!(claims & ASSAY_CLASS_BLIND)) return true;
    snprintf(why, size, "The method claims not to depend on the class.");
    return false;
}

bool maps_constant(const float *a, size_t n) {
    for (size_t k = 1; k < n; k++)
        if (a[k] < a[0] || a[k] > a[0]) return false;
    return true;
}

double maps_norm(const float *a, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += (double)a[k] * (double)a[k];
    return sqrt(sum);
}

double maps_distance(const float *a, const float *b, size_t n) {
    double difference = 0, size = maps_norm(a, n);
    for (size_t k = 0; k < n; k++) difference += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    if (!(difference > 0)) return 0;
    return size > 0 ? fmin(sqrt(difference) / size, MOST_DISTANCE) : MOST_DISTANCE;
}
