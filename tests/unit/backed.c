/* Arrays in files: what was written comes back when its pages were given back, and forks cannot change a sealed one. */
#include "base/backed.h"
#include "base/resident.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static void fill(const struct backed *b) {
    uint32_t *words = b->data;
    for (size_t i = 0; i < b->size / 4; i++) {
        words[i] = (uint32_t)(i * 2654435761u);
        if (i % 100000 == 99999) backed_release(b, words + i - 99999, 400000);
    }
}

static size_t wrong(const struct backed *b) {
    const uint32_t *words = b->data;
    size_t count = 0;
    for (size_t i = 0; i < b->size / 4; i++) {
        count += words[i] != (uint32_t)(i * 2654435761u);
        if (i % 100000 == 99999) backed_release(b, words + i - 99999, 400000);
    }
    return count;
}

static void check(size_t size, bool paged) {
    struct backed b;
    struct error e;
    cr_assert(backed_create(size, &b, &e), "%s", e.text);
    cr_expect_eq(b.paged, paged);
    const size_t before = resident_now();
    fill(&b);
    cr_expect_eq(wrong(&b), 0u);
    cr_assert(backed_seal(&b, &e), "%s", e.text);
    cr_expect_eq(wrong(&b), 0u);
    if (paged) cr_expect_lt(resident_now(), before + 4 * MIB, "%zu after %zu", resident_now(), before);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        memset(b.data, 1, size);
        backed_release(&b, b.data, size);
        _exit(paged ? wrong(&b) != 0 : 0);
    }
    int status;
    waitpid(child, &status, 0);
    cr_expect_eq(status, 0);
    cr_expect_eq(wrong(&b), 0u, "a fork changed it");
    backed_destroy(&b);
}

/* /tmp may lie in memory: then there is nothing to give back. */
static bool has_files(void) {
    return backed_resident(64 * MIB) == 0;
}

Test(backed, small_ones_are_memory) {
    check(1000 * sizeof(uint32_t), false);
    cr_expect_eq(backed_resident(1000), 1000u);
}

Test(backed, large_ones_lie_in_a_file) {
    check(20 * MIB + 4, has_files());
}

Test(backed, of_several_files) {
    check(130 * MIB + 12, has_files());
}

Test(backed, without_a_file_it_is_memory) {
    setenv("TMPDIR", "/nowhere", 1);
    check(5 * MIB, false);
    cr_expect_eq(backed_resident(5 * MIB), 5 * MIB);
}

Test(backed, a_limit_on_files_is_kept) {
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){MIB, MIB});
    check(5 * MIB, false);
}
