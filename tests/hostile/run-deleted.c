/* run-deleted: deletes the files of the run. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    static const char *const names[] = {"assay.db", "assay.db-journal", "assay.db-wal", "plugins.log"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) unlink(run_file(names[k]));
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
