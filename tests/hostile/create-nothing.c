/* create-nothing: create() gives no explainer and no reason. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_explainer_info info = {
    .id = "hostile", .name = "hostile", .summary = "creates nothing", .source = "tests/hostile"};

HOSTILE_ENTRY(1, NULL);
