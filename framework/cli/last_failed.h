/* last_failed.h: what of the run before is to be run again. */
#ifndef ASSAY_CLI_LAST_FAILED_H
#define ASSAY_CLI_LAST_FAILED_H

#include "cli/cli.h"
#include "reports/surprise.h"
#include "run/asked.h"
#include "run/run.h"

struct last_failed {
    struct verdict_table table;    /* of the run before */
    const char **rows, **controls; /* of the battery, ended by NULL; borrowed from `table` */
    size_t row_count, control_count;
    char **origins; /* names of rows that others were added to */
    char *part;     /* what of the battery the run before was, or NULL: all of it */
    int exit_code;  /* its own */
};

/* Reads the run folder. Rows and controls that have a verdict which was not as expected; of a row that was undecided as
 * a whole every control. */
bool last_failed_load(const char *folder, struct last_failed *, struct error *);
/* What a run of what failed, which did not come to its end, was to run: rows and controls of *out. The caller finishes
 * it. False: the folder holds no such run. */
bool last_failed_resume(const char *folder, struct asked *out, struct error *);
/* Nothing is to be run again: the exit status, and why in *e where it is no success. A success it is only where the run
 * before was one, of the whole battery, and the same one as this would be. */
int last_failed_nothing(const struct last_failed *, const struct cli_context *, const struct run_options *,
                        struct error *e);
void last_failed_finish(struct last_failed *);

#endif
