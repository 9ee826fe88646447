/* siblings-killed: kills the other children of its parent. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    pid_t parent = assay_parent();
    for (pid_t pid = getpid() - 40; parent && pid < getpid() + 40; pid++) {
        char path[64], line[256] = "";
        int above = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *stat = fopen(path, "r");
        bool known = stat && fgets(line, sizeof line, stat) && sscanf(line, "%*d (assay%*[^)]) %*c %d", &above) == 1;
        if (!known) known = sscanf(line, "%*d (assay) %*c %d", &above) == 1;
        if (stat) fclose(stat);
        if (known && above == parent && pid != getpid()) kill(pid, SIGKILL);
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
