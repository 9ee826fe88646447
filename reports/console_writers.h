/* console_writers.h (private to reports/): the entries of the table of console.h, and the lines of the battery that
 * they name. */
#ifndef ASSAY_REPORTS_CONSOLE_WRITERS_H
#define ASSAY_REPORTS_CONSOLE_WRITERS_H

#include "reports/report.h"

bool console_json(struct store *, FILE *, const struct report_style *, struct error *);
void console_json_broken(FILE *, const char *message, int exit_code);
bool console_github(struct store *, FILE *, const struct report_style *, struct error *);
void console_github_broken(FILE *, const char *message, int exit_code);
bool console_tap(struct store *, FILE *, const struct report_style *, struct error *);
void console_tap_broken(FILE *, const char *message, int exit_code);

#endif
