/* tables-endless: an id and a summary that have no end. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static char endless[1 << 16];

static const assay_explainer_info info = {
    .id = endless, .name = endless, .summary = endless, .source = "tests/hostile"};

__attribute__((constructor)) static void load(void) {
    memset(endless, 'a', sizeof endless);
}

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *params, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)params, (void)n, (void)why;
    return NULL;
}

static const assay_explainer_info *const infos[] = {&info};
const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
