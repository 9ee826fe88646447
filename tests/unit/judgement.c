/* The words of a judgement. */
#include "judge/judge.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A rounded zero has no sign; a number that only begins like one keeps it. */
Test(judgement, zeros_have_no_sign) {
    static const struct {
        const char *said, *read;
    } cases[] = {
        {"D = -0.00", "D = 0.00"},
        {"D = -0.00 of it", "D = 0.00 of it"},
        {"D = -0.00: less", "D = 0.00: less"},
        {"-0.00, -0.00; -0.00", "0.00, 0.00; 0.00"},
        {"D = -0.001", "D = -0.001"},
        {"D = -0.009 ", "D = -0.009 "},
        {"D = -0.01", "D = -0.01"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sentences sentences = {0};
        struct judgement j = {.sentences = &sentences};
        judgement_say(&j, VERDICT_FAIL, "%s", cases[i].said);
        cr_expect_eq(j.word, VERDICT_FAIL);
        cr_expect_str_eq(j.reason, cases[i].read, "'%s' became '%s'", cases[i].said, j.reason);
        cr_expect_eq(sentences.count, 1);
        free(sentences.list[0]);
        free(sentences.list);
    }
}
