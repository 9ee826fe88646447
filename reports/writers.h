/* writers.h (private to reports/): the entries of the table. */
#ifndef ASSAY_REPORTS_WRITERS_H
#define ASSAY_REPORTS_WRITERS_H

#include "reports/report.h"

bool report_text_file(struct store *, const char *folder, struct error *);
bool report_csv(struct store *, const char *folder, struct error *);
bool report_html(struct store *, const char *folder, struct error *);
bool report_json(struct store *, const char *folder, struct error *);
bool report_junit(struct store *, const char *folder, struct error *);
bool report_markdown(struct store *, const char *folder, struct error *);
bool report_sarif(struct store *, const char *folder, struct error *);
bool report_latex(struct store *, const char *folder, struct error *);
bool report_figures(struct store *, const char *folder, struct error *);

#endif
