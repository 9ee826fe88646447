/* Numbers with the fewest digits that read back, in every locale, and foreign text made harmless. */
#include "reports/format.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

TestSuite(report_format);

Test(report_format, writes_the_fewest_digits_that_read_back) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {.1, "0.1"},
                 {-.25, "-0.25"},
                 {1.0 / 3, "0.3333333333333333"},
                 {1e300, "1e+300"},
                 {.1 + .2, "0.30000000000000004"},
                 {30, "30"},
                 {NAN, ""},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {5e-324, "4.94065645841247e-324"},
                 {1e-7, "1e-07"}};
    char text[NUMBER_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(number_text(cases[i].value, text), cases[i].text);
}

Test(report_format, writes_a_point_in_every_locale) {
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR"};
    char text[NUMBER_SIZE];
    bool found = false;

    for (size_t i = 0; i < sizeof locales / sizeof *locales && !found; i++)
        found = setlocale(LC_ALL, locales[i]) != NULL;
    if (!found) cr_skip_test("no locale with a decimal comma is installed");
    cr_expect_str_eq(number_text(-1234.5, text), "-1234.5");
    cr_expect_str_eq(number_text(1.5e-200, text), "1.5e-200");
    setlocale(LC_ALL, "C");
}

Test(report_format, cleans_foreign_text) {
    static const struct {
        const char *raw, *utf8, *line, *xml;
    } cases[] = {
        {"plain", "plain", "plain", "plain"},
        {"", "", "", ""},
        {"a\nb\tc", "a\nb\tc", "a b c", "a&#10;b&#9;c"},
        {"\x1b[31m", "\x1b[31m", "\xef\xbf\xbd[31m", "\xef\xbf\xbd[31m"},
        {"<a href=\"x\">&'", "<a href=\"x\">&'", "<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;'"},
        {"\xc3\xbc\xe2\x88\x87\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x88\x87\xf0\x9f\x98\x80",
         "\xc3\xbc\xe2\x88\x87\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x88\x87\xf0\x9f\x98\x80"},
        {"\xff|\xc3", "\xef\xbf\xbd|\xef\xbf\xbd", "\xef\xbf\xbd|\xef\xbf\xbd", "\xef\xbf\xbd|\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd",
         "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong '/' */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xc2\x9b"
         "1m",
         "\xc2\x9b"
         "1m",
         "\xef\xbf\xbd"
         "1m",
         "\xef\xbf\xbd"
         "1m"}, /* the one-byte CSI */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text utf8 = {0}, line = {0}, xml = {0};
        text_add_clean(&utf8, cases[i].raw, CLEAN_UTF8);
        text_add_clean(&line, cases[i].raw, CLEAN_LINE);
        text_add_xml(&xml, cases[i].raw);
        cr_expect_str_eq(utf8.data, cases[i].utf8, "case %zu", i);
        cr_expect_str_eq(line.data, cases[i].line, "case %zu", i);
        cr_expect_str_eq(xml.data, cases[i].xml, "case %zu", i);
        text_finish(&utf8);
        text_finish(&line);
        text_finish(&xml);
    }
}
