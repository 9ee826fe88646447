/* battery_write.h: the battery of a command line, as a file. */
#ifndef ASSAY_CLI_BATTERY_WRITE_H
#define ASSAY_CLI_BATTERY_WRITE_H

#include "base/error.h"

#include <stdbool.h>

struct battery_ask {
    const char *model, *data, *explainers; /* explainers: specs with commas between them */
    const char *controls;                  /* likewise; NULL: the default ones */
    const char *preprocess;                /* NULL: none */
};

/* "models/net.onnx" -> "net.yaml"; the caller frees; NULL: no memory. */
char *battery_write_name(const char *model);

/* Writes the file into the current folder, as the paths of a command line are relative to it. One that is there and
 * says something else is left alone, unless `force`. */
bool battery_write(const struct battery_ask *, const char *path, bool force, struct error *);

#endif
