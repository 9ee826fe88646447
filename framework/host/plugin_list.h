/* plugin_list.h: every explainer that is found by id, for `assay list explainers`. */
#ifndef ASSAY_HOST_PLUGIN_LIST_H
#define ASSAY_HOST_PLUGIN_LIST_H

#include "host/plugin.h"

struct plugin_listing {
    char *id;              /* under which it is found; one line of UTF-8 */
    struct plugin *plugin; /* with default parameters; NULL: it could not even be read */
    char *problem;         /* NULL, or why it cannot be used; one line of UTF-8 */
};

/* Every *.so of the folders, by id; the first folder that has an id wins. */
bool plugin_list(struct plugin_listing **out, size_t *count, struct error *);
void plugin_list_destroy(struct plugin_listing *, size_t count);

#endif
