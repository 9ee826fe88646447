/* tables-endless: an id and a summary that have no end. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static char endless[1 << 16];

static const assay_explainer_info info = {
    .id = endless, .name = endless, .summary = endless, .source = "tests/hostile"};

__attribute__((constructor)) static void load(void) {
    memset(endless, 'a', sizeof endless);
}

HOSTILE_ENTRY(1, NULL);
