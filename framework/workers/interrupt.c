#include "workers/interrupt.h"

#include <signal.h>
#include <stddef.h>

/* The one thing a signal handler may write to. */
static volatile sig_atomic_t caught;

static void note(int number) {
    caught = number;
}

void interrupt_watch(void) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    struct sigaction old;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) /* nohup's choice stays */
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(ends[i], &action, NULL);
}

int interrupt_signal(void) {
    return caught;
}
