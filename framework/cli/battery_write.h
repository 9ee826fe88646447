/* battery_write.h: the battery of a command line, as a file. */
#ifndef ASSAY_CLI_BATTERY_WRITE_H
#define ASSAY_CLI_BATTERY_WRITE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct battery_ask {
    const char *model, *data, *explainers; /* explainers: specs with commas between them */
    const char *controls;                  /* likewise; NULL: the default ones */
    const char *preprocess;                /* NULL: none */
};

/* What writing changed. Zero-initialise. */
struct battery_written {
    bool made, changed; /* the file was not there; it said something else */
    uint8_t *before;
    size_t size;
};

/* "models/net.onnx" -> "net.yaml"; the caller frees; NULL: no memory. */
char *battery_write_name(const char *model);

/* Writes the file into the current folder, as the paths of a command line are relative to it. One that is there and
 * says something else is left alone, unless `force`. */
bool battery_write(const struct battery_ask *, const char *path, bool force, struct battery_written *, struct error *);
/* refused: the file is as it was before: gone, or what was written over. */
void battery_written_end(struct battery_written *, const char *path, bool refused);

#endif
