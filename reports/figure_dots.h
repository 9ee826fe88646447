/* figure_dots.h (private to reports/): similarity under a control with one or two stages, a row per explainer. */
#ifndef ASSAY_REPORTS_FIGURE_DOTS_H
#define ASSAY_REPORTS_FIGURE_DOTS_H

#include "reports/curve_set.h"
#include "reports/figure.h"

bool figure_dots(struct figures *, const struct curve_set *, const char *control, const struct measure *,
                 struct error *);

/* "cascading: SSIM with the original map (30 inputs, 5 to 20 draws) (page 2 of 3)" */
void curves_add_heading(struct figure *, const char *control, const struct measure *, const struct curve_marks *,
                        const struct figure_page *);
/* The key, drawn alone in the current place (figure_curves.c). */
void curves_add_legend(struct figure *, const bool views[CURVE_VIEWS], bool lines, const struct curve_marks *);

#endif
