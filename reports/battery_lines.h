/* battery_lines.h (private to reports/): where in the battery a row and what is expected of it stand. */
#ifndef ASSAY_REPORTS_BATTERY_LINES_H
#define ASSAY_REPORTS_BATTERY_LINES_H

#include "store/store.h"

#include <jansson.h>

struct battery_lines {
    json_t *places;   /* as run/ stored them (experiment/locations.h); NULL: not known */
    const char *file; /* of `places`; NULL: the store does not say, or it came from standard input */
};

bool battery_lines_load(struct store *, struct battery_lines *, struct error *);
void battery_lines_finish(struct battery_lines *);
/* The line of the expectation where one names the cell (or the row) and the verdict is a PASS, else that of the row; 0:
 * not known. */
unsigned battery_lines_find(const struct battery_lines *, const struct verdict_row *);

#endif
