/* picture_parts.h (private to data/): what pictures of maps are made of. */
#ifndef ASSAY_DATA_PICTURE_PARTS_H
#define ASSAY_DATA_PICTURE_PARTS_H

#include "base/error.h"
#include "base/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pixels {
    size_t width, height;
    uint8_t *rgb; /* [height][width][3] */
};

/* Sizes of C x H x W, H x W or F; an error where it is none, or too large. */
bool picture_shape(const struct shape *, size_t *channels, struct pixels *, struct error *);
/* An error where one of them is not finite; *negative: one is below zero. */
bool picture_values(const float *, size_t n, bool *negative, struct error *);

/* The 99th percentile of |value|, interpolated linearly; the maximum where that is zero (a map of a few points). False:
 * out of memory. */
bool picture_scale(const double *values, size_t n, double *scale);
/* Channels summed, pixel by pixel; the caller frees. NULL: out of memory. */
double *picture_sum(const float *data, size_t channels, size_t plane);

/* The whole factor that brings the longer side to PICTURE_SIZE or just above. */
size_t picture_enlargement(const struct pixels *);
/* Writes the file, each pixel `factor` times in both directions. */
bool picture_encode(const struct pixels *, size_t factor, const char *path, struct error *);

#endif
