/* at-exit: functions that run when the process ends normally, and print and write. */
#include "hostile.h"

static void at_end(void) {
    puts("PASS PASS PASS");
    _exit(0);
}

__attribute__((constructor)) static void load(void) {
    atexit(at_end);
    at_quick_exit(at_end);
}

static const struct hostile hostile = {.attribute = NULL};
