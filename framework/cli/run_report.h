/* run_report.h: what follows a run: reports, the table, the exit status. */
#ifndef ASSAY_CLI_RUN_REPORT_H
#define ASSAY_CLI_RUN_REPORT_H

#include "cli/cli.h"

struct run_outcome;

/* All reports into the folder, and the verdicts or the plan on the terminal; the exit status. The run holds its store
 * open meanwhile: what is reported is what it stored, whatever lies in the folder by now. */
int cli_run_report(const struct run_outcome *, const struct cli_context *, const char *folder, bool figures,
                   struct error *);

/* run_options.taken, with the table of reports: figures of methods that are gone would stand beside the new ones. */
void cli_run_remove_reports(void *table, const char *folder);

#endif
