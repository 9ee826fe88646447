/* exit-at-unload: ends its process when it is unloaded, as if all were well. */
#include "honest.h"

#include <unistd.h>

__attribute__((destructor)) static void on_unload(void) {
    _exit(0);
}

HONEST_PLUGIN("exit-at-unload", honest);
