/* run.h: a battery from file to verdicts. Reports are written afterwards, from the store. */
#ifndef ASSAY_RUN_RUN_H
#define ASSAY_RUN_RUN_H

#include "experiment/options.h"
#include "plan/control.h"

struct run_outcome {
    int exit_code; /* 0, 1, 3 or 4: DESIGN.md, exit codes */
    bool started;  /* work had begun: a failure is no usage error (exit code 3) */
    char *store;   /* path of the store; the caller's to free; NULL after a dry run */
};

/* `controls`: NULL-terminated table. False, with out->started unset: a usage, battery or input error, before anything
 * ran (exit code 2); with it set: the run itself broke off (exit code 3), and --resume goes on with it. */
bool run_execute(const struct run_options *, const struct control *const *controls, struct run_outcome *,
                 struct error *);

#endif
