/* console.h: what a run says on standard output, for people and for machines: one writer per format. Each reads only
 * the store. */
#ifndef ASSAY_REPORTS_CONSOLE_H
#define ASSAY_REPORTS_CONSOLE_H

#include "reports/report.h"

struct console_format {
    const char *id, *summary;
    bool (*write)(struct store *, FILE *, const struct report_style *, struct error *);
    /* In place of it, where there are no verdicts: the message, which begins with the place in the battery where it has
     * one, and the exit code. NULL: nothing is said on standard output. */
    void (*say_broken)(FILE *, const char *message, int exit_code);
};

/* Ended by an entry without id; their names alone, ended by NULL. */
extern const struct console_format console_formats[];
extern const char *const console_names[];
const struct console_format *console_find(const char *id); /* NULL: there is none */

#endif
