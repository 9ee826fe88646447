/* map_set.h (private to reports/): the kept maps and the inputs as pictures, written one after the other into one file,
 * with an index in memory: float32, channels summed; inputs of three channels as bytes of red, green and blue. */
#ifndef ASSAY_REPORTS_MAP_SET_H
#define ASSAY_REPORTS_MAP_SET_H

#include "store/store.h"

#include <stdio.h>

#define MAP_RAMP 101u /* the file begins with two rows of a ramp from -1 to 1, for the colour bar */

struct picture {
    char *explainer, *variant; /* NULL: an input */
    char *class;               /* of an input: the class explained, "golf ball", "class 7" or "output 0" */
    bool colour;
    float *values;   /* [width] of inputs and maps that are no pictures; NULL: a picture */
    char *letters;   /* of a one-hot input of four channels: ACGT, '.' where there is none; NULL: none */
    int64_t *tokens; /* [width] of an input of tokens: their numbers; NULL: none */
    uint32_t input, width, height;
    size_t offset; /* bytes from the start of the file */
    double limit;  /* 99th percentile of the absolute values; 0: constant zero */
    double low, high;
    double similarity; /* to the original map, by the first measure: all pixels, signed where there are signs; NaN: none
                        */
    bool negative, constant, finite;
};

struct map_set {
    struct picture *pictures;
    size_t count;
    bool absolute;  /* maps are magnitudes */
    bool summed;    /* some map has several channels, of which the sum is drawn */
    bool slices;    /* of volumes, the middle one along the depth */
    char **columns; /* names of features, where the data has them */
    size_t column_count;
};

/* Writes the pictures to an open file or stream, whose start the offsets are counted from; `absolute`: magnitudes of
 * maps, and how similar those are. */
bool map_set_load(struct store *, FILE *, bool absolute, struct map_set *, struct error *);
/* Writes folder/maps.f32 and folder/maps.tsv (the index); of magnitudes maps-absolute.f32 and maps-absolute.tsv. */
bool map_set_write(struct store *, const char *folder, bool absolute, struct map_set *, struct error *);
const char *map_set_file(const struct map_set *);
void map_set_finish(struct map_set *);

/* Whether the values are features with names, and no pixels that a table holds. */
bool map_set_is_table(const struct map_set *);
const struct picture *map_set_input(const struct map_set *, uint32_t input);
const struct picture *map_set_find(const struct map_set *, const char *explainer, const char *variant, uint32_t input);

#endif
