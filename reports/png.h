/* png.h (private to reports/): small pictures as text that a page holds. */
#ifndef ASSAY_REPORTS_PNG_H
#define ASSAY_REPORTS_PNG_H

#include "base/text.h"

#include <stdint.h>

#define PNG_COLOURS 256u

/* Adds "data:image/png;base64,...". `pixels`: [height][width] places in a palette of red, green, blue and opacity. */
void png_add_indexed(struct text *, uint32_t width, uint32_t height, const uint8_t *pixels,
                     const uint8_t palette[PNG_COLOURS][4]);
/* The same of [height][width][3] red, green, blue. */
void png_add_rgb(struct text *, uint32_t width, uint32_t height, const uint8_t *pixels);

#endif
