/* exit-constructor: ends its process while it is loaded, as if all were well. */
#include "honest.h"

#include <unistd.h>

__attribute__((constructor)) static void on_load(void) {
    _exit(0);
}

HONEST_PLUGIN("exit-constructor", honest);
