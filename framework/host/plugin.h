/* plugin.h: explainers as the host knows them: data, nothing of a library's. What an explainer says of itself is read
 * by child processes (within PLUGIN_PROBE_SECONDS each at most), which send it as data; the explainer itself is opened
 * in the child process that asks it for maps. Constructors, tables, claims_for(), create(), destroy() and destructors
 * thus have their chance to crash, hang or exit where it costs an error. */
#ifndef ASSAY_HOST_PLUGIN_H
#define ASSAY_HOST_PLUGIN_H

#include "battery/battery.h"
#include "host/plugin_params.h"
#include "host/source.h"
#include "workers/pool.h"

#define PLUGIN_PROBE_SECONDS 10.0

/* One explainer of one library (or other source) with one set of parameters. */
struct plugin {
    const struct explainer_source *source;
    char *path;                    /* of the library; of a program its command */
    struct process_spec *process;  /* of a program; else NULL */
    char digest[FILE_DIGEST_SIZE]; /* SHA-256 of the library, which children hold it to */
    void *kept;                    /* the source's own */
    char *problem;                 /* NULL, or why it cannot be used: then what follows is empty */
    struct explainer_info info;
    struct plugin_params params;
    uint32_t claims; /* for these parameters */
};

/* Finds what the spec names and learns what it says of itself, in `limit` seconds, the time limit of a call, where that
 * is less than PLUGIN_PROBE_SECONDS.
 * false: the spec is wrong, or memory short. No such explainer (nearest named) or file, an id the library does not
 * have, unknown parameters (nearest named), values out of range. true: *out is the caller's; out->problem says, unless
 * NULL, what is wrong with the plugin itself: not a shared library, no assay_entry, another ABI version (both named),
 * malformed tables, a crash or a hang, a refusal by its create(). One line of UTF-8. */
bool plugin_create(const struct explainer_spec *, double limit, struct plugin **out, struct error *);
/* The same with another table of sources (ended by NULL). */
bool plugin_create_from(const struct explainer_source *const *sources, const struct explainer_spec *, double limit,
                        struct plugin **out, struct error *);
void plugin_destroy(struct plugin *);

/* The seconds that plugin_open() may take beside the limit of a call; INFINITY for a program that may serve others. */
double plugin_start_limit(const struct plugin *);
/* "plugin", "program": what is to blame. */
const char *plugin_noun(const struct plugin *);
/* A program that runs already: it may wait for its user, and each of its frames is a sign of life. */
bool plugin_is_called(const struct plugin *);
/* What a job that opens it may take besides: time to start, any number of beats of a called one; and whether foreign
 * code runs in it. */
void plugin_bind_job(const struct plugin *, struct pool_job *);
/* In the parent of processes that opened it, now and then, and after each of them; `log` and `name` for what it prints
 * meanwhile. */
void plugin_tend(const struct plugin *, int log, const char *name);

/* False, with its problem, for a plugin that has one. */
bool plugin_usable(const struct plugin *, struct error *);

/* In a child process: the explainer, opened and created. Foreign code. The error is the plugin's own words, or says
 * that the library is another than at plugin_create. */
bool plugin_open(const struct plugin *, const assay_host *, const assay_explainer **out, struct error *);
/* Once its results are sent. */
void plugin_close(const struct plugin *, const assay_explainer *);

/* "steps=50,rule=gauss-legendre,...": every parameter with its value; "" when there is none. NULL: out of memory. */
char *plugin_params_text(const struct plugin *);
/* The number of that name among the parameters, or `fallback`. */
double plugin_number(const struct plugin *, const char *name, double fallback);
/* The text or choice of that name among the parameters, borrowed; "" when there is none. */
const char *plugin_text(const struct plugin *, const char *name);
/* Whether a text is among the parameters, such as the name of a layer. */
bool plugin_has_text(const struct plugin *);

#endif
