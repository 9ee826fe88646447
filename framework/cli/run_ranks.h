/* run_ranks.h: a run alone, or as one of the processes that mpirun started. */
#ifndef ASSAY_CLI_RUN_RANKS_H
#define ASSAY_CLI_RUN_RANKS_H

#include "cli/cli.h"
#include "experiment/options.h"

/* Runs the battery and reports; the exit status. */
typedef int (*run_whole)(const void *user, const struct run_options *, struct error *);

/* `whole` runs in the only process, or in the parent of the others, which take its jobs. `last_failed`: --last-failed
 * was given, which is for one process. */
int cli_run_ranks(const struct cli_context *, struct run_options *, bool last_failed, run_whole, const void *user,
                  struct error *);

#endif
