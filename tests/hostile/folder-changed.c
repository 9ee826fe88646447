/* folder-changed: another working folder, an umask of 777 and no root from the moment it is loaded. */
#include "hostile.h"

#include <sys/stat.h>

__attribute__((constructor)) static void load(void) {
    (void)!chdir("/");
    umask(0777);
}

static const struct hostile hostile = {.attribute = NULL};
