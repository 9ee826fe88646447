/* The words of a judgement. */
#include "judge/judge.h"
#include "judge/studies.h"

#include <criterion/criterion.h>
#include <math.h>
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

/* However many numbers a reading has, and whatever of them was not measured. */
Test(judgement, numbers_of_a_study_in_order) {
    enum { COUNT = 300 };
    double values[COUNT];
    for (uint32_t k = 0; k < COUNT; k++) values[k] = k % 3 == 2 ? (double)NAN : COUNT - k;
    for (uint32_t rank = 0, below = 0; below < COUNT; below++) { /* the values, from the least on */
        const double value = values[COUNT - 1 - below];
        if (isnan(value)) continue;
        cr_expect_eq(studies_at_rank(values, COUNT, rank), value);
        rank++;
    }
    cr_expect(isnan(studies_at_rank(values, COUNT, 200)));
    cr_expect(isnan(studies_at_rank(values, 0, 0)));
    const double same[] = {4, 4, (double)NAN, 1};
    cr_expect_eq(studies_at_rank(same, 4, 0), 1);
    cr_expect_eq(studies_at_rank(same, 4, 1), 4);
    cr_expect_eq(studies_at_rank(same, 4, 2), 4);
    cr_expect(isnan(studies_at_rank(same, 4, 3)));
}
