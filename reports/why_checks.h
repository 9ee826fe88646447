/* why_checks.h: what verdicts rest on that are no shares: outcomes of checks, readings of studies, similarities of
 * twins. */
#ifndef ASSAY_REPORTS_WHY_CHECKS_H
#define ASSAY_REPORTS_WHY_CHECKS_H

#include "reports/evidence.h"

#include <stdio.h>

bool why_checks(struct store *, const struct verdict_row *, const struct evidence *, FILE *, struct error *);

#endif
