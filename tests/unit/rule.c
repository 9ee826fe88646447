/* The rule's words and constants. */
#include "battery/rule.h"

#include <criterion/criterion.h>
#include <string.h>

Test(rule, words) {
    static const char *const names[] = {"PASS", "FAIL",  "INCONCLUSIVE",    "UNINFORMATIVE",
                                        "SKIP", "ERROR", "INPUT-DOMINATED", "PRIOR-DOMINATED"};
    enum verdict_word word;

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        cr_expect_str_eq(verdict_word_name((enum verdict_word)i), names[i]);
        cr_assert(verdict_word_parse(names[i], &word));
        cr_expect_eq(word, i);
    }
    cr_expect(verdict_word_parse("input-Dominated", &word));
    cr_expect_eq(word, VERDICT_INPUT_DOMINATED);
    cr_expect_not(verdict_word_parse("PASSED", &word));
    cr_expect_not(verdict_word_parse("", &word));
}

/* Every default of docs/verdict.md, under the name a battery uses, inside its own range. */
Test(rule, constants) {
    static const struct {
        const char *name;
        double value;
    } want[] = {
        {"delta", .30},      {"alpha", .05},         {"repeatability", .5},  {"stability", .5}, {"jitter", .002},
        {"degenerate", .05}, {"prior-share", .20},   {"constant-share", .2}, {"twin-gap", .10}, {"delta-twin", .40},
        {"memorised", .95},  {"vanished-share", .5}, {"zero-share", .1},     {"cutoff", .5},
    };
    struct rule_constants rule = rule_constants_default();
    size_t count = 0;

    for (const struct rule_constant *c = rule_constant_table; c->name; c++, count++) {
        double *field = c->field(&rule);
        size_t i = 0;
        while (i < sizeof want / sizeof *want && strcmp(want[i].name, c->name) != 0) i++;
        cr_assert_lt(i, sizeof want / sizeof *want, "%s", c->name);
        cr_expect_eq(*field, want[i].value, "%s: %g", c->name, *field);
        cr_expect(c->min <= *field && *field <= c->max && c->summary, "%s", c->name);
        *field = -1; /* no two names share a field, or the second would find this */
    }
    cr_expect_eq(count, sizeof want / sizeof *want);
    cr_expect_eq(rule.kind, RULE_CALIBRATED);
    cr_expect(rule.draws[0] == 5 && rule.draws[1] == 10 && rule.draws[2] == 20);
}
