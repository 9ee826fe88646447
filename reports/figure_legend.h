/* figure_legend.h (private to reports/): the key of curves and dots, in rows that fit the page, and their heading. */
#ifndef ASSAY_REPORTS_FIGURE_LEGEND_H
#define ASSAY_REPORTS_FIGURE_LEGEND_H

#include "reports/curve_set.h"
#include "reports/figure.h"

struct legend {
    const char *control;
    const struct measure *measure;
    const struct figure_page *page;
    bool views[CURVE_VIEWS];
    bool lines; /* samples of lines, not of points */
    struct curve_marks marks;
};

/* How much of the page they take, from its top on. */
double legend_height(const struct figures *, const struct legend *, double width);
/* "cascading: SSIM with the original map (30 inputs, 5 to 20 draws) (page 2 of 3)", and the key below it. */
void legend_add(struct figure *, const struct legend *);

#endif
