/* limits: takes away the right to files, processes and memory. */
#include "hostile.h"

#include <sys/resource.h>

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_AS, &(struct rlimit){1 << 20, 1 << 20});
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
