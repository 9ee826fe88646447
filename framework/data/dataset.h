/* dataset.h: labelled samples from a named source, preprocessed on the way out. */
#ifndef ASSAY_DATA_DATASET_H
#define ASSAY_DATA_DATASET_H

#include "base/error.h"
#include "base/shape.h"

/* Sources, as written in a battery or on the command line (README: data sources):
 *   idx:IMAGES,LABELS            IDX files, plain or gzipped
 *   csv:FILE[,label=COLUMN]      numeric columns and one label column (default: the one named label, target or
 *                                class, else the last); text labels become classes in sorted order
 * Preprocessing presets: none (values as they are), raw255 (the same, said aloud), unit (value / 255). */

struct dataset {
    uint32_t count;
    struct shape sample; /* C x H x W, or F */
    uint32_t classes;    /* largest label + 1 */
    uint8_t *bytes;      /* [count][sample] as stored, or NULL */
    float *values;       /* [count][sample] where the source is not bytes, or NULL */
    uint32_t *labels;    /* [count] */
    char **class_names;  /* [classes], or NULL when labels are numbers */
    double scale;        /* of the preset */
};

bool dataset_load(const char *source, const char *preset, struct dataset **out, struct error *);
void dataset_destroy(struct dataset *);

/* out[sample]: sample `index` (< count), preprocessed. */
void dataset_sample(const struct dataset *, uint32_t index, float *out);

/* The table of source kinds and presets, for `assay list` and suggestions: NULL-terminated names. */
const char *const *dataset_presets(void);

#endif
