/* options.h: what the command line says of a run; the rest is in the battery. */
#ifndef ASSAY_EXPERIMENT_OPTIONS_H
#define ASSAY_EXPERIMENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARES_MAX 10000u

/* One of several runs that share the jobs of a battery: number `part`, from 1; parts 0: all of it. */
struct share {
    uint32_t part, parts;
};

struct transport; /* workers/transport.h */

struct run_options {
    const char *battery;         /* path of the YAML file; "-": standard input */
    const char *baseline;        /* a file of further expectations, or NULL */
    const char *const *settings; /* KEY.KEY=VALUE, in place of values of the file */
    size_t setting_count;
    const char *folder; /* the run folder: assay.db and the reports */
    unsigned jobs;      /* worker processes */
    size_t memory;      /* bytes of all processes together, at most; 0: no budget */
    bool has_seed;
    uint64_t seed;                             /* in place of the battery's */
    const char *only;                          /* an explainer row, a control, or both as ROW/CONTROL; or NULL */
    const char *const *rows, *const *controls; /* only these, ended by NULL: --last-failed; or NULL */
    bool quick;                                /* leave out the controls that take longest, and say which */
    bool no_canaries;                          /* canary.h */
    bool resume;                               /* keep what an interrupted run of the same battery finished */
    bool force;                                /* into a folder of another battery's run, or of other files */
    bool fail_fast;     /* end behind the first row with a FAIL or an ERROR that was not expected */
    double max_minutes; /* ask for no more draws where that would take longer; 0: as long as it takes */
    struct share share;
    bool dry_run;                      /* print the plan and its cost on stdout, and run nothing */
    const struct transport *transport; /* to other processes that take jobs, or NULL: there are none */
    bool quiet;                        /* no progress on stderr */
    /* Told once, when the run is not refused any more: the folder is its own, and reports of an earlier one go. Or
     * NULL.
     */
    void (*taken)(void *user, const char *folder);
    void *user;
};

#endif
