/* figure_request.h: what of a run is drawn, and how: the request of `assay figure`. */
#ifndef ASSAY_REPORTS_FIGURE_REQUEST_H
#define ASSAY_REPORTS_FIGURE_REQUEST_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum figure_kind {
    FIGURE_VERDICTS = 1,
    FIGURE_SIMILARITY = 2,
    FIGURE_MAPS = 4,
    FIGURE_ORIGINALS = 8,
    FIGURE_EVERY_KIND = 15
};

/* How maps are drawn; verdicts rest on what they rest on. */
enum figure_view { FIGURE_SIGNED, FIGURE_ABSOLUTE, FIGURE_OVERLAY };

enum figure_format { FIGURE_PNG = 1, FIGURE_SVG = 2, FIGURE_PDF = 4 };

/* Colours of maps, safe with any colour vision: schemes of ColorBrewer (colorbrewer2.org). */
struct figure_palette {
    const char *id;
    const char *diverging, *sequential; /* as gnuplot has them */
    unsigned against, strong;           /* 0xRRGGBB: of the most negative and of the most positive value */
};
extern const struct figure_palette figure_palettes[]; /* ended by an entry without id; the first is the default */

#define FIGURE_STAGES 12u /* of a strip of maps, unless more are asked for */
#define FIGURE_ALL_STAGES SIZE_MAX

struct figure_request {
    unsigned kinds;                                     /* of enum figure_kind */
    const char *const *explainers;                      /* their names */
    const char *const *controls;                        /* likewise */
    const uint32_t *inputs;                             /* their numbers */
    size_t explainer_count, control_count, input_count; /* 0: all */
    size_t stages;                                      /* of a strip of maps, at least 2 */
    double width; /* on paper, in pixels of 1/96 inch; 0: as wide as the content is */
    enum figure_view view;
    const struct figure_palette *palette;
    unsigned formats; /* of enum figure_format */
};

/* What a run draws. */
extern const struct figure_request figure_request_default;

/* The narrowest page that holds what has to stand side by side, in pixels. */
#define FIGURE_WIDTH_LEAST 192.0
#define FIGURE_WIDTH_MOST 4800.0
/* What stands on a page of that width is at most so high: 9 inches. The rest goes on over further pages. */
#define FIGURE_HEIGHT_MOST 864.0

/* Whether the run has what is asked for: an error names an explainer or control that it has not, or an input without
 * maps, and what there is. */
bool figures_check(struct store *, const struct figure_request *, struct error *);
/* Draws into the folder, which is made; *drawn (or NULL): how many. An error where there is nothing of that kind. */
bool figures_draw(struct store *, const char *folder, const struct figure_request *, size_t *drawn, struct error *);

#endif
