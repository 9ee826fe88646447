/* golden.h: reads the committed reference values. */
#ifndef ASSAY_TESTS_GOLDEN_H
#define ASSAY_TESTS_GOLDEN_H

#include <criterion/criterion.h>
#include <stdio.h>

/* Opens a table and steps over its first line, a comment. */
static inline FILE *golden_open(const char *path) {
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in, "%s is missing: run tests from the project root", path);
    int c;
    while ((c = fgetc(in)) != '\n' && c != EOF)
        ;
    return in;
}

#endif
