/* stdin-read: reads what the user types. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    char line[64];
    while (read(STDIN_FILENO, line, sizeof line) > 0) {}
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
