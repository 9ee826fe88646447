/* thread-exit: ends the thread that was asked, not the process. */
#include "hostile.h"

#include <pthread.h>

static void *wait_for_ever(void *nothing) {
    hang();
    return nothing;
}

static assay_status attribute(const struct call *c) {
    pthread_t thread;
    (void)c;
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    pthread_exit(NULL);
}

static const struct hostile hostile = {.attribute = attribute};
