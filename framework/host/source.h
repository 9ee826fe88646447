/* source.h: where explainers come from: a table of sources, each of which yields an assay_explainer in a child process.
 * Nothing that a source opens is ever mapped into the parent: it learns of explainers through explainer_codec.h. */
#ifndef ASSAY_HOST_SOURCE_H
#define ASSAY_HOST_SOURCE_H

#include "base/file.h"
#include "explainers/explainer.h"

/* One explainer of what lies at a path. */
struct source_request {
    const char *path;   /* with a slash in it */
    const char *digest; /* of what lies there, as the parent recorded it */
    const char *id;
    const assay_param *params; /* [param_count], as explainer.h has it for create() */
    uint32_t param_count;
};

struct explainer_source {
    const char *name;
    /* In the parent: whether what lies at that path is this source's. It may look, but runs nothing. */
    bool (*takes)(const char *path);
    /* In the parent: SHA-256 of all that determines the explainers there. Errors: nothing there that can be read. */
    bool (*digest)(const char *path, char out[FILE_DIGEST_SIZE], struct error *);
    /* In a child: the tables of all explainers there, valid until the child ends. Fails where the digest is another. */
    bool (*describe)(const char *path, const char *digest, const assay_explainer_info *const **info, uint32_t *count,
                     struct error *);
    /* In a child: one of them. The host outlives it. */
    bool (*open)(const struct source_request *, const assay_host *, const assay_explainer **out, struct error *);
    void (*close)(const assay_explainer *);
    /* In a child, behind describe(): what is said of them besides, valid until the child ends; *out NULL: nothing. The
     * function may be NULL. */
    bool (*about)(const char *path, const assay_about_table **out, struct error *);
};

/* Ended by NULL. The first that takes a path has it; the last takes every path. */
extern const struct explainer_source *const explainer_sources[];

/* Shared libraries with the symbol assay_entry (explainer.h). */
extern const struct explainer_source source_library;

#endif
