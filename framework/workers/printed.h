/* printed.h: what a child prints, copied into a log by its parent: with the child's name, up to a limit, and without
 * anything that a terminal would obey. */
#ifndef ASSAY_WORKERS_PRINTED_H
#define ASSAY_WORKERS_PRINTED_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PRINTED_MOST ((size_t)1 << 20) /* bytes of one child; what is beyond is cut, and the cut is marked */

#define PRINTED_PLUGIN "assay: plugin"   /* before lines on standard error */
#define PRINTED_PROGRAM "assay: program" /* likewise */

struct printed {
    int read;         /* the parent's end of the pipe; -1: none */
    int log;          /* lines go there */
    const char *name; /* before each line; NULL: nothing */
    char line[1000];
    size_t length; /* of the line that has not ended */
    size_t taken;  /* bytes */
    bool cut;
};

/* *write: the child's end, which the caller closes. log < 0: the child prints where its parent does, and *write is -1.
 */
bool printed_open(struct printed *, int log, const char *name, int *write, struct error *);
/* Copies what is there, without waiting. A log that cannot be written to costs its lines. False: the end. */
bool printed_take(struct printed *);
/* The last line that is not blank, where `read` is of a file; what was taken stays as it is. False: there is none. */
bool printed_last_line(const struct printed *, char *line, size_t size);
/* The rest of it. */
void printed_close(struct printed *);

#endif
