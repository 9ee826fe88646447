/* tables-controls: an id and a name of control characters and bytes that are no text. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_explainer_info info = {
    .id = "host\033[2Jile\xff", .name = "\033[2J\r\n", .summary = "\x9b\x01", .source = "tests/hostile\n"};

HOSTILE_ENTRY(1, NULL);
