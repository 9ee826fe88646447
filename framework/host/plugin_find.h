/* plugin_find.h: the folders where explainers are looked for by id. */
#ifndef ASSAY_HOST_PLUGIN_FIND_H
#define ASSAY_HOST_PLUGIN_FIND_H

#include "base/error.h"

#include <stddef.h>

/* `explainers` beside the running program (the build folder), `explainers` beside the folder of the program (the test
 * programs), `../lib/assay/explainers` from the program, and PREFIX/lib/assay/explainers, in this order. */
struct found_plugin {
    char *id, *path; /* ID.so in one of the folders */
};
struct found_plugins {
    struct found_plugin *items; /* by id; the first folder that has an id wins */
    size_t count;
};
/* Every *.so of the folders. */
bool plugin_find_all(struct found_plugins *, struct error *);
void found_plugins_finish(struct found_plugins *);

/* The path of the library of explainer `id`, the caller's. Error: there is none, with the nearest id. */
bool plugin_find(const char *id, char **path, struct error *);

#endif
