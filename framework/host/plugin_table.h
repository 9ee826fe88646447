/* plugin_table.h: private to plugin*.c: the checks of what a library's tables say, and of the parameters given. */
#ifndef ASSAY_HOST_PLUGIN_TABLE_H
#define ASSAY_HOST_PLUGIN_TABLE_H

#include "host/plugin.h"

/* The ABI version and every table of the library. A pointer that leads nowhere crashes here: call it in a child first.
 * */
bool plugin_table_check(const assay_plugin *, const char *path, struct error *);

/* The explainer of that id, or the only one for NULL. */
bool plugin_table_find(const assay_plugin *, const char *path, const char *id, const assay_explainer_info **out,
                       struct error *);

/* Fills plugin->params and plugin->values from the defaults of plugin->info and what was given. */
bool plugin_params_fill(struct plugin *, const struct option *given, size_t count, struct error *);
void plugin_params_finish(struct plugin *);

#endif
