/* thread-at-load: starts a thread while it is loaded, which never ends. */
#include "honest.h"

#include <pthread.h>
#include <time.h>

static void *for_ever(void *user) {
    for (;;) nanosleep(&(struct timespec){0, 1000000}, NULL);
    return user;
}

__attribute__((constructor)) static void on_load(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, for_ever, NULL);
}

HONEST_PLUGIN("thread-at-load", honest);
