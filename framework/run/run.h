/* run.h: a battery from file to verdicts. Reports are written afterwards, from the store that the run holds open. */
#ifndef ASSAY_RUN_RUN_H
#define ASSAY_RUN_RUN_H

#include "experiment/options.h"
#include "plan/control.h"
#include "run/plan_cost.h"
#include "store/store.h"

struct run; /* experiment/state.h */

struct run_outcome {
    int exit_code;         /* 0, 1, 3 or 4: DESIGN.md, exit codes */
    bool started;          /* work had begun: a failure is no usage error (exit code 3) */
    bool shared;           /* one share of a run is done: nothing is judged */
    struct store *store;   /* open, for the reports; NULL after a dry run, and of a share */
    struct plan_cost cost; /* of a dry run */
    struct run *run;       /* whose store and names these are: run_finish frees it */
};

/* `controls`: NULL-terminated table. False, with out->started unset: a usage, battery or input error, before anything
 * ran (exit code 2); with it set: the run itself broke off (exit code 3), and --resume goes on with it. A run of which
 * a cell (explainer, control) has no verdict, or whose store was deleted or replaced, broke off. */
bool run_execute(const struct run_options *, const struct control *const *controls, struct run_outcome *,
                 struct error *);

/* Whether the folder holds a run of the very same battery, model, data, methods and seed. Nothing is run. */
bool run_is_same(const struct run_options *, const struct control *const *controls, bool *same, struct error *);
/* What a run does behind its setup, with a store that is open and in order: what it lacks, and verdicts. */
bool run_complete(struct run *, const struct run_options *, int *exit_code, struct error *);

/* Closes the store and takes everything down, plugins too: after the reports. Also after a failure. */
void run_finish(struct run_outcome *);

#endif
