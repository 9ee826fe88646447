/* map_tile.h (private to reports/): one picture of a figure, and the colour bars that explain it. */
#ifndef ASSAY_REPORTS_MAP_TILE_H
#define ASSAY_REPORTS_MAP_TILE_H

#include "reports/figure.h"
#include "reports/map_set.h"

/* Before the first tile. */
void map_tile_begin(struct figure *, const struct map_set *);

struct map_place {
    double x, y, width, height;
};
/* Of an input: grey or its colours. Of a map: from against over white to for, or from white to strong where `diverging`
 * is false, each on its own scale, so that a weak map is seen as well as a strong one. `under`: the input, which is
 * drawn in grey below the map; NULL: white. */
void map_tile(struct figure *, const struct picture *, const struct picture *under, bool diverging,
              const struct map_place *);
double map_tile_height(const struct picture *, double width);
/* The input to draw below maps where the request wants that, and it is a picture; else NULL. */
const struct picture *map_tile_under(const struct figures *, const struct picture *input);
/* The palette and range of colours of a picture. */
void map_palette(struct text *, const struct picture *, bool diverging);

/* What the tiles of a figure need explained. */
struct map_scales {
    bool diverging, sequential;
    bool slices;   /* of volumes */
    bool over;     /* the input */
    bool summed;   /* channels */
    bool features; /* of tables: there are no pixels and no channels */
    double room;   /* that the bars have; where it does not hold both, one is below the other, and they are shorter */
};

/* From x on, the upper one's middle at y: a bar for each scale, between two words; the labels before
 * figure_draw_labels(), the bars after it. */
void map_bar_labels(struct figure *, const struct map_scales *, double x, double y);
void map_bars(struct figure *, const struct map_scales *, double x, double y);
double map_bar_height(const struct map_scales *); /* from y to the middle of a line below them */
#define MAP_BARS_SIDE_BY_SIDE 340.0               /* their width */
#define MAP_BARS_NARROW 178.0                     /* one below the other */
/* What the colours mean, and from where the input comes. */
const char *map_bar_text(const struct map_scales *);
/* What is said behind the heading of maps that are not as they are judged; "": nothing. */
const char *map_view_text(const struct figures *);
const char *map_view_suffix(const struct figures *); /* and behind their names */

#endif
