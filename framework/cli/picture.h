/* picture.h: a map as a PNG picture for a first look; figures for a paper come from reports/. */
#ifndef ASSAY_CLI_PICTURE_H
#define ASSAY_CLI_PICTURE_H

#include "base/error.h"
#include "base/shape.h"

/* Channels are summed. Red is positive, blue negative, white zero; the strongest colour is the largest absolute value.
 * Small maps are magnified by a whole factor; features become one row. `map` is finite. */
bool picture_write(const char *path, const struct shape *, const float *map, struct error *);

#endif
