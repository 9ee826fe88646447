/* map_tile.h (private to reports/): one picture of a figure, and the colour bars that explain it. */
#ifndef ASSAY_REPORTS_MAP_TILE_H
#define ASSAY_REPORTS_MAP_TILE_H

#include "reports/figure.h"
#include "reports/map_set.h"

/* Before the first tile. */
void map_tile_begin(struct figure *);

/* Of an input: grey or its colours. Of a map: blue - white - red, or white - red where `diverging` is false, each on
 * its own scale, so that a weak map is seen as well as a strong one. */
void map_tile(struct figure *, const struct picture *, bool diverging, double x, double y, double width, double height);
double map_tile_height(const struct picture *, double width);
/* The palette and range of colours of a picture. */
void map_palette(struct text *, const struct picture *, bool diverging);

/* What the tiles of a figure need explained. */
struct map_scales {
    bool diverging, sequential;
    bool slices; /* of volumes */
};

/* At (x, y): a bar for each scale, between two words; the labels before figure_draw_labels(), the bars after it. */
void map_bar_labels(struct figure *, const struct map_scales *, double x, double y);
void map_bars(struct figure *, const struct map_scales *, double x, double y);
double map_bar_right(const struct map_scales *, double x); /* where their labels end */
const char *map_bar_text(const struct map_scales *);

#endif
