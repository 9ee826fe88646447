/* report_file.h: a report's file, written beside its place and moved there when it is whole. */
#ifndef ASSAY_REPORTS_REPORT_FILE_H
#define ASSAY_REPORTS_REPORT_FILE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>

struct report_file {
    FILE *file;
    char *path, *temporary;
};

bool report_file_open(struct report_file *, const char *folder, const char *name, struct error *);
/* Moves the file to its place when `ok` and everything was written, and removes it otherwise. Returns whether it is
 * there; fills the error only when `ok` was true. */
bool report_file_close(struct report_file *, bool ok, struct error *);

/* A file of that text; out of memory where the text is not whole. */
bool report_file_write(const struct text *, const char *folder, const char *name, struct error *);

#endif
