/* print_plan.h: what `assay run --dry-run` prints. */
#ifndef ASSAY_CLI_PRINT_PLAN_H
#define ASSAY_CLI_PRINT_PLAN_H

#include "run/plan_cost.h"

#include <stdio.h>

void print_plan(const struct plan_cost *, FILE *);

#endif
