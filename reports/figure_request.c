/* The default request, and the palettes. */
#include "reports/figure_request.h"

const struct figure_palette figure_palettes[] = {
    {"RdBu",
     "defined (-1 '#2166ac', -.6 '#67a9cf', -.25 '#d1e5f0', 0 '#f7f7f7', .25 '#fddbc7', .6 '#ef8a62', 1 '#b2182b')",
     "defined (0 '#f7f7f7', .25 '#fddbc7', .6 '#ef8a62', 1 '#b2182b')", 0x2166ac, 0xb2182b},
    {"PuOr",
     "defined (-1 '#542788', -.6 '#998ec3', -.25 '#d8daeb', 0 '#f7f7f7', .25 '#fee0b6', .6 '#f1a340', 1 '#b35806')",
     "defined (0 '#f7f7f7', .25 '#fee0b6', .6 '#f1a340', 1 '#b35806')", 0x542788, 0xb35806},
    {"BrBG",
     "defined (-1 '#8c510a', -.6 '#d8b365', -.25 '#f6e8c3', 0 '#f5f5f5', .25 '#c7eae5', .6 '#5ab4ac', 1 '#01665e')",
     "defined (0 '#f5f5f5', .25 '#c7eae5', .6 '#5ab4ac', 1 '#01665e')", 0x8c510a, 0x01665e},
    {"PRGn",
     "defined (-1 '#762a83', -.6 '#af8dc3', -.25 '#e7d4e8', 0 '#f7f7f7', .25 '#d9f0d3', .6 '#7fbf7b', 1 '#1b7837')",
     "defined (0 '#f7f7f7', .25 '#d9f0d3', .6 '#7fbf7b', 1 '#1b7837')", 0x762a83, 0x1b7837},
    {.id = NULL},
};

const struct figure_request figure_request_default = {.kinds = FIGURE_EVERY_KIND,
                                                      .stages = FIGURE_STAGES,
                                                      .palette = &figure_palettes[0],
                                                      .formats = FIGURE_PNG | FIGURE_SVG};
