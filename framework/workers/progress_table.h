/* progress_table.h: what every explainer of a run is at, one line each, on a terminal. Private to progress*.c and to
 * those that fill the rows. */
#ifndef ASSAY_WORKERS_PROGRESS_TABLE_H
#define ASSAY_WORKERS_PROGRESS_TABLE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum progress_phase { PROGRESS_AT_WORK, PROGRESS_QUEUED, PROGRESS_OVER };

struct progress_row {
    char *name; /* clean (base/text.h) */
    enum progress_phase phase;
    const char *what; /* at work: on what, or NULL; over: the word so far, or NULL; borrowed, and clean */
    uint32_t done, planned;
    double seconds; /* in which it was at work */
};

/* Whether a terminal of that size has room for it: else the one line is what is shown. */
bool progress_table_fits(unsigned columns, unsigned lines);

/* A line of headings and one for each row, each less wide than `columns` and ended by a line feed, at most `lines` in
 * all. Where there are more rows, those at work come first, and a last line counts the others. */
void progress_table_add(struct text *, const struct progress_row *rows, uint32_t count, unsigned columns,
                        unsigned lines);

#endif
