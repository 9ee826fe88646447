/* Answers kept in memory that processes share. */
#include "host/memo.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* A plugin may write anywhere: an answer that is not what was kept is none. */
Test(memo, notices_what_was_written_over) {
    struct memo *memo = create(100);
    float out[10];
    memo_keep(memo, "a", answer, 10);
    unsigned char *at = (unsigned char *)memo;
    for (size_t k = 0; k < 1 << 23 && memcmp(at, answer, sizeof answer) != 0; k++) at++;
    cr_assert(memcmp(at, answer, sizeof answer) == 0);
    at[7] ^= 1;
    cr_expect_not(memo_find(memo, "a", out, 10));
    at[7] ^= 1;
    cr_expect(memo_find(memo, "a", out, 10));
    memo_destroy(memo);
}
