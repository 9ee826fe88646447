/* store-inherited: writes to every file that was open when it came to life. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    char path[64], target[512];
    for (int fd = 3; fd < 256; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        if (!strstr(target, "assay.db")) continue;
        for (int page = 1; page < 200; page++) (void)!pwrite(fd, "no database", 12, (off_t)page * 4096);
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
