/* gnuplot.h (private to reports/): runs gnuplot on scripts, in child processes with a limit, in the folder of the
 * scripts, several at a time. A child draws several scripts, as long as nothing goes wrong. */
#ifndef ASSAY_REPORTS_GNUPLOT_H
#define ASSAY_REPORTS_GNUPLOT_H

#include "base/error.h"

#include <stddef.h>

struct gnuplot_job;
struct gnuplot_jobs {
    struct gnuplot_job *job;
    size_t count;
};

/* The script NAME.gp, drawn in the formats (figure_request.h): a script sees each as a variable, and ends its output.
 */
bool gnuplot_jobs_add(struct gnuplot_jobs *, const char *name, unsigned formats, struct error *);

bool gnuplot_jobs_have(const struct gnuplot_jobs *, const char *name);
const char *gnuplot_jobs_name(const struct gnuplot_jobs *, size_t); /* borrowed */

/* Draws all, by `width` children at a time. The last scripts are begun first: a report adds its largest figures last.
 * What children of several scripts leave undone is drawn again by a child for each script. One that takes longer than
 * `seconds` is given up, and its gnuplot killed with whatever it started. False when a script failed, was given up, or
 * left no picture although gnuplot reported success: the error is that of the first script in order, quotes gnuplot,
 * and says how many more failed. Pictures of the same name, of every format, are removed first: they are of an earlier
 * run or in another style. Where gnuplot is missing nothing more is begun. False, too, when the program is told to end
 * (interrupt.h): no gnuplot is left then. */
bool gnuplot_jobs_run(struct gnuplot_jobs *, const char *folder, unsigned width, double seconds, struct error *);
void gnuplot_jobs_finish(struct gnuplot_jobs *);

#endif
