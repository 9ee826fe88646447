/* phase: does DEED in PHASE and is honest otherwise; built once for each pair (Makefile, hostile_phases). */
#include "hostile.h"

#include <pthread.h>

UNUSED static void leave(void) {
    _exit(0);
}

static void *spin(void *nothing) {
    for (;;) nap(.001);
    return nothing;
}

UNUSED static void thread(void) {
    pthread_t started;
    pthread_create(&started, NULL, spin, NULL);
}

static void phase(const char *name) {
    if (strcmp(name, PHASE) == 0) DEED();
}

__attribute__((constructor)) static void load(void) {
    phase("constructor");
}

__attribute__((destructor)) static void unload(void) {
    phase("destructor");
}

static void claims(void) {
    phase("claims");
}

static void create(void) {
    phase("create");
}

static void destroy(void) {
    phase("destroy");
}

static assay_status attribute(const struct call *c) {
    phase("attribute");
    if (strcmp(PHASE, "late") == 0 && late(c)) DEED();
    return honest(c);
}

static const struct hostile hostile = {attribute, create, claims, destroy};
