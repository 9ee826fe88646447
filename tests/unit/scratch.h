/* scratch.h: a folder of the test's own under /tmp, which is the working directory while the test runs: names in
 * messages are then short and always the same. */
#ifndef ASSAY_TESTS_SCRATCH_H
#define ASSAY_TESTS_SCRATCH_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_folder[] = "/tmp/assay-scratch-XXXXXX";

static inline void scratch_enter(void) {
    cr_assert_not_null(mkdtemp(scratch_folder));
    cr_assert_eq(chdir(scratch_folder), 0);
}

static inline void scratch_leave(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", scratch_folder);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(system(command), 0);
}

/* A new file each time: ext4 waits for the disk when one is written over. */
static inline void scratch_put(const char *name, const void *data, size_t size) {
    unlink(name);
    FILE *out = fopen(name, "wb");
    cr_assert_not_null(out);
    cr_assert_eq(fwrite(data, 1, size, out), size);
    cr_assert_eq(fclose(out), 0);
}

#endif
