/* pipe-beats: a thread says for ever that the process is alive, and no map comes. */
#include "pipes.h"

#include <pthread.h>

static void *beat(void *nothing) {
    for (;;) {
        pipe_message(PIPE_BEAT, "", 0);
        nap(.05);
    }
    return nothing;
}

static assay_status attribute(const struct call *c) {
    pthread_t thread;
    (void)c;
    pthread_create(&thread, NULL, beat, NULL);
    hang();
    return ASSAY_OK;
}

static const struct hostile hostile = {.attribute = attribute};
