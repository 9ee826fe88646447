/* figure_dots.h (private to reports/): similarity under a control with one or two stages, a row per explainer. */
#ifndef ASSAY_REPORTS_FIGURE_DOTS_H
#define ASSAY_REPORTS_FIGURE_DOTS_H

#include "reports/curve_set.h"
#include "reports/figure.h"

bool figure_dots(struct figures *, const struct curve_set *, const char *control, const struct measure *,
                 struct error *);

#endif
