/* gnuplot.h: runs gnuplot as a child process, in the folder of its script. */
#ifndef ASSAY_REPORTS_GNUPLOT_H
#define ASSAY_REPORTS_GNUPLOT_H

#include "base/error.h"

enum gnuplot_outcome { GNUPLOT_DONE, GNUPLOT_FAILED, GNUPLOT_MISSING };

/* `format`: "png", "svg" or "pdf"; the script sees it as a variable. The error quotes gnuplot. */
enum gnuplot_outcome gnuplot_run(const char *folder, const char *script, const char *format, struct error *);

#endif
