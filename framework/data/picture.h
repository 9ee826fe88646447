/* picture.h: inputs and attribution maps as PNG files. */
#ifndef ASSAY_DATA_PICTURE_H
#define ASSAY_DATA_PICTURE_H

#include "base/error.h"
#include "base/shape.h"

enum picture_style {
    /* Three channels are red, green and blue, others one grey; black is min(0, smallest value), white the largest. */
    PICTURE_INPUT,
    /* PICTURE_SIGNED when a value is below zero, else PICTURE_POSITIVE. */
    PICTURE_MAP,
    /* Channels summed; blue - white - red, white at zero, full colour at the 99th percentile of |value|. */
    PICTURE_SIGNED,
    /* Channels summed; white - red of the same scale; values below zero are white. */
    PICTURE_POSITIVE
};

/* The longer side has at least this many pixels: smaller pictures are enlarged by a whole factor (nearest). */
#define PICTURE_SIZE 300

/* `shape` is C x H x W, H x W, or F (drawn as one row). An element that is not finite is an error that names it. */
bool picture_write_png(const char *path, const struct shape *, const float *data, enum picture_style, struct error *);

/* A map over its input, as a picture to look at: the input in pale grey, the map in red and blue, the more opaque the
 * stronger; beside it a colour bar with the numbers that its ends stand for: the 99th percentile of |value|, channels
 * summed. Values are not smoothed. Of inputs that are no pictures the map alone, on white. */
bool picture_write_map(const char *path, const struct shape *, const float *input, const float *map, struct error *);

#endif
