/* targets.c: the table of fuzz targets, and what they share. */
#include "fuzz.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct fuzz_target fuzz_targets[] = {
    {"arch", fuzz_arch},
    {"auto", fuzz_preprocess_auto},
    {"battery", fuzz_battery},
    {"cifar", fuzz_cifar},
    {"classes", fuzz_class_names},
    {"csv", fuzz_csv},
    {"data", fuzz_data},
    {"external", fuzz_external},
    {"folder", fuzz_folder_list},
    {"frame", fuzz_frame},
    {"idx", fuzz_idx},
    {"image", fuzz_image},
    {"message", fuzz_message},
    {"npy", fuzz_npy},
    {"onnx", fuzz_onnx},
    {"preprocess", fuzz_preprocess},
    {"set", fuzz_set},
    {"spec", fuzz_spec},
    {"store", fuzz_store},
    {NULL, NULL},
};

static char folder[64];
static pid_t owner;

/* Children of a target come here, too. */
static void remove_folder(void) {
    DIR *d = getpid() == owner ? opendir(folder) : NULL;
    for (struct dirent *entry; d && (entry = readdir(d));) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (d) closedir(d);
    if (getpid() == owner) rmdir(folder);
}

const char *fuzz_folder(void) {
    if (!folder[0]) {
        bool memory = access("/dev/shm", W_OK) == 0; /* where files cost nothing */
        snprintf(folder, sizeof folder, "%s/assay-fuzz-XXXXXX", memory ? "/dev/shm" : "/tmp");
        fuzz_check(mkdtemp(folder) != NULL, "a folder for temporary files can be made");
        owner = getpid();
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_file(const char *name, const void *data, size_t size) {
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    FILE *f = fopen(path, "wb");
    fuzz_check(f && fwrite(data, 1, size, f) == size && fclose(f) == 0, "a temporary file can be written");
    return path;
}

char *fuzz_text(const uint8_t *data, size_t size, size_t most) {
    size_t n = size < most ? size : most;
    char *text = malloc(n + 1);
    fuzz_check(text != NULL, "there is memory");
    if (n) memcpy(text, data, n);
    text[n] = 0;
    return text;
}

void fuzz_check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz: does not hold: %s\n", what);
    abort();
}
