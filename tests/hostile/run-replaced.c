/* run-replaced: puts another file in the place of the store. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    unlink(run_file("assay.db"));
    int fd = open(run_file("assay.db"), O_CREAT | O_WRONLY, 0600);
    if (fd >= 0) close(fd);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
