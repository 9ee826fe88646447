/* interrupt.c: the handler of SIGINT and SIGTERM, which sets a flag and nothing else. */
#include "cli/interrupt.h"

#include <stddef.h>

/* The one mutable global: a signal handler has no other way to tell. */
static volatile sig_atomic_t caught;

static void handle(int number) {
    caught = number;
}

int interrupt_caught(void) {
    return caught;
}

const volatile sig_atomic_t *interrupt_watch(void) {
    static const int watched[] = {SIGINT, SIGTERM};
    struct sigaction before, action = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        if (sigaction(watched[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(watched[i], &action, NULL);
    return &caught;
}
