/* Answers kept in memory that processes share. */
#include "host/memo.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const float answer[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static struct memo *create(size_t floats) {
    struct memo *memo;
    struct error e;
    cr_assert(memo_create(floats * sizeof *answer, &memo, &e), "%s", e.text);
    return memo;
}

/* The first answers stay; one that no longer fits is not kept. */
Test(memo, keeps_within_its_bounds) {
    struct memo *memo = create(25);
    float out[26], many[26] = {0};
    memo_keep(memo, "d", many, 26);
    cr_expect_not(memo_find(memo, "d", out, 26), "larger than all there is");
    memo_keep(memo, "a", answer, 10);
    memo_keep(memo, "b", answer, 10);
    memo_keep(memo, "c", answer, 10);
    cr_expect(memo_find(memo, "a", out, 10) && memcmp(out, answer, sizeof answer) == 0);
    cr_expect(memo_find(memo, "b", out, 10));
    cr_expect_not(memo_find(memo, "a", out, 9), "of another size");
    cr_expect_not(memo_find(memo, "c", out, 10), "there was no room");
    memo_destroy(memo);
}

/* As many as there are places for, none of them mixed up. */
Test(memo, takes_only_so_many) {
    enum { MANY = 20000 };
    struct memo *memo = create(MANY);
    char key[32];
    int found = 0;
    for (int i = 0; i < MANY; i++) {
        float value = (float)i, out = -1;
        snprintf(key, sizeof key, "%d", i);
        memo_keep(memo, key, &value, 1);
        if (!memo_find(memo, key, &out, 1)) continue;
        cr_assert_float_eq(out, value, 0);
        found++;
    }
    cr_expect(found > MANY / 2 && found < MANY, "%d", found);
    memo_destroy(memo);
}

/* Processes that were forked later see what others found, and what several keep at once is whole. */
Test(memo, is_shared_by_processes) {
    enum { CHILDREN = 8, EACH = 20 };
    struct memo *memo = create((size_t)CHILDREN * EACH * 10);
    char key[32];
    for (int c = 0; c < CHILDREN; c++) {
        if (fork() != 0) continue;
        for (int i = 0; i < EACH; i++) {
            float own[10];
            for (int k = 0; k < 10; k++) own[k] = (float)(100 * c + i);
            snprintf(key, sizeof key, "%d/%d", c, i);
            memo_keep(memo, key, own, 10);
        }
        _exit(0);
    }
    for (int c = 0; c < CHILDREN; c++) wait(NULL);
    for (int c = 0; c < CHILDREN; c++)
        for (int i = 0; i < EACH; i++) {
            float out[10];
            snprintf(key, sizeof key, "%d/%d", c, i);
            cr_assert(memo_find(memo, key, out, 10), "%s", key);
            for (int k = 0; k < 10; k++) cr_expect_float_eq(out[k], (float)(100 * c + i), 0);
        }
    memo_destroy(memo);
}

/* Where these bytes are in memory that is shared: what a plugin would look for. */
static unsigned char *find_shared(const void *bytes, size_t size, unsigned char **mapping, size_t *mapped) {
    char line[512], mode[8];
    unsigned long begin, end;
    unsigned char *found = NULL;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !found && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %7s", &begin, &end, mode) != 3 || strcmp(mode, "rw-s") != 0) continue;
        for (unsigned char *at = (unsigned char *)begin; !found && at + size <= (unsigned char *)end; at += 4)
            if (memcmp(at, bytes, size) == 0) found = at;
        *mapping = (unsigned char *)begin;
        *mapped = end - begin;
    }
    if (maps) fclose(maps);
    return found;
}

/* A plugin may write anywhere: an answer that is not what was kept is none. */
Test(memo, notices_what_was_written_over) {
    struct memo *memo = create(100);
    float out[10];
    memo_keep(memo, "a", answer, 10);
    unsigned char *mapping, *at;
    size_t mapped;
    at = find_shared(answer, sizeof answer, &mapping, &mapped);
    cr_assert_not_null(at);
    at[7] ^= 1;
    cr_expect_not(memo_find(memo, "a", out, 10));
    at[7] ^= 1;
    cr_expect(memo_find(memo, "a", out, 10));
    memo_destroy(memo);
}

/* All shared memory filled with rubbish costs answers, and never more. */
Test(memo, survives_rubbish) {
    struct memo *memo = create(100);
    float out[10];
    unsigned char *mapping;
    size_t mapped;
    memo_keep(memo, "a", answer, 10);
    cr_assert_not_null(find_shared(answer, sizeof answer, &mapping, &mapped));
    for (int fill = 0; fill < 256; fill += 51) {
        for (size_t k = 0; k < mapped; k++) mapping[k] = (unsigned char)(fill + (int)k * 131 * (fill & 1));
        cr_expect_not(memo_find(memo, "a", out, 10));
        memo_keep(memo, "b", answer, 10);
        if (memo_find(memo, "b", out, 10)) cr_expect_arr_eq(out, answer, sizeof answer);
    }
    memo_destroy(memo);
}

/* Many memos of much, of which a process opens one: they take no address space, and no memory until they are used. */
Test(memo, of_a_file_takes_room_where_it_is_opened) {
    enum { MANY = 1000 };
    struct memo_file *file;
    struct memo *memos[2], *again;
    struct error e;
    float out[10];
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
#ifndef __SANITIZE_ADDRESS__
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
#endif
    (void)limit;
    cr_assert(memo_file_create(MANY, 32 << 20, &file, &e), "%s", e.text);
    cr_assert(memo_file_open(file, 0, true, &memos[0], &e) && memo_file_open(file, MANY - 1, true, &memos[1], &e));
    memo_keep(memos[0], "a", answer, 10);
    cr_expect(memo_find(memos[0], "a", out, 10) && memcmp(out, answer, sizeof out) == 0);
    cr_expect_not(memo_find(memos[1], "a", out, 10), "each has its own");
    memo_destroy(memos[0]);
    cr_assert(memo_file_open(file, 0, false, &again, &e), "%s", e.text);
    memo_file_destroy(file);
    cr_expect(memo_find(again, "a", out, 10), "what was kept is there, and open memos outlive the file");
    memo_keep(again, "b", answer, 10);
    cr_expect_not(memo_find(again, "b", out, 10), "it is for reading");
    memo_destroy(again);
    memo_destroy(memos[1]);
}

/* A limit on the size of files ends nobody. */
Test(memo, of_a_file_that_may_not_be_is_an_error) {
    struct memo_file *file;
    struct error e;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 1 << 20}), 0);
    cr_expect_not(memo_file_create(1, 32 << 20, &file, &e));
    cr_expect(strstr(e.text, "file size"), "%s", e.text);
}
