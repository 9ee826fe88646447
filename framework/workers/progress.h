/* progress.h: how far a run is: a line, and a table below it, that renew themselves on a terminal; plain lines
 * elsewhere. */
#ifndef ASSAY_WORKERS_PROGRESS_H
#define ASSAY_WORKERS_PROGRESS_H

#include "workers/progress_table.h"

#include <stddef.h>

struct progress {
    bool quiet, terminal;
    double start, last; /* seconds */
    double done, total; /* cost */
    uint32_t units, of; /* jobs */
    uint32_t unpriced;  /* of them say, when they end, what others cost: until then no share is shown */
    int shown;          /* last plain line: tenths */
    const char *title;
    struct progress_row *rows; /* of the table, or NULL: the line alone; borrowed */
    uint32_t row_count;
    void (*fill)(void *user, struct progress_row *rows); /* before they are shown; or NULL */
    void *user;
    struct text drawn;      /* what stands on the terminal */
    unsigned drawn_columns; /* how wide the terminal was then; 0: nothing stands there */
};

void progress_begin(struct progress *, bool quiet);
/* A new wave: adds to the total. */
void progress_add(struct progress *, const char *title, double cost, uint32_t jobs);
void progress_job(struct progress *, double cost); /* one job ended */
void progress_tick(struct progress *);
/* Makes room for a message on standard error; what stood there is drawn again below it. */
void progress_hide(struct progress *);
void progress_end(struct progress *);

/* The line of a terminal, in less than so many columns (0: as long as it gets), as it is after `spent` seconds. */
void progress_line(const struct progress *, double spent, unsigned columns, char *out, size_t size);

#endif
