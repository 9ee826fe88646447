/* plugin_params.h: the parameters given to an explainer, validated against what it declares. */
#ifndef ASSAY_HOST_PLUGIN_PARAMS_H
#define ASSAY_HOST_PLUGIN_PARAMS_H

#include "battery/battery.h"
#include "host/explainer_info.h"

/* Every declared parameter, in the order of the declaration, defaults filled in: what create() is given. */
struct plugin_params {
    uint32_t count;
    assay_param *items; /* [count]; names and default texts are those of the info, which outlives this */
    char **texts;       /* [count] the texts that were given, or NULL */
};

/* Errors: unknown parameters (the nearest named) and values out of range. Finish after a failure, too. */
bool plugin_params_fill(const struct explainer_info *, const struct option *given, size_t count, struct plugin_params *,
                        struct error *);
void plugin_params_finish(struct plugin_params *);

#endif
