/* libfuzzer.c: the entry points of libFuzzer; the environment variable FUZZ_TARGET names the target. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const char *name = getenv("FUZZ_TARGET");
    (void)argc, (void)argv;
    for (const struct fuzz_target *t = fuzz_targets; name && t->name; t++)
        if (strcmp(t->name, name) == 0) chosen = t;
    if (chosen) return 0;
    fprintf(stderr, "FUZZ_TARGET: no such target: one of");
    for (const struct fuzz_target *t = fuzz_targets; t->name; t++) fprintf(stderr, " %s", t->name);
    fputc('\n', stderr);
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    chosen->run(data, size);
    return 0;
}
