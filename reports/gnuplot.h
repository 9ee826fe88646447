/* gnuplot.h: runs gnuplot on scripts, each in a child process in the folder of the scripts, several at a time. */
#ifndef ASSAY_REPORTS_GNUPLOT_H
#define ASSAY_REPORTS_GNUPLOT_H

#include "base/error.h"

#include <stddef.h>

struct gnuplot_job;
struct gnuplot_jobs {
    struct gnuplot_job *job;
    size_t count, capacity;
};

/* The script's picture as PNG and as SVG: a script sees its format as a variable. */
bool gnuplot_jobs_add(struct gnuplot_jobs *, const char *script, struct error *);

/* Draws all, `width` pictures at a time. Those of the last script are begun first: a report adds its largest figures
 * last. The error is that of the first script whose picture failed, and quotes gnuplot. Where gnuplot is missing
 * nothing more is begun. */
bool gnuplot_jobs_run(struct gnuplot_jobs *, const char *folder, unsigned width, struct error *);
void gnuplot_jobs_finish(struct gnuplot_jobs *);

#endif
