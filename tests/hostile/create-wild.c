/* create-wild: create() gives an explainer that lies where no memory is. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_explainer_info info = {
    .id = "hostile", .name = "hostile", .summary = "creates a wild pointer", .source = "tests/hostile"};

HOSTILE_ENTRY(1, (const assay_explainer *)64);
