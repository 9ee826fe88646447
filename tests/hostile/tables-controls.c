/* tables-controls: an id and a name of control characters and bytes that are no text. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_explainer_info info = {
    .id = "host\033[2Jile\xff", .name = "\033[2J\r\n", .summary = "\x9b\x01", .source = "tests/hostile\n"};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *params, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)params, (void)n, (void)why;
    return NULL;
}

static const assay_explainer_info *const infos[] = {&info};
const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
