/* Numbers and markup as reports print them. */
#include "base/rng.h"
#include "reports/format.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(report_format);

Test(report_format, writes_the_fewest_digits_that_read_back) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {.1, "0.1"},
                 {-.25, "-0.25"},
                 {-0.0, "-0"},
                 {.00001, "1e-05"},
                 {-.0001, "-0.0001"},
                 {0.89107, "0.89107"},
                 {9999999999.99999, "9999999999.99999"},
                 {1e15, "1e+15"},
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

/* What has few decimals does not go through printf, and is what printf writes; so are its neighbours, which have many.
 */
Test(report_format, few_decimals_are_what_printf_writes) {
    struct rng rng = rng_stream(1, "few decimals", 0);
    char text[NUMBER_SIZE], wanted[NUMBER_SIZE];

    for (uint32_t i = 0; i < 100000; i++) {
        double scale = pow(10, (double)rng_below(&rng, 12)), value = (double)rng_below(&rng, 2000000001u) - 1e9;
        value = floor(value / scale) / pow(10, (double)rng_below(&rng, 8));
        if (i % 3 == 1) value = nextafter(value, i % 2 ? -HUGE_VAL : HUGE_VAL);
        if (i % 7 == 0) value *= 1e9;
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(wanted, sizeof wanted, "%.*g", digits, value);
            if (strtod(wanted, NULL) == value) break;
        }
        cr_assert_str_eq(number_text(value, text), wanted);
    }
}

/* So are numbers between 1e-4 and 1, of any number of digits, and those beside powers of ten and of two. */
Test(report_format, many_decimals_are_what_printf_writes) {
    struct rng rng = rng_stream(1, "many decimals", 0);
    char text[NUMBER_SIZE], wanted[NUMBER_SIZE];

    for (uint32_t i = 0; i < 200000; i++) {
        double value = rng_uniform(&rng) * pow(10, -(double)rng_below(&rng, 5));
        if (i % 5 == 1) value = ((double)rng_below(&rng, 2000) + 1) / ((double)rng_below(&rng, 5000) + 2);
        if (i % 5 == 2) value = ldexp(1, -(int)rng_below(&rng, 16));
        if (i % 5 == 3) value = pow(10, -(double)rng_below(&rng, 6));
        if (i % 5 == 4) value = strtod(number_text(floor(value * 1e14) / 1e14, text), NULL);
        for (uint32_t step = rng_below(&rng, 4); step; step--) value = nextafter(value, i % 2 ? 0 : 1);
        if (i % 3 == 0) value = -value;
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(wanted, sizeof wanted, "%.*g", digits, value);
            if (strtod(wanted, NULL) == value) break;
        }
        cr_assert_str_eq(number_text(value, text), wanted);
    }
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

/* What is clean is the same for a terminal and a file; XML escapes its markup besides. */
Test(report_format, escapes_markup_of_clean_text) {
    static const struct {
        const char *raw, *xml;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"a\nb\tc", "a b c"},
        {"\x1b[31m\xff", "\xef\xbf\xbd[31m\xef\xbf\xbd"},
        {"<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;'"},
        {"]]>", "]]&gt;"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text xml = {0};
        text_add_xml(&xml, cases[i].raw);
        cr_expect_str_eq(xml.data, cases[i].xml, "case %zu", i);
        text_finish(&xml);
    }
}
