/* memory-parent: writes into the memory of its parent. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    char path[64];
    pid_t parent = assay_parent();
    snprintf(path, sizeof path, "/proc/%d/mem", (int)parent);
    int fd = parent ? open(path, O_RDWR) : -1;
    for (const char *at = (const char *)&hostile; fd >= 0 && at < (const char *)(&hostile + 1); at++)
        (void)!pwrite(fd, "x", 1, (off_t)(uintptr_t)at);
    /* The stack of a forked parent is where ours is. */
    for (int k = 0; fd >= 0 && k < 65536; k++)
        (void)!pwrite(fd, "AAAAAAAAAAAAAAAA", 16, (off_t)(uintptr_t)&path + 16 * k);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
