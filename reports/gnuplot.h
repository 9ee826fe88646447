/* gnuplot.h (private to reports/): runs gnuplot on scripts, each in a child process with a limit, in the folder of the
 * scripts, several at a time. */
#ifndef ASSAY_REPORTS_GNUPLOT_H
#define ASSAY_REPORTS_GNUPLOT_H

#include "base/error.h"

#include <stddef.h>

struct gnuplot_job;
struct gnuplot_jobs {
    struct gnuplot_job *job;
    size_t count;
};

/* The script NAME.gp, drawn as NAME.png and as NAME.svg: a script sees its format as a variable. */
bool gnuplot_jobs_add(struct gnuplot_jobs *, const char *name, struct error *);

bool gnuplot_jobs_have(const struct gnuplot_jobs *, const char *name);

/* Draws all, `width` scripts at a time. The last is begun first: a report adds its largest figures last. A script that
 * takes longer than `seconds` is given up, and its gnuplot killed with whatever it started. False
 * when a picture failed, was given up, or is not there although gnuplot reported success: the error is that of the
 * first script in order, quotes gnuplot, and says how many pictures more are missing. Pictures of an earlier run are
 * removed first. Where gnuplot is missing nothing more is begun. False, too, when the program is told to end
 * (interrupt.h): no gnuplot is left then. */
bool gnuplot_jobs_run(struct gnuplot_jobs *, const char *folder, unsigned width, double seconds, struct error *);
void gnuplot_jobs_finish(struct gnuplot_jobs *);

#endif
