/* output.h: a report's file, written beside its place and moved there when it is whole. */
#ifndef ASSAY_REPORTS_OUTPUT_H
#define ASSAY_REPORTS_OUTPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct output {
    FILE *file;
    char *path, *temporary;
};

bool output_open(struct output *, const char *folder, const char *name, struct error *);
/* Moves the file to its place when `ok` and everything was written, and removes it otherwise. Returns whether it is
 * there; fills the error only when `ok` was true. */
bool output_close(struct output *, bool ok, struct error *);

#endif
