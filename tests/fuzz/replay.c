/* replay.c: every file of the committed corpora once, without a fuzzer: replay CORPORA [TARGET]... */
#include "fuzz.h"

#include "base/file.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wanted(const char *name, char **names, int count) {
    bool found = count == 0;
    for (int i = 0; i < count; i++) found = found || strcmp(names[i], name) == 0;
    return found;
}

/* The bytes are copied to a block of their very size, so that a sanitizer sees a read behind them. */
static bool replay_file(const struct fuzz_target *target, const char *path) {
    FILE *f = fopen(path, "rb");
    static uint8_t bytes[1 << 20];
    size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    uint8_t *exact = malloc(size ? size : 1);
    bool ok = f && exact;
    if (ok) {
        memcpy(exact, bytes, size);
        target->run(exact, size);
    }
    free(exact);
    if (f) fclose(f);
    return ok;
}

static size_t replay(const struct fuzz_target *target, const char *corpora) {
    char path[1024];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s", corpora, target->name);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s/%s", corpora, target->name, entry->d_name);
        fprintf(stderr, "%s\n", path); /* the last such line names the file of a crash */
        count += replay_file(target, path);
    }
    if (d) closedir(d);
    target->run((const uint8_t *)"", 0);
    return count;
}

int main(int argc, char **argv) {
    size_t total = 0, empty = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: replay CORPORA [TARGET]...\n");
        return 2;
    }
    for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
        if (!wanted(t->name, argv + 2, argc - 2)) continue;
        size_t count = replay(t, argv[1]);
        if (count == 0) fprintf(stderr, "replay: %s: no corpus\n", t->name);
        empty += count == 0;
        total += count;
    }
    printf("%zu inputs replayed\n", total);
    return total == 0 || empty ? 1 : 0;
}
