/* create-wild: create() gives an explainer that lies where no memory is. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_explainer_info info = {
    .id = "hostile", .name = "hostile", .summary = "creates a wild pointer", .source = "tests/hostile"};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *params, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)params, (void)n, (void)why;
    return (const assay_explainer *)64;
}

static const assay_explainer_info *const infos[] = {&info};
const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
