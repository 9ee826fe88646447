/* junit.xml: what a CI page shows, and that it is XML. */
#include "reports/report.h"

#include "fake_run.h"
#include "markup.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_junit);

/* canaries: what the run stored of them, or NULL. Every run here has two methods with one map. */
static char *written_with(const struct fake_run *fake, const char *canaries) {
    const struct report *r = reports;
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(fake, folder);

    while (r->id && strcmp(r->id, "junit") != 0) r++;
    cr_assert_not_null(r->id);
    cr_assert(
        store_put_verdict(s,
                          &(struct verdict_row){
                              .explainer = "gradient", .control = "overall", .verdict = "FAIL", .as_expected = true},
                          &e),
        "a summary, which is no test of its own");
    cr_assert(!canaries || store_set_meta(s, "canaries", canaries, &e), "%s", e.text);
    cr_assert(store_set_meta(s, "equalities", "{\"sentence\": null, \"warning\": \"a & b give one map\"}", &e));
    cr_assert(r->write(s, folder, &e), "%s", e.text);
    char *text = fake_read(folder, "junit.xml");
    store_close(s);
    fake_folder_remove(folder);
    return text;
}

static char *written(const struct fake_run *fake) {
    return written_with(fake, NULL);
}

Test(report_junit, shows_what_was_not_as_expected) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    char *text = written(&fake);

    markup_expect(text);
    cr_expect_eq(
        strncmp(text,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\" tests=\"60\" failures=\"2\" "
                "errors=\"1\" skipped=\"9\">\n",
                110),
        0, "%.120s", text);
    cr_expect_eq(markup_count(text, "<testsuite "), 5);
    cr_expect_eq(markup_count(text, "<testcase "), 60);
    cr_expect_eq(markup_count(text, "<failure "), 2);
    cr_expect_eq(markup_count(text, "<error "), 1);
    cr_expect_eq(markup_count(text, "<skipped "), 9);
    cr_expect_eq(markup_count(text, "<system-out>"), 48);
    cr_expect_eq(markup_count(text, "value=\"PASS is necessary, not sufficient"), 5, "every suite says how to read it");
    cr_expect_eq(markup_count(text, "<property name=\"warning\" value=\"a &amp; b give one map\"/>"), 5);
    cr_expect_not_null(
        strstr(text, "<testcase classname=\"cascading\" name=\"smoothgrad\">\n      <failure message=\"INCONCLUSIVE "
                     "(expected PASS): "));
    cr_expect_not_null(strstr(
        text, "<testcase classname=\"cascading\" name=\"edge-detector\">\n      <system-out>FAIL (expected FAIL)"));
    cr_expect_null(strstr(text, "time"), "no times in a report");
    cr_expect_null(strstr(text, "overall"));
    free(text);
}

Test(report_junit, escapes_hostile_names) {
    struct fake_run fake = {6, 2, 2, 2, 8, false, true};
    char *text = written(&fake);

    markup_expect(text);
    cr_expect_eq(
        markup_count(text,
                     "name=\"a,b &quot;quoted&quot; 'single' &lt;tag&gt; &amp; ]]&gt; _{x}^2 @y `ls` $(ls) %d \\n\""),
        5);
    cr_expect_eq(markup_count(text, "name=\"line break tab\xef\xbf\xbd\xef\xbf\xbd[31mred\""), 5);
    free(text);
}

Test(report_junit, is_the_same_bytes_whatever_the_order_of_writing) {
    struct fake_run fake = {6, 2, 2, 2, 8, false, false};
    char *straight = written(&fake);
    fake.shuffled = true;
    char *shuffled = written(&fake);

    cr_expect_str_eq(straight, shuffled);
    free(straight);
    free(shuffled);
}

/* A wrong canary makes exit code 3 whatever the verdicts are: a page that shows none would be green. */
Test(report_junit, shows_canaries) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    char *wrong = written_with(&fake, "{\"sentence\": \"5 of 6 as known, 1 wrong\", \"warning\": \"no <ground>\"}");
    char *right = written_with(&fake, "{\"sentence\": \"6 of 6 as known\", \"warning\": null}");

    markup_expect(wrong);
    markup_expect(right);
    cr_expect_not_null(strstr(wrong, "tests=\"61\" failures=\"2\" errors=\"2\" skipped=\"9\""), "%.120s", wrong);
    cr_expect_not_null(strstr(wrong, "<testsuite name=\"canaries\" tests=\"1\" failures=\"0\" errors=\"1\""));
    cr_expect_not_null(
        strstr(wrong, "<error type=\"canaries\" message=\"5 of 6 as known, 1 wrong: no &lt;ground&gt;\"/>"));
    cr_expect_not_null(strstr(right, "tests=\"61\" failures=\"2\" errors=\"1\" skipped=\"9\""), "%.120s", right);
    cr_expect_not_null(strstr(right, "<system-out>6 of 6 as known</system-out>"));
    free(wrong);
    free(right);
}
