/* status.h: what other terminals are told of a run at work: a small file beside its store, which nobody but the run may
 * open meanwhile. It is written anew every two seconds and is gone when the run came to its end; one that is left says
 * where a run broke off. Whatever fails here costs the run nothing. */
#ifndef ASSAY_RUN_STATUS_H
#define ASSAY_RUN_STATUS_H

#include "experiment/options.h"
#include "run/need.h"
#include "workers/progress.h"

#define STATUS_FILE "status.json"

/* In the folder, before its store is opened. */
void status_begin(struct run *, const char *folder);
/* How many units the waves so far ask of each row. */
void status_plan(struct run *, const struct draw_counts *);
/* At most every two seconds, unless `now`. progress: NULL: none of a wave's. */
void status_tell(struct run *, const struct progress *, const char *doing, bool now);
/* ended: the run came to its end, and its store is closed: the file goes. Else it stays, with `why`. */
void status_end(struct status *, bool ended, const char *why);

/* ---- the other terminal ---- */

struct status_row {
    char *name;
    uint32_t done, planned;
};

struct status_told {
    char *battery, *host, *doing, *why; /* why: it broke off, or "" */
    long pid;
    struct share share;
    double started, updated;  /* seconds since 1970 */
    double seconds, left;     /* of work so far; about to go, or < 0: not known yet */
    uint32_t jobs_done, jobs; /* of the waves so far */
    double part;              /* of their cost, 0 to 1; < 0: not known yet */
    struct status_row *rows;
    uint32_t row_count;
};

/* *there: false where there is no such file. */
bool status_read(const char *folder, struct status_told *, bool *there, struct error *);
void status_told_finish(struct status_told *);

#endif
