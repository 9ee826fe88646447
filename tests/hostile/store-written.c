/* store-written: overwrites the store where it lies. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    static const char noise[4096] = "no database";
    int fd = open(run_file("assay.db"), O_WRONLY);
    for (int page = 1; fd >= 0 && page < 200; page++) (void)!pwrite(fd, noise, sizeof noise, (off_t)page * 4096);
    if (fd >= 0) close(fd);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
