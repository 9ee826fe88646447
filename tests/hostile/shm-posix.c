/* shm-posix: leaves POSIX shared memory behind. */
#include "hostile.h"

#include <sys/mman.h>

static assay_status attribute(const struct call *c) {
    int fd = shm_open("/assay-hostile-left", O_CREAT | O_RDWR, 0600);
    if (fd >= 0) {
        (void)!ftruncate(fd, 4096);
        close(fd);
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
