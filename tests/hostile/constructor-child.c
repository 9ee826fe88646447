/* constructor-child: a child that is started while the library is loaded outlives the run. */
#include "hostile.h"

__attribute__((constructor)) static void load(void) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) hang();
        _exit(0);
    }
}

static const struct hostile hostile = {.attribute = NULL};
