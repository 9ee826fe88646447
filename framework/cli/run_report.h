/* run_report.h: what a run leaves in its folder and says on standard output. */
#ifndef ASSAY_CLI_RUN_REPORT_H
#define ASSAY_CLI_RUN_REPORT_H

#include "cli/cli.h"
#include "reports/console.h"
#include "run/run.h"

struct run_telling {
    const struct console_format *format; /* of standard output */
    const char *folder;
    bool figures, colour;
};

/* All reports into the folder, and the verdicts on standard output; of a dry run the plan. Returns the exit status. */
int cli_run_report(const struct run_outcome *, const struct cli_context *, const struct run_telling *, struct error *);
/* Where verdicts were to be read by a program, and there are none. */
void cli_run_say_broken(const struct run_telling *, const char *message, int status);

/* Those of an earlier run: figures of methods that are gone would stand beside the new ones. `table`: the reports. */
void cli_run_remove_reports(void *table, const char *folder);

#endif
