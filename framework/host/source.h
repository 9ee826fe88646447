/* source.h: where explainers come from: a table of sources, each of which yields an assay_explainer in a child process.
 * Nothing that a source opens is ever mapped into the parent: it learns of explainers through explainer_codec.h, or by
 * frames of a protocol. */
#ifndef ASSAY_HOST_SOURCE_H
#define ASSAY_HOST_SOURCE_H

#include "base/file.h"
#include "battery/battery.h"
#include "explainers/explainer.h"
#include "host/explainer_info.h"

/* Where explainers are. */
struct source_place {
    const char *path;                   /* of a file, with a slash in it; of a program, its command in words */
    const struct process_spec *process; /* of a program; else NULL */
};

/* One explainer of what lies there. */
struct source_request {
    struct source_place place;
    const char *digest; /* of what lies there, as the parent recorded it */
    const char *id;
    const assay_param *params; /* [param_count], as explainer.h has it for create() */
    uint32_t param_count;
    void *kept; /* what learn() has kept, or NULL */
};

struct explainer_source {
    const char *name;
    const char *noun; /* what is to blame, in messages: "plugin" */
    bool outside;     /* its code runs in processes of its own: a process that opens an explainer runs none */
    /* In the parent: whether what lies there is this source's. It may look, but runs nothing. */
    bool (*takes)(const struct source_place *);
    /* In the parent: SHA-256 of all that determines the explainers there. Errors: nothing there that can be used. */
    bool (*digest)(const struct source_place *, char out[FILE_DIGEST_SIZE], struct error *);
    /* In a child: the tables of all explainers there, valid until the child ends. Fails where the digest is another. */
    bool (*describe)(const struct source_place *, const char *digest, const assay_explainer_info *const **info,
                     uint32_t *count, struct error *);
    /* In a child: one of them. The host outlives it. */
    bool (*open)(const struct source_request *, const assay_host *, const assay_explainer **out, struct error *);
    void (*close)(const assay_explainer *);
    /* In a child, behind describe(): what is said of them besides, valid until the child ends; *out NULL: nothing. The
     * function may be NULL. */
    bool (*about)(const struct source_place *, const assay_about_table **out, struct error *);

    /* Of a source that is outside, in place of describe(); all below are NULL of others. In the parent: the explainers
     * there, in data that is checked. The digest is made of more. *kept is what open() may use and forget() ends. */
    bool (*learn)(const struct source_place *, struct explainer_info_list *, char digest[FILE_DIGEST_SIZE], void **kept,
                  struct error *);
    void (*forget)(void *kept);
    /* In the parent, now and then, with any `kept`: what is printed goes to `log`, with that name before each line, and
     * what jobs left that are over is ended. */
    void (*tend)(void *kept, int log, const char *name);
};

/* Ended by NULL. The first that takes a place has it; the last takes every path. */
extern const struct explainer_source *const explainer_sources[];

/* Programs that speak the protocol (docs/protocol.md). */
extern const struct explainer_source source_program;
/* Shared libraries with the symbol assay_entry (explainer.h). */
extern const struct explainer_source source_library;

#endif
