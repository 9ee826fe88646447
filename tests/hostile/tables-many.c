/* tables-many: says that it holds four thousand million explainers. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_explainer_info info = {
    .id = "hostile", .name = "hostile", .summary = "many", .source = "tests/hostile"};

HOSTILE_ENTRY(UINT32_MAX, NULL);
