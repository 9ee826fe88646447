/* same_run.h: whether two records (record.h) are of one run, whose explainers may be other files: of another processor
 * or compiler. */
#ifndef ASSAY_EXPERIMENT_SAME_RUN_H
#define ASSAY_EXPERIMENT_SAME_RUN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct same_run {
    bool same;                   /* all that decides the numbers but the files of explainers */
    uint32_t explainers, others; /* that have a file, and those whose file has other bytes */
};

/* A `stored` that is NULL or no record is of another run. False: no memory. */
bool same_run(const char *stored, const char *here, struct same_run *, struct error *);

/* Whether it is the run as it was recorded, but for explainers that could not be described then and can be now: of the
 * same file. Such a row has no results yet. False: no memory. */
bool same_run_described(const char *stored, const char *here, bool *same, struct error *);

#endif
