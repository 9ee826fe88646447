/* What --last-failed takes from the run before, and what it says where there is nothing. */
#include "cli/last_failed.h"

#include "tests/unit/scratch.h"

TestSuite(last_failed, .init = scratch_enter, .fini = scratch_leave);

struct cell {
    const char *explainer, *control, *verdict;
    bool as_expected;
};

static void make_run(const struct cell *cells, size_t count, const char *key, const char *value) {
    static const char *const explainers[] = {"a", "b", "b (before ReLU)"}, *const controls[] = {"c", "d", "overall"};
    struct store *s;
    struct error e = {""};
    cr_assert(store_open("assay.db", &s, &e) && store_set_order(s, explainers, 3, controls, 3, &e), "%s", e.text);
    for (size_t i = 0; i < count; i++)
        cr_assert(store_put_verdict(s,
                                    &(struct verdict_row){.explainer = cells[i].explainer,
                                                          .control = cells[i].control,
                                                          .verdict = cells[i].verdict,
                                                          .annotation = "",
                                                          .expected = "PASS",
                                                          .as_expected = cells[i].as_expected,
                                                          .reason = "",
                                                          .first_stage = ""},
                                    &e),
                  "%s", e.text);
    if (key) cr_assert(store_set_meta(s, key, value, &e), "%s", e.text);
    cr_assert(store_seal_results(s, &e), "%s", e.text);
    store_close(s);
}

Test(last_failed, takes_rows_and_controls) {
    static const struct cell cells[] = {{"a", "c", "PASS", true},
                                        {"a", "d", "PASS", true},
                                        {"b", "c", "PASS", true},
                                        {"b (before ReLU)", "d", "FAIL", false}};
    struct last_failed l;
    struct error e = {""};
    make_run(cells, 4, NULL, NULL);
    cr_assert(last_failed_load(".", &l, &e), "%s", e.text);
    cr_assert_eq(l.row_count, 1);
    cr_expect_str_eq(l.rows[0], "b", "its origin");
    cr_assert_eq(l.control_count, 1);
    cr_expect_str_eq(l.controls[0], "d");
    cr_expect_null(l.rows[1]);
    last_failed_finish(&l);
}

/* Of a row that was undecided as a whole every control. */
Test(last_failed, takes_all_of_a_row_that_was_not_judged) {
    static const struct cell cells[] = {
        {"a", "c", "SKIP", true}, {"a", "d", "SKIP", true}, {"a", "overall", "SKIP", false}};
    struct last_failed l;
    struct error e = {""};
    make_run(cells, 3, NULL, NULL);
    cr_assert(last_failed_load(".", &l, &e), "%s", e.text);
    cr_expect_eq(l.row_count, 1);
    cr_expect_eq(l.control_count, 2);
    cr_expect_eq(l.exit_code, 4);
    last_failed_finish(&l);
}

/* Nothing failed, and yet it was no success of the whole battery. */
Test(last_failed, nothing_to_do_is_no_success_by_itself) {
    static const struct cell cells[] = {{"a", "c", "PASS", true}};
    static const struct {
        const char *key, *value;
        int status;
    } cases[] = {
        {"canaries", "{\"sentence\": \"1 of 6 wrong\", \"warning\": \"no ground for verdicts\"}", 3},
        {"part", "--only a", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cli_context context = {.program = "assay"};
        const struct run_options options = {.folder = "."};
        struct last_failed l;
        struct error e = {""};
        unlink("assay.db");
        make_run(cells, 1, cases[i].key, cases[i].value);
        cr_assert(last_failed_load(".", &l, &e), "%s", e.text);
        cr_expect_eq(l.row_count, 0);
        cr_expect_eq(last_failed_nothing(&l, &context, &options, &e), cases[i].status);
        cr_expect(strstr(e.text, "--last-failed: "), "%s", e.text);
        last_failed_finish(&l);
    }
}
