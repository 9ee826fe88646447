/* thread-writes: a thread goes on writing to the maps after the answer. */
#include "hostile.h"

#include <pthread.h>

static volatile float *maps;

static void *write_on(void *nothing) {
    for (unsigned k = 0;; k++) maps[0] = (float)(k % 1000);
    return nothing;
}

static assay_status attribute(const struct call *c) {
    static pthread_t thread;
    assay_status status = honest(c);
    bool first = !maps;
    maps = c->maps;
    if (first) pthread_create(&thread, NULL, write_on, NULL);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
