/* What a run says on standard output in each format, and what accepts a verdict. */
#include "reports/console.h"
#include "reports/surprise.h"

#include "fake_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_console);

static void put(struct store *s, const char *explainer, const char *control, const char *verdict, const char *expected,
                const char *reason) {
    struct error e = {""};
    bool as_expected = strstr(expected, verdict) != NULL || !*expected;
    cr_assert(store_put_verdict(s,
                                &(struct verdict_row){.explainer = explainer,
                                                      .control = control,
                                                      .verdict = verdict,
                                                      .annotation = "",
                                                      .expected = expected,
                                                      .as_expected = as_expected,
                                                      .reason = reason,
                                                      .first_stage = "",
                                                      .score = NAN,
                                                      .floor = NAN,
                                                      .ceiling = NAN},
                                &e),
              "%s", e.text);
}

/* An explainer of two ERRORs for one reason and one for another, a FAIL, and one that stopped failing. */
static struct store *open_run(void) {
    static const char *const explainers[] = {"crash", "my:method", "edges"};
    static const char *const controls[] = {"cascading", "independent", "twins", "overall"};
    struct error e = {""};
    struct store *s;
    cr_assert(store_open(":memory:", &s, &e) && store_set_order(s, explainers, 3, controls, 4, &e) &&
                  store_set_meta(s, "places",
                                 "{\"file\": \"a,b:c.yaml\", \"rows\": [{\"explainer\": \"my:method\", \"line\": 7}, "
                                 "{\"explainer\": \"edges\", \"line\": 8}], \"expect\": [{\"explainer\": \"edges\", "
                                 "\"control\": \"all\", \"line\": 11}]}",
                                 &e),
              "%s", e.text);
    put(s, "crash", "cascading", "ERROR", "PASS|SKIP", "It was killed.");
    put(s, "crash", "independent", "ERROR", "PASS|SKIP", "It was killed.");
    put(s, "crash", "twins", "ERROR", "PASS|SKIP", "It wrote NaN.");
    put(s, "crash", "overall", "ERROR", "", "It was killed.");
    put(s, "my:method", "cascading", "FAIL", "PASS|SKIP", "100 % survives\nat #3.");
    put(s, "my:method", "independent", "SKIP", "PASS|SKIP", "No layer # here.");
    put(s, "edges", "cascading", "PASS", "FAIL|SKIP", "Nothing survives.");
    put(s, "edges", "independent", "FAIL", "FAIL|SKIP", "All of it survives.");
    return s;
}

static char *shown(struct store *s, const char *format) {
    char *text = NULL;
    size_t size = 0;
    struct error e = {""};
    FILE *out = open_memstream(&text, &size);
    cr_assert(out && console_find(format)->write(s, out, &(struct report_style){.folder = "r"}, &e), "%s", e.text);
    fclose(out);
    return text;
}

Test(report_console, names_are_those_of_the_table) {
    for (size_t i = 0; console_formats[i].id || console_names[i]; i++)
        cr_assert_str_eq(console_formats[i].id, console_names[i]);
    cr_expect_null(console_find("xml"));
}

Test(report_console, quiet_is_nothing) {
    struct store *s = open_run();
    char *text = shown(s, "quiet");
    cr_expect_str_eq(text, "");
    free(text);
    store_close(s);
}

Test(report_console, github_annotates_the_lines_of_the_battery) {
    struct store *s = open_run();
    char *text = shown(s, "github");
    cr_expect_str_eq(text,
                     "::error file=a%2Cb%3Ac.yaml,title=crash under cascading%2C independent%3A ERROR::It was killed. "
                     "Expected: PASS|SKIP.\n"
                     "::error file=a%2Cb%3Ac.yaml,title=crash under twins%3A ERROR::It wrote NaN. Expected: "
                     "PASS|SKIP.\n"
                     "::error file=a%2Cb%3Ac.yaml,line=7,title=my%3Amethod under cascading%3A FAIL::100 %25 survives "
                     "at #3. Expected: PASS|SKIP. To accept it, under `expect`: \"my:method/cascading\": FAIL\n"
                     "::error file=a%2Cb%3Ac.yaml,line=11,title=edges under cascading%3A PASS::Nothing survives. "
                     "Expected: FAIL|SKIP. It stopped failing. Under `expect`: edges/cascading: PASS\n"
                     "::notice title=assay::1 PASS, 2 FAIL, 1 SKIP, 3 ERROR; verdicts as expected: 2 of 7\n",
                     "%s", text);
    free(text);
    store_close(s);
}

Test(report_console, tap_has_a_test_for_each_verdict) {
    struct store *s = open_run();
    char *text = shown(s, "tap");
    cr_expect_eq(strncmp(text, "TAP version 13\n1..7\nnot ok 1 - crash under cascading: ERROR\n  ---\n", 64), 0, "%s",
                 text);
    cr_expect(strstr(text, "\nnot ok 4 - my:method under cascading: FAIL\n  ---\n  verdict: \"FAIL\"\n  expected: "
                           "\"PASS|SKIP\"\n  message: \"100 % survives at #3.\"\n  accept: "
                           "\"\\\"my:method/cascading\\\": FAIL\"\n  ...\nok 5 - my:method under independent: SKIP # "
                           "SKIP No layer \\# here.\n"),
              "%s", text);
    cr_expect(strstr(text, "\nok 7 - edges under independent: FAIL as expected\n"), "%s", text);
    free(text);
    store_close(s);
}

Test(report_console, json_is_one_document) {
    struct store *s = open_run();
    char *text = shown(s, "json");
    json_error_t error;
    json_t *all = json_loads(text, 0, &error), *verdicts = json_object_get(all, "verdicts");
    cr_assert(all, "%s: %s", error.text, text);
    cr_expect_eq(json_array_size(verdicts), 8);
    cr_expect_eq(json_integer_value(json_object_get(all, "exit_code")), 3);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(all, "words"), "ERROR")), 3);
    const json_t *fail = json_array_get(verdicts, 4);
    cr_expect_str_eq(json_string_value(json_object_get(fail, "accept")), "\"my:method/cascading\": FAIL");
    cr_expect_eq(json_integer_value(json_object_get(fail, "line")), 7);
    cr_expect(json_is_null(json_object_get(json_array_get(verdicts, 0), "accept")), "an ERROR is not accepted");
    json_decref(all);
    free(text);
    store_close(s);
}

Test(report_console, table_says_an_error_once) {
    struct store *s = open_run();
    char *text = shown(s, "table");
    cr_expect(strstr(text, "\n  ! crash under cascading, independent: ERROR, expected PASS|SKIP\n    It was killed.\n"
                           "  ! crash under twins: ERROR, expected PASS|SKIP\n"),
              "%s", text);
    cr_expect(strstr(text,
                     "\n    Look at r/report.html#e1-0.\n    To accept it, under `expect`: \"my:method/cascading\": "
                     "FAIL\n"),
              "%s", text);
    cr_expect(strstr(text, "\n    It stopped failing. Under `expect`: edges/cascading: PASS\n"), "%s", text);
    free(text);
    store_close(s);
}

/* What was not run is said once for each row, and no entry accepts it. */
Test(report_console, what_was_not_run_is_not_accepted) {
    struct store *s = open_run();
    struct error e = {""};
    static const char *const controls[] = {"cascading", "independent"};
    for (size_t c = 0; c < 2; c++)
        cr_assert(store_put_verdict(s,
                                    &(struct verdict_row){.explainer = "edges",
                                                          .control = controls[c],
                                                          .verdict = "INCONCLUSIVE",
                                                          .annotation = VERDICT_NOT_RUN,
                                                          .expected = "INCONCLUSIVE",
                                                          .reason = "Not run.",
                                                          .first_stage = "",
                                                          .score = NAN,
                                                          .floor = NAN,
                                                          .ceiling = NAN},
                                    &e),
                  "%s", e.text);
    char *text = shown(s, "github");
    cr_expect(strstr(text, "title=edges under cascading%2C independent%3A INCONCLUSIVE::Not run. Expected: "
                           "INCONCLUSIVE.\n"),
              "%s", text);
    free(text);
    store_close(s);
}

/* What broke off has a word for every program that reads. */
Test(report_console, says_that_there_are_no_verdicts) {
    static const struct {
        const char *format, *message, *wanted;
    } cases[] = {
        {"github", "b.yaml:3:14: 'x': a number wanted",
         "::error file=b.yaml,line=3,title=assay cannot begin::b.yaml:3:14: 'x': a number wanted\n"},
        {"github", "-:3:14: bad", "::error title=assay cannot begin::-:3:14: bad\n"},
        {"github", "x: gone", "::error title=assay cannot begin::x: gone\n"},
        {"tap", "x: gone", "TAP version 13\nBail out! exit code 2: x: gone\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        console_find(cases[i].format)->say_broken(out, cases[i].message, 2);
        fclose(out);
        cr_expect_str_eq(text, cases[i].wanted, "%s", text);
        free(text);
    }
}

Test(report_console, exit_codes) {
    static const struct {
        const char *verdict, *expected, *control;
        bool wrong;
        int code;
    } cases[] = {
        {"PASS", "PASS|SKIP", "cascading", false, 0},     {"FAIL", "FAIL", "cascading", false, 0},
        {"PASS", "PASS|SKIP", "cascading", true, 3},      {"FAIL", "PASS|SKIP", "cascading", false, 1},
        {"PASS", "FAIL", "cascading", false, 1},          {"SKIP", "PASS", "cascading", false, 1},
        {"ERROR", "FAIL", "cascading", false, 3},         {"INCONCLUSIVE", "PASS", "cascading", false, 4},
        {"UNINFORMATIVE", "PASS", "cascading", false, 4}, {"SKIP", "PASS", "overall", false, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char *const names[] = {"a", "cascading", "overall"};
        struct store *s;
        struct error e = {""};
        struct verdict_table t;
        cr_assert(store_open(":memory:", &s, &e) && store_set_order(s, names, 1, names + 1, 2, &e));
        put(s, "a", cases[i].control, cases[i].verdict, cases[i].expected, "");
        cr_assert(verdict_table_load(s, &t, &e));
        cr_expect_eq(surprise_exit_code(&t, cases[i].wrong), cases[i].code, "%zu", i);
        verdict_table_finish(&t);
        store_close(s);
    }
}

Test(report_console, keys_are_yaml) {
    static const struct {
        const char *row, *control, *wanted;
    } cases[] = {
        {"gradient", "cascading", "gradient/cascading"},
        {"./a.so", "twins", "./a.so/twins"},
        {"grad-cam (before ReLU)", "twins", "\"grad-cam (before ReLU)/twins\""},
        {"a \"b\" \\ \x01", NULL, "\"a \\\"b\\\" \\\\ \\x01\""},
        {"ig:steps=20", "twins", "\"ig:steps=20/twins\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text out = {0};
        expect_add_key(&out, cases[i].row, cases[i].control);
        cr_expect_str_eq(out.data, cases[i].wanted);
        text_finish(&out);
    }
}

/* Neither fails a job by itself: no test, and no error. */
Test(report_console, warnings_that_fail_nothing_are_shown) {
    struct store *s = open_run();
    struct error e;
    cr_assert(store_set_meta(s, "equalities", "{\"sentence\": null, \"warning\": \"a and b\\ngive one map\"}", &e));
    cr_assert(store_set_meta(s, "accuracy", "{\"sentence\": \"right on 1 of 9\", \"warning\": \"it guesses\"}", &e));
    char *tap = shown(s, "tap"), *github = shown(s, "github");
    cr_expect(strstr(tap, "\n1..7\n# warning: it guesses\n# warning: a and b give one map\nnot ok 1 - "), "%s", tap);
    cr_expect(strstr(github, "::warning file=a%2Cb%3Ac.yaml,title=maps that are equal or should be::a and b give one "
                             "map\n"),
              "%s", github);
    free(tap);
    free(github);
    store_close(s);
}
