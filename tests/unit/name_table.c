/* Names and their places: found, missing, there twice, and many of them. */
#include "base/name_table.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Thousands of names, each with its number; a name by its text, not by where that lies. */
Test(name_table, keeps_what_was_put_there) {
    static char names[5000][8];
    struct name_table t = {0};
    char other[8];
    cr_expect_null(name_table_find(&t, "n0"));
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(names[i], sizeof names[i], "n%u", i);
        uint32_t *number = name_table_at(&t, names[i]);
        cr_assert_not_null(number);
        cr_assert_eq(*number, 0);
        *number = i + 7;
    }
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(other, sizeof other, "n%u", i);
        cr_assert_eq(*name_table_find(&t, other), i + 7);
        cr_assert_eq(*name_table_at(&t, other), i + 7);
    }
    cr_expect_eq(t.count, 5000);
    cr_expect_null(name_table_find(&t, "n5000"));
    cr_expect_null(name_table_find(&t, ""));
    *name_table_at(&t, "") = 1;
    cr_expect_eq(*name_table_find(&t, ""), 1);
    name_table_finish(&t);
    cr_expect_null(name_table_find(&t, "n0"));
}
