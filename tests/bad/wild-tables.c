/* wild-tables: a table at an address where nothing is. */
#include "explainer.h"

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *params, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)params, (void)n, (void)why;
    return NULL;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, (const assay_explainer_info *const *)16, create};
