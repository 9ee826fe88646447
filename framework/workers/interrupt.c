/* interrupt.c: the flag that signals set. */
#include "workers/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

#define AGAIN 200000000LL /* nanoseconds after which the same signal is meant as another one */

/* What a signal handler may write to. */
static volatile sig_atomic_t caught;
static struct timespec when;

/* The first is noted; one that follows it is to end the program at once. timeout(1) and terminals send one and the same
 * to a process and to its group: that is no second one. */
static void note(int number) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (caught) {
        if ((now.tv_sec - when.tv_sec) * 1000000000LL + (now.tv_nsec - when.tv_nsec) < AGAIN) return;
        signal(number, SIG_DFL);
        raise(number); /* when the handler has returned */
        return;
    }
    when = now;
    caught = number;
}

void interrupt_watch(void) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = note};
    struct sigaction old;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) /* nohup's choice stays */
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(ends[i], &action, NULL);
}

int interrupt_signal(void) {
    return caught;
}
