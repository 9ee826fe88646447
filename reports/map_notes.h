/* map_notes.h (private to reports/): what stands beside the input of a strip of maps: the bars of colours, what they
 * mean, and how many of the stages are shown. */
#ifndef ASSAY_REPORTS_MAP_NOTES_H
#define ASSAY_REPORTS_MAP_NOTES_H

#include "reports/map_tile.h"

struct map_notes {
    char *line[3]; /* NULL: none */
    double width;  /* that they have */
};

/* `shown` of `stages`; `absolute`: maps are magnitudes. Drop them in any case. */
bool map_notes_write(struct map_notes *, const struct map_scales *, size_t shown, size_t stages, bool absolute,
                     struct error *);
void map_notes_drop(struct map_notes *);

double map_notes_height(const struct map_notes *, const struct map_scales *);
/* From x on, the first bar's middle at y; the bars themselves are map_bars(). */
void map_notes_add(struct figure *, const struct map_notes *, const struct map_scales *, double x, double y);

#endif
