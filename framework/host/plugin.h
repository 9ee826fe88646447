/* plugin.h: explainers in shared libraries: found, checked, loaded, and their parameters validated.
 *
 * Nothing of a library runs in the host before it has run in a child process of its own: there its constructors, its
 * tables, claims_for() and create() have their chance to crash or hang, within PLUGIN_PROBE_SECONDS, and cost an error.
 * */
#ifndef ASSAY_HOST_PLUGIN_H
#define ASSAY_HOST_PLUGIN_H

#include "base/error.h"
#include "base/file.h"
#include "explainers/explainer.h"
#include "battery/battery.h"

#define PLUGIN_PROBE_SECONDS 10.0

/* One explainer of one library with one set of parameters. */
struct plugin {
    char *path;                       /* of the library */
    char digest[FILE_DIGEST_SIZE];    /* SHA-256 of the library */
    const assay_explainer_info *info; /* in the library */
    assay_param *params;              /* [info->param_count], in that order, defaults filled in */
    uint32_t claims;                  /* for these parameters */
    void *library;                    /* dlopen's */
    const assay_plugin *entry;
    char **values; /* [info->param_count] the texts behind params, or NULL */
};

/* Finds, probes and loads what the spec names. Errors: no such explainer (nearest named), not a shared library, no
 * assay_entry, another ABI version (both named), malformed tables, an id the library does not have, a crash or a hang;
 * unknown parameters (nearest named) and values out of range. */
bool plugin_create(const struct explainer_spec *, struct plugin **out, struct error *);
void plugin_destroy(struct plugin *); /* after its explainers */

/* create(): foreign code. The error is the plugin's own words. */
bool plugin_explainer(const struct plugin *, const assay_host *, const assay_explainer **out, struct error *);
void plugin_explainer_destroy(const assay_explainer *);

/* "steps=50,rule=gauss-legendre,...": every parameter with its value; "" when there is none. NULL: out of memory. */
char *plugin_params_text(const struct plugin *);
/* The number of that name among the parameters, or `fallback`. */
double plugin_number(const struct plugin *, const char *name, double fallback);

/* Names of the bits of enum assay_claim, in their order, ended by NULL: "complete", "input-multiplier", ... */
extern const char *const plugin_claim_names[];

/* ---- Finding ---- */

/* The path of the library of explainer `id`: ID.so in one of the folders below. *path is the caller's. */
bool plugin_find(const char *id, char **path, struct error *);

/* Where explainers are looked for, in this order: `explainers` beside the running program (the build folder),
 * `explainers` beside the folder of the program (the test programs), `../lib/assay/explainers` from the program, and
 * PREFIX/lib/assay/explainers. Fills at most `max`; each is the caller's. */
#define PLUGIN_FOLDERS 4
size_t plugin_folders(char *folders[PLUGIN_FOLDERS]);

/* One explainer that was found, for `assay list explainers`: copies, so that nothing stays loaded. */
struct plugin_listing {
    char *path, *id, *name, *summary, *source;
    char *params; /* defaults, as plugin_params_text */
    uint32_t claims;
    char *problem; /* NULL, or why the library cannot be used (then only path and id are there) */
};

/* Every *.so of the folders, by id; the first folder that has an id wins. */
bool plugin_list(struct plugin_listing **out, size_t *count, struct error *);
void plugin_list_destroy(struct plugin_listing *, size_t count);

#endif
