/* gnuplot.h: runs gnuplot as a child process, in the folder of its script. */
#ifndef ASSAY_REPORTS_GNUPLOT_H
#define ASSAY_REPORTS_GNUPLOT_H

#include "base/error.h"

#include <sys/types.h>

enum gnuplot_outcome { GNUPLOT_DONE, GNUPLOT_FAILED, GNUPLOT_MISSING };

struct gnuplot {
    pid_t child; /* -1: could not be started */
    int log;     /* what it says */
};

/* `format`: "png", "svg" or "pdf"; the script sees it as a variable. */
void gnuplot_start(const char *folder, const char *script, const char *format, struct gnuplot *out);
/* Waits for its end. The error quotes gnuplot. */
enum gnuplot_outcome gnuplot_finish(const struct gnuplot *, const char *folder, const char *script, struct error *);

#endif
