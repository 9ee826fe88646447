/* run-moved: moves the run folder away. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    char from[4096];
    snprintf(from, sizeof from, "%s", run_file("."));
    from[strlen(from) - 2] = 0;
    rename(from, "hostile-left-run");
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
