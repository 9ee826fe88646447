/* picture.h: inputs and attribution maps as PNG files. */
#ifndef ASSAY_DATA_PICTURE_H
#define ASSAY_DATA_PICTURE_H

#include "base/error.h"
#include "base/shape.h"

enum picture_style {
    PICTURE_INPUT,   /* three channels are red, green, blue; others are averaged to grey; from min(0, smallest) to largest */
    PICTURE_MAP,     /* PICTURE_SIGNED when a value is below zero, else PICTURE_POSITIVE */
    PICTURE_SIGNED,  /* channels summed; blue - white - red, white at zero, full colour at the 99th percentile of |value| */
    PICTURE_POSITIVE /* channels summed; white - red of the same scale; values below zero are white */
};

/* The longer side has at least this many pixels: small pictures are enlarged by a whole factor, without interpolation. */
#define PICTURE_SIZE 224

/* `shape` is C x H x W, H x W, or F (drawn as one row). An element that is not finite is an error that names it. */
bool picture_write_png(const char *path, const struct shape *, const float *data, enum picture_style, struct error *);

#endif
