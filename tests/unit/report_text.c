/* The verdict table of the terminal and of report.txt. */
#include "reports/report.h"

#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_text);

static char *shown_in(struct store *s, bool colour, size_t width) {
    char *text = NULL;
    size_t size = 0;
    struct error e = {""};
    FILE *out = open_memstream(&text, &size);

    cr_assert(out && report_text(s, out, &(struct report_style){.colour = colour, .reasons = true, .width = width}, &e),
              "%s", e.text);
    fclose(out);
    return text;
}

static char *shown(struct store *s, bool colour) {
    return shown_in(s, colour, 0);
}

static char *shown_run(const struct fake_run *fake, bool colour) {
    char folder[64];
    struct store *s = fake_run_store(fake, folder);
    char *text = shown(s, colour);

    store_close(s);
    fake_folder_remove(folder);
    return text;
}

static void expect_in(const char *text, const char *wanted) {
    cr_expect(strstr(text, wanted), "`%s` is not in:\n%s", wanted, text);
}

/* Code points of the longest line, colours left out. */
static size_t longest_line(const char *text) {
    size_t longest = 0, width = 0;

    for (; *text; text++) {
        if (*text == '\x1b') text = strchr(text, 'm');
        else if (*text == '\n') width = 0;
        else width += ((unsigned char)*text & 0xc0) != 0x80;
        longest = width > longest ? width : longest;
    }
    return longest;
}

Test(report_text, shows_the_matrix_the_surprises_and_how_to_read_them) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    char *text = shown_run(&fake, false);

    expect_in(text, "label-");
    expect_in(text, "\ngradient                         PASS        PASS         PASS         PASS        SKIP\n");
    expect_in(text, "\nsmoothgrad                       INCONCL.!   PASS ");
    expect_in(text, "\nintegrated-gradients (absolute)  UNINF.*     UNINF.* ");
    expect_in(text, "! guided-grad-cam under label-permutation: FAIL, expected PASS\n");
    expect_in(text, "[floor 0.01, ceiling");
    expect_in(text, "INPUT-DOMINATED: ");
    expect_in(text, "PASS is necessary, not sufficient");
    expect_in(text, "about 30 % (delta = 0.30)");
    expect_in(text, "The signed mean is blind to odd methods");
    expect_in(text, "magnitude guard");
    expect_in(text, "28 PASS, 13 FAIL, 2 INCONCLUSIVE, 6 UNINFORMATIVE, 9 SKIP, 2 ERROR\n");
    expect_in(text, "verdicts as expected: 57 of 60\n");
    cr_expect_null(strchr(text, '\x1b'));
    free(text);
}

/* Beside a PASS a similarity of 1 would puzzle. */
Test(report_text, marks_stages_that_are_no_control) {
    struct fake_run fake = {1, 3, 2, 2, 8, false, false};
    char *text = shown_run(&fake, false), *mark = strstr(text, "(grey)");

    expect_in(text, "\nindependent\n  gradient   fc2 0.06, fc1 0.02 (grey), conv2 0.00\n");
    cr_expect(mark && !strstr(mark + 1, "(grey)"), "one of all stages: %s", text);
    free(text);
}

Test(report_text, fits_100_columns) {
    for (int hostile = 0; hostile < 2; hostile++)
        for (int colour = 0; colour < 2; colour++) {
            struct fake_run fake = {14, 6, 2, 2, 8, false, hostile};
            char *text = shown_run(&fake, colour);
            cr_expect_leq(longest_line(text), 100, "%zu:\n%s", longest_line(text), text);
            free(text);
        }
}

Test(report_text, fits_a_narrow_terminal_and_a_wide_one) {
    static const size_t widths[] = {60, 80, 140};
    for (size_t i = 0; i < 3; i++) {
        struct fake_run fake = {14, 6, 2, 2, 8, false, false};
        char folder[64];
        struct store *s = fake_run_store(&fake, folder);
        char *text = shown_in(s, false, widths[i]);
        cr_expect_leq(longest_line(text), widths[i], "%zu:\n%s", longest_line(text), text);
        cr_expect_gt(longest_line(text), widths[i] - 20);
        free(text);
        store_close(s);
        fake_folder_remove(folder);
    }
}

Test(report_text, colours_only_add_escapes) {
    struct fake_run fake = {4, 2, 2, 2, 8, false, false};
    char *plain = shown_run(&fake, false), *colour = shown_run(&fake, true), *to = colour;

    expect_in(colour, "\x1b[32mPASS\x1b[0m");
    for (const char *from = colour; *from; from++)
        if (*from == '\x1b') from = strchr(from, 'm');
        else *to++ = *from;
    *to = '\0';
    cr_expect_str_eq(colour, plain);
    free(plain);
    free(colour);
}

Test(report_text, lets_no_name_control_the_terminal) {
    struct fake_run fake = {6, 2, 2, 2, 8, false, true};
    char *text = shown_run(&fake, false);

    for (const char *c = text; *c; c++) cr_assert((unsigned char)*c >= 0x20 || *c == '\n');
    expect_in(text, "line break tab\xef\xbf\xbd\xef\xbf\xbd[31mred");
    free(text);
}

Test(report_text, says_what_a_fixed_cutoff_is_and_what_is_wrong_with_the_model) {
    struct fake_run fake = {2, 2, 2, 2, 8, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);

    cr_assert(store_set_meta(
        s, "run", "{\"rule\": {\"name\": \"fixed-cutoff\"}, \"model\": {\"warning\": \"ends in ReLU\"}}", NULL));
    char *text = shown(s, false);
    expect_in(text, "- The model: ends in ReLU\n");
    expect_in(text, "- Rule: one fixed cut-off");
    expect_in(text, "a share up to delta");
    free(text);
    cr_assert(store_set_meta(s, "run", "not json", NULL));
    text = shown(s, false);
    cr_expect_null(strstr(text, "- Rule:"));
    free(text);
    store_close(s);
    fake_folder_remove(folder);
}

static void add_verdict(struct store *s, const char *explainer, uint32_t control, const char *expected) {
    char name[32];
    snprintf(name, sizeof name, "a-control-of-number-%u", control);
    cr_assert(store_put_verdict(
        s, &(struct verdict_row){explainer, name, "PASS", "", expected, true, "r", "", 0, 0, 0, 0, 1, 1, 1}, NULL));
}

Test(report_text, breaks_wide_tables_and_marks_missing_verdicts) {
    char folder[64];
    struct store *s;

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, NULL));
    free(path);
    char *text = shown(s, false);
    expect_in(text, "verdicts as expected: 0 of 0\n");
    free(text);
    for (uint32_t c = 0; c < 12; c++) add_verdict(s, "an-explainer", c, "PASS");
    add_verdict(s, "another", 3, "PASS");
    text = shown(s, false);
    cr_expect_leq(longest_line(text), 100, "%s", text);
    expect_in(text, "verdicts as expected: 13 of 13\n");
    free(text);
    store_close(s);
    fake_folder_remove(folder);
}

Test(report_text, counts_no_summary) {
    struct fake_run fake = {2, 2, 2, 2, 8, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);

    cr_assert(store_put_verdict(s,
                                &(struct verdict_row){.explainer = "gradient",
                                                      .control = "overall",
                                                      .verdict = "FAIL",
                                                      .as_expected = true,
                                                      .reason = "twice told"},
                                NULL));
    char *text = shown(s, false);
    expect_in(text, "  zero-pixel  overall\n");
    expect_in(text, "SKIP        FAIL\n");
    expect_in(text, "8 PASS, 2 SKIP\nverdicts as expected: 10 of 10\n");
    cr_expect_null(strstr(text, "twice told"));
    free(text);
    store_close(s);
    fake_folder_remove(folder);
}
