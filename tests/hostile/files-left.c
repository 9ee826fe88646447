/* files-left: leaves files in the working folder and in the temporary one. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    char path[4096];
    const char *folder = getenv("TMPDIR");
    for (int k = 0; c->number == 1 && k < 200; k++) {
        if (k % 2) snprintf(path, sizeof path, "hostile-left-%d", k);
        else snprintf(path, sizeof path, "%s/hostile-left-%d", folder ? folder : ".", k);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        if (fd >= 0) {
            (void)!write(fd, path, sizeof path);
            close(fd);
        }
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
