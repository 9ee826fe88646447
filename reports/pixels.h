/* pixels.h (private to reports/): what an input looked like before it was preprocessed, from what the run recorded. */
#ifndef ASSAY_REPORTS_PIXELS_H
#define ASSAY_REPORTS_PIXELS_H

#include "store/store.h"

#include <stdint.h>

/* A stored value v of channel c was the byte (v * std[c] + mean[c]) / scale. */
struct pixels {
    bool known;
    double scale, mean[3], std[3];
    bool reversed; /* blue, green, red */
};

bool pixels_load(struct store *, struct pixels *, struct error *);

/* out[positions][3]: red, green, blue of an input of three channels; the whole range from its smallest to its
 * largest value where nothing is known. */
void pixels_rgb(const struct pixels *, const struct input_row *, uint8_t *out);

#endif
