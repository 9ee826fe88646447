/* Expectations put into the text of a battery: the rest stays byte for byte. */
#include "battery/expect_edit.h"

#include "battery/battery.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(expect_edit);

#define HEAD "model: m\ndata: {source: 'csv:x'}\nexplainers: [gradient, ./a.so]  # ∇, ünï\ncontrols: [c, d]\n"

static const struct expect_change gc = {"gradient", "c", "FAIL", "gradient/c", "Why."},
                                  ad = {"./a.so", "d", "PASS", "./a.so/d", "It is."};

struct edit_case {
    const char *before, *after;
};

/* Both changes, and what the battery then expects. */
static void check(const struct edit_case *c, size_t number) {
    const struct expect_change changes[] = {gc, ad};
    struct text out = {0};
    struct error e = {""};
    struct battery *b = NULL;
    cr_assert(expect_edit("b.yaml", c->before, strlen(c->before), false, changes, 2, &out, &e), "%zu: %s", number,
              e.text);
    cr_expect_str_eq(out.data, c->after, "%zu: %s", number, out.data);
    cr_assert(
        battery_load_from(&(struct battery_source){.path = "b.yaml", .text = out.data, .size = out.length}, &b, &e),
        "%zu: %s in:\n%s", number, e.text, out.data);
    cr_expect_eq(battery_expected(b, "gradient", "c"), 1u << VERDICT_FAIL, "%zu", number);
    cr_expect_eq(battery_expected(b, "./a.so", "d"), 1u << VERDICT_PASS, "%zu", number);
    battery_destroy(b);
    text_finish(&out);
}

#define FLOW "# Accepted: Why.\n  gradient/c: FAIL,\n  # Accepted: It is.\n  ./a.so/d: PASS"
#define NEW "# Accepted: Why.\n  gradient/c: FAIL\n  # Accepted: It is.\n  ./a.so/d: PASS"

Test(expect_edit, puts_and_changes_entries) {
    static const struct edit_case cases[] = {
        {HEAD, HEAD "expect:\n  " NEW "\n"},
        {HEAD "seed: 3", HEAD "seed: 3\nexpect:\n  " NEW "\n"},
        {HEAD "expect:\n  ./a.so: FAIL  # as it should\n# behind\nseed: 3\n",
         HEAD "expect:\n  ./a.so: FAIL  # as it should\n  " NEW "\n# behind\nseed: 3\n"},
        {HEAD "expect:\n    gradient:\n        d: [PASS,\n          SKIP]\n\nseed: 3\n",
         HEAD "expect:\n    gradient:\n        d: [PASS,\n          SKIP]\n    # Accepted: Why.\n    gradient/c: FAIL\n"
              "    # Accepted: It is.\n    ./a.so/d: PASS\n\nseed: 3\n"},
        {HEAD "expect: {./a.so: FAIL}  # one\nseed: 3\n", HEAD "expect: {./a.so: FAIL,\n  " FLOW "}  # one\nseed: 3\n"},
        {HEAD "expect: {./a.so: FAIL, }\n", HEAD "expect: {./a.so: FAIL,\n  " FLOW " }\n"},
        {HEAD "expect: {}\n", HEAD "expect: {\n  " FLOW "}\n"},
        {HEAD "expect:\n  gradient: {c: PASS, d: SKIP}\n  ./a.so/d: [FAIL, SKIP]\n",
         HEAD "expect:\n  gradient: {c: FAIL, d: SKIP}\n  # Accepted: It is.\n  ./a.so/d: PASS\n"},
        {HEAD "expect:\n  # mine\n  # Accepted: An older\n  #   reason.\n  gradient/c: PASS\n  ./a.so/d: FAIL\n",
         HEAD "expect:\n  # mine\n  # Accepted: Why.\n  gradient/c: FAIL\n  # Accepted: It is.\n  ./a.so/d: PASS\n"},
        {"\xef\xbb\xbf" HEAD "expect: {gradient/c: PASS, ./a.so/d: FAIL}\n",
         "\xef\xbb\xbf" HEAD "expect: {gradient/c: FAIL, ./a.so/d: PASS}\n"},
        {"model: m\r\ndata: {source: 'csv:x'}\r\nexplainers: [gradient, ./a.so]\r\ncontrols: [c, d]\r\nexpect:\r\n  "
         "./a.so: FAIL\r\nseed: 1\r\n",
         "model: m\r\ndata: {source: 'csv:x'}\r\nexplainers: [gradient, ./a.so]\r\ncontrols: [c, d]\r\nexpect:\r\n  "
         "./a.so: FAIL\r\n  # Accepted: Why.\r\n  gradient/c: FAIL\r\n  # Accepted: It is.\r\n  ./a.so/d: PASS\r\n"
         "seed: 1\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check(&cases[i], i);
}

Test(expect_edit, refuses_what_it_cannot_change_in_place) {
    static const struct {
        const char *before, *message;
    } cases[] = {
        {HEAD "expect: {./a.so: &w FAIL, gradient/c: *w}\n", "b.yaml:5:27: the entry is an alias: write it by hand"},
        {HEAD "expect:\n  gradient/c:\n    - PASS\n    - SKIP\n", "b.yaml:6:3: the entry is a list over several lines"},
        {"{model: m}", "b.yaml:1:1: no room behind this: write it by hand, under `expect`: gradient/c: FAIL"},
        {HEAD "...\n", "b.yaml:1:1: no room behind this"},
        {"\xff\xfem", "b.yaml: UTF-16: a text in UTF-8 wanted"},
        {"- a\n", "b.yaml:1:1: a list: a mapping wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text out = {0};
        struct error e = {""};
        cr_expect_not(expect_edit("b.yaml", cases[i].before, strlen(cases[i].before), false, &gc, 1, &out, &e), "%zu",
                      i);
        cr_expect_eq(strncmp(e.text, cases[i].message, strlen(cases[i].message)), 0, "%zu: %s", i, e.text);
        text_finish(&out);
    }
}

Test(expect_edit, wraps_a_long_reason) {
    struct expect_change long_one = gc;
    struct text out = {0};
    struct error e = {""};
    long_one.reason =
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen";
    cr_assert(expect_edit("base", "gradient/d: FAIL\n", 17, true, &long_one, 1, &out, &e), "%s", e.text);
    cr_expect_str_eq(out.data,
                     "gradient/d: FAIL\n# Accepted: one two three four five six seven eight nine ten eleven twelve "
                     "thirteen fourteen fifteen\n#   sixteen seventeen eighteen\ngradient/c: FAIL\n",
                     "%s", out.data);
    text_finish(&out);
}
