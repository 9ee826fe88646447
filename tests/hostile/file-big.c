/* file-big: a file of 256 MB in the run folder. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    static const char zeros[1 << 20];
    int fd = c->number == 1 ? open(run_file("big"), O_CREAT | O_WRONLY, 0600) : -1;
    for (int k = 0; fd >= 0 && k < 256; k++) (void)!write(fd, zeros, sizeof zeros);
    if (fd >= 0) close(fd);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
