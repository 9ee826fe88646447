/* exit-in-parent: ends a process that is not a worker when it is loaded. */
#include "honest.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Workers end with their parent; the parent itself has no such signal. */
static int in_parent(void) {
    int number = 0;
    prctl(PR_GET_PDEATHSIG, &number);
    return number != SIGKILL;
}

__attribute__((constructor)) static void on_load(void) {
    if (in_parent()) _exit(0);
}

HONEST_PLUGIN("exit-in-parent", honest);
