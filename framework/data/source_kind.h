/* source_kind.h: the text of a data source taken apart: its kind, its paths, its option. */
#ifndef ASSAY_DATA_SOURCE_KIND_H
#define ASSAY_DATA_SOURCE_KIND_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct dataset;

#define SOURCE_PATHS_MAX 16

/* What stands behind the kind: paths, and at most one option. */
struct source_parts {
    char *path[SOURCE_PATHS_MAX];
    size_t paths;
    char *label, *ignore; /* as in csv_options.h, or NULL */
};

struct source_kind {
    const char *name;
    bool (*split)(const char *rest, struct source_parts *, struct error *);
    bool (*load)(const struct source_parts *, struct dataset *, struct error *);
    bool fits; /* what it loads is resized and cropped */
};

/* The kind, or NULL with an error; the parts are to be finished either way. */
const struct source_kind *source_split(const char *source, struct source_parts *, struct error *);
void source_parts_finish(struct source_parts *);

/* The source with its paths as seen from `folder` (that of a battery); absolute paths stay. *out is the caller's. */
bool source_resolve(const char *source, const char *folder, char **out, struct error *);

#endif
