/* report.h: one writer per format. Each reads only the store and computes nothing but layout, so that a report can be
 * written again at any time, and the same store gives the same bytes. */
#ifndef ASSAY_REPORTS_REPORT_H
#define ASSAY_REPORTS_REPORT_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

#define REPORT_FILES_MOST 4u

struct report {
    const char *id;    /* "csv", "json", ... */
    const char *alias; /* taken for it as well; or NULL */
    const char *summary;
    const char *files[REPORT_FILES_MOST]; /* what it writes, NULL behind the last; a folder has a slash behind it */
    /* Writes its files into the folder, which exists. */
    bool (*write)(struct store *, const char *folder, struct error *);
    /* A failure of an optional report is a warning: figures need gnuplot, and leave scripts and data without it. */
    bool optional;
    bool on_demand; /* not of a run: `assay report` writes it where it is asked for */
};

/* Ended by an entry without id. */
extern const struct report reports[];

/* Removes what the reports of an earlier run left in the folder; anything else stays. */
void reports_remove(const struct report *, const char *folder);

#define REPORT_WIDTH 100u

/* How the verdict table is written. */
struct report_style {
    bool colour;
    bool reasons;       /* every reason and similarity */
    bool figures;       /* there are some, to be named */
    const char *folder; /* of the run, to be put before names of files; NULL: the text lies there */
    size_t width;       /* in columns; 0: REPORT_WIDTH */
};

/* The verdict table, what was not as expected, the similarities by stage where they could not be judged, and how to
 * read it. Wider than asked for only where one name is. */
bool report_text(struct store *, FILE *, const struct report_style *, struct error *);

#endif
