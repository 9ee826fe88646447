/* store-locked: holds a lock on the store until it ends. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(run_file("assay.db"), O_RDWR);
    if (fd >= 0) fcntl(fd, F_SETLK, &all);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
