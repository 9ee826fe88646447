/* assay compare: what counts as worse, intervals of differences, ranks, and the formats. */
#include "reports/compare.h"

#include "fake_run.h"
#include "markup.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_compare);

Test(report_compare, knows_better_from_worse) {
    static const struct {
        const char *from;
        bool from_expected;
        const char *to;
        bool to_expected;
        enum change change;
    } cases[] = {
        {"PASS", true, "PASS", true, CHANGE_NONE},
        {"PASS", true, "INCONCLUSIVE", false, CHANGE_WORSE},
        {"PASS", true, "INCONCLUSIVE", true, CHANGE_WORSE}, /* a wide expectation hides nothing */
        {"PASS", true, "SKIP", true, CHANGE_WORSE},
        {"PASS", false, "FAIL", true, CHANGE_BETTER}, /* a control of the harness that works again */
        {"FAIL", true, "PASS", false, CHANGE_WORSE},  /* one that does not */
        {"FAIL", false, "PASS", true, CHANGE_BETTER},
        {"FAIL", true, "UNINFORMATIVE", true, CHANGE_OTHER},
        {"FAIL", false, "UNINFORMATIVE", false, CHANGE_BETTER},
        {"INCONCLUSIVE", false, "FAIL", false, CHANGE_WORSE},
        {"FAIL", true, "ERROR", true, CHANGE_WORSE},
        {"PASS", true, "nonsense", true, CHANGE_WORSE},
        {NULL, false, "FAIL", false, CHANGE_WORSE}, /* new, and nobody expected it */
        {NULL, false, "INCONCLUSIVE", false, CHANGE_WORSE},
        {NULL, false, "PASS", false, CHANGE_WORSE}, /* a new control of the harness that does not work */
        {NULL, false, "FAIL", true, CHANGE_OTHER},
        {NULL, false, "SKIP", true, CHANGE_OTHER},
        {"SKIP", true, NULL, false, CHANGE_WORSE},
        {NULL, false, NULL, false, CHANGE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct verdict_row from = {.verdict = cases[i].from, .as_expected = cases[i].from_expected},
                                 to = {.verdict = cases[i].to, .as_expected = cases[i].to_expected};
        cr_expect_eq(compare_change(from.verdict ? &from : NULL, to.verdict ? &to : NULL), cases[i].change, "case %zu",
                     i);
    }
}

/* Of symmetric intervals it is the usual one: sqrt(.3^2 + .4^2) = .5. */
Test(report_compare, joins_intervals) {
    static const struct {
        struct compare_number first, later, wanted;
    } cases[] = {
        {{.2, -.1, .5}, {.6, .2, 1.}, {.4, -.1, .9}},  {{.2, .2, .2}, {.6, .5, .9}, {.4, .3, .7}},
        {{.2, .1, .6}, {.6, .3, .6}, {.4, -.1, .5}}, /* later's lower with first's upper, and the other way */
        {{.2, NAN, .5}, {.6, .2, 1.}, {.4, NAN, NAN}}, {{NAN, NAN, NAN}, {.6, .2, 1.}, {NAN, NAN, NAN}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct compare_number d = compare_difference(&cases[i].first, &cases[i].later), *w = &cases[i].wanted;
        const double found[] = {d.value, d.lower, d.upper}, wanted[] = {w->value, w->lower, w->upper};
        for (size_t k = 0; k < 3; k++)
            cr_expect(isnan(wanted[k]) ? isnan(found[k]) : fabs(found[k] - wanted[k]) < 1e-12, "case %zu: %g is not %g",
                      i, found[k], wanted[k]);
    }
}

Test(report_compare, ranks_only_what_intervals_tell_apart) {
    static const struct compare_number n[] = {{.1, .0, .2}, {.15, .1, .3}, {.5, .4, .6}, {.9, .8, 1.}};
    static const struct compare_rank wanted[] = {{1, 2}, {1, 2}, {3, 3}, {4, 4}};
    static const struct compare_number same[] = {{.1, .0, .5}, {.2, .1, .4}, {.5, .3, .9}};
    struct compare_rank ranks[4];

    compare_ranks(n, 4, ranks);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(ranks[i].best, wanted[i].best, "%zu", i);
        cr_expect_eq(ranks[i].worst, wanted[i].worst, "%zu", i);
    }
    compare_ranks(same, 3, ranks);
    for (size_t i = 0; i < 3; i++) cr_expect(ranks[i].best == 1 && ranks[i].worst == 3, "%zu", i);
}

/* Two runs of hostile names, the second with one verdict changed and without the last explainer. */
static char *written(const char *format, bool hostile, size_t *regressions) {
    const struct sheet_format *f = sheet_formats;
    struct compare c = {0};
    struct text out = {0};
    struct error e = {""};

    for (int k = 0; k < 2; k++) {
        struct fake_run fake = {k ? 3 : 4, 2, 1, 2, 8, false, hostile};
        char folder[64];
        struct store *s = fake_run_store(&fake, folder);
        if (k)
            cr_assert(store_put_verdict(s,
                                        &(struct verdict_row){.explainer = fake_explainer(&fake, 2),
                                                              .control = "cascading",
                                                              .verdict = "INCONCLUSIVE",
                                                              .expected = "PASS",
                                                              .reason = "| & undecided",
                                                              .score = .3,
                                                              .lower = .1,
                                                              .upper = .5,
                                                              .floor = 0,
                                                              .ceiling = 1},
                                        &e));
        cr_assert(compare_add_run(&c, k ? "b\n<x>" : "a", s, &e), "%s", e.text);
        store_close(s);
        fake_folder_remove(folder);
    }
    cr_assert(compare_make(&c, &e), "%s", e.text);
    while (strcmp(f->id, format) != 0) f++;
    f->add(&out, "Comparison", c.sheets, COMPARE_SHEETS);
    cr_assert_not(out.failed);
    *regressions = c.regressions;
    compare_finish(&c);
    return out.data;
}

Test(report_compare, says_the_same_in_every_format) {
    static const struct {
        const char *format, *wanted;
    } cases[] = {
        {"table", "input-x-gradient      cascading          PASS -> INCONCLUSIVE  b <x>  worse     | & undecided\n"},
        {"table", "integrated-gradients  cascading          PASS -> none          b <x>  worse     no verdict there\n"},
        {"csv", "\"Changes since the first run\",\"input-x-gradient\",\"cascading\",\"PASS -> INCONCLUSIVE\",\"b <x>\","
                "\"worse\",\"| & undecided\"\n"},
        {"markdown",
         "| input-x-gradient | cascading | PASS -\\> INCONCLUSIVE | b &lt;x\\> | worse | \\| &amp; undecided "
         "|\n"},
        {"markdown",
         "\n### Changes since the first run\n\n| explainer | control | change | since | which is | reason |\n"
         "|---|---|---|---|---|---|\n"},
        {"latex",
         "input-x-gradient & cascading & PASS -\\textgreater{} INCONCLUSIVE & b \\textless{}x\\textgreater{} & "
         "worse & \\textbar{} \\& undecided \\\\\n"},
        {"html",
         "<td><span class=\"word w2\">INCONCLUSIVE</span></td><td>0.30 [0.10, 0.50]</td><td>0.26 [0.05, 0.47]</td>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t regressions;
        char *text = written(cases[i].format, false, &regressions);
        cr_expect_eq(regressions, 1 + FAKE_CONTROLS);
        cr_expect(strstr(text, cases[i].wanted), "%s: `%s` is not in:\n%s", cases[i].format, cases[i].wanted, text);
        free(text);
    }
}

Test(report_compare, lets_no_name_be_markup) {
    size_t regressions;
    char *html = written("html", true, &regressions), *table = written("table", true, &regressions);

    markup_expect(html);
    cr_expect_null(strstr(html, "<tag>"));
    for (const char *c = table; *c; c++) cr_assert((unsigned char)*c >= 0x20 || *c == '\n');
    free(html);
    free(table);
}

/* Two runs of one row each: one cell that both judge, one that is SKIP in both, one that is new and SKIP. */
static char *skipped(const char *format, bool whole, size_t *count) {
    static const struct {
        const char *control, *verdict;
        int from; /* the first run that has it */
    } cells[] = {{"cascading", "PASS", 0}, {"shift", "SKIP", 0}, {"linear", "SKIP", 1}};
    struct compare c = {.whole = whole};
    const struct sheet_format *f = sheet_formats;
    struct text out = {0};
    struct error e = {""};

    for (int k = 0; k < 2; k++) {
        char folder[64], *path;
        struct store *s;
        fake_folder(folder);
        cr_assert((path = text_format("%s/assay.db", folder)) && store_open(path, &s, &e), "%s", e.text);
        cr_assert(store_set_order(s, (const char *[]){"gradient"}, 1, (const char *[]){"cascading", "shift", "linear"},
                                  3, &e),
                  "%s", e.text);
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            if (cells[i].from <= k)
                cr_assert(store_put_verdict(s,
                                            &(struct verdict_row){.explainer = "gradient",
                                                                  .control = cells[i].control,
                                                                  .verdict = cells[i].verdict,
                                                                  .expected = "PASS|SKIP",
                                                                  .as_expected = true,
                                                                  .reason = "why"},
                                            &e));
        cr_assert(compare_add_run(&c, k ? "b" : "a", s, &e), "%s", e.text);
        store_close(s);
        free(path);
        fake_folder_remove(folder);
    }
    cr_assert(compare_make(&c, &e), "%s", e.text);
    cr_assert_eq(c.regressions, 0);
    while (strcmp(f->id, format) != 0) f++;
    f->add(&out, "Comparison", c.sheets, COMPARE_SHEETS);
    *count = c.skipped;
    compare_finish(&c);
    return out.data;
}

Test(report_compare, counts_what_every_run_skips) {
    size_t count;
    char *brief = skipped("table", false, &count);
    cr_expect_eq(count, 2);
    cr_expect(strstr(brief, "\n2 cells are SKIP in every run and not shown: --all shows them.\n"), "%s", brief);
    cr_expect(strstr(brief, "gradient   cascading  PASS"), "%s", brief);
    cr_expect_null(strstr(brief, "shift"));
    cr_expect_null(strstr(brief, "linear"));
    char *whole = skipped("table", true, &count);
    cr_expect_eq(count, 0);
    cr_expect(strstr(whole, "shift") && strstr(whole, "none -> SKIP") && !strstr(whole, "--all"), "%s", whole);
    free(brief);
    free(whole);
}
