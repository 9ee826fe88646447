/* junit.xml: what was not as expected, and hostile names. */
#include "reports/report.h"

#include "fake_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_junit);

static char *written(const struct fake_run *fake) {
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
    cr_assert(r->write(s, folder, &e), "%s", e.text);
    char *text = fake_read(folder, "junit.xml");
    store_close(s);
    fake_folder_remove(folder);
    return text;
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

/* Enough of XML for this document: tags nest and match, attributes are quoted, entities are known, characters allowed.
 */
static void expect_well_formed(const char *text) {
    const char *open[16], *at = strchr(text, '\n') + 1;
    size_t depth = 0;

    for (const char *c = text; *c; c++) {
        cr_assert((unsigned char)*c >= 0x20 || *c == '\n', "control character %d", *c);
        if (*c == '&')
            cr_assert(!strncmp(c, "&amp;", 5) || !strncmp(c, "&lt;", 4) || !strncmp(c, "&gt;", 4) ||
                          !strncmp(c, "&quot;", 6) || !strncmp(c, "&#10;", 5) || !strncmp(c, "&#9;", 4),
                      "%.20s", c);
    }
    while ((at = strchr(at, '<'))) {
        const char *end = strchr(at, '>');
        cr_assert(end, "an open tag at the end");
        size_t quotes = 0;
        for (const char *c = at + 1; c < end; c++) {
            quotes += *c == '"';
            cr_assert_neq(*c, '<');
        }
        cr_assert_eq(quotes % 2, 0, "%.*s", (int)(end - at), at);
        if (at[1] == '/') {
            size_t length = (size_t)(end - at) - 2;
            cr_assert_gt(depth, 0);
            depth--;
            cr_assert(!strncmp(open[depth], at + 2, length) && strchr(" >", open[depth][length]), "%.*s", (int)length,
                      at + 2);
        } else if (end[-1] != '/') {
            cr_assert_lt(depth, 16);
            open[depth++] = at + 1;
        }
        at = end;
    }
    cr_assert_eq(depth, 0);
}

Test(report_junit, shows_what_was_not_as_expected) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    char *text = written(&fake);

    expect_well_formed(text);
    cr_expect_eq(
        strncmp(text,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\" tests=\"60\" failures=\"2\" "
                "errors=\"1\" skipped=\"9\">\n",
                110),
        0, "%.120s", text);
    cr_expect_eq(count(text, "<testsuite "), 5);
    cr_expect_eq(count(text, "<testcase "), 60);
    cr_expect_eq(count(text, "<failure "), 2);
    cr_expect_eq(count(text, "<error "), 1);
    cr_expect_eq(count(text, "<skipped "), 9);
    cr_expect_eq(count(text, "<system-out>"), 48);
    cr_expect_eq(count(text, "value=\"PASS is necessary, not sufficient"), 5, "every suite says how to read it");
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

    expect_well_formed(text);
    cr_expect_eq(
        count(text, "name=\"a,b &quot;quoted&quot; 'single' &lt;tag&gt; &amp; ]]&gt; _{x}^2 @y `ls` $(ls) %d \\n\""),
        5);
    cr_expect_eq(count(text, "name=\"line break tab\xef\xbf\xbd\xef\xbf\xbd[31mred\""), 5);
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
