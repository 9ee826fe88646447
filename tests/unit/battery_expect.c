/* What a battery expects: of rows, of rows under a control, and of cells. */
#include "battery/battery.h"

#include "tests/unit/scratch.h"

TestSuite(battery_expect, .init = scratch_enter, .fini = scratch_leave);

#define HEAD                                                                                                           \
    "model: m.onnx\n"                                                                                                  \
    "data: {source: 'idx:x,y'}\n"                                                                                      \
    "explainers: [gradient, ./a.so]\n"                                                                                 \
    "controls: [cascading, independent]\n"

static bool load(const char *text, struct battery **b, struct error *e) {
    scratch_put("b.yaml", text, strlen(text));
    *b = NULL;
    return battery_load("b.yaml", b, e);
}

Test(battery_expect, names_cells) {
    static const struct expectation wanted[] = {
        {"gradient", "cascading", 1u << VERDICT_FAIL, {6, 23}},
        {"./a.so", "all", 1u << VERDICT_FAIL, {7, 11}},
        {"./a.so", "independent", 1u << VERDICT_PASS | 1u << VERDICT_SKIP, {8, 23}},
        {"gradient (before ReLU)", "all", 1u << VERDICT_SKIP, {9, 27}},
        {"gradient (before ReLU)", "cascading", 1u << VERDICT_FAIL, {10, 37}},
    };
    struct battery *b;
    struct error e;
    cr_assert(load(HEAD "expect:\n"
                        "  gradient/cascading: FAIL\n"
                        "  ./a.so: FAIL\n"
                        "  ./a.so/independent: [PASS, SKIP]\n"
                        "  gradient (before ReLU): SKIP\n"
                        "  gradient (before ReLU)/cascading: FAIL\n",
                   &b, &e),
              "%s", e.text);
    cr_assert_eq(b->expectation_count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < b->expectation_count; i++) {
        const struct expectation *x = &b->expectations[i];
        cr_expect_str_eq(x->explainer, wanted[i].explainer);
        cr_expect_str_eq(x->control, wanted[i].control);
        cr_expect_eq(x->words, wanted[i].words);
        cr_expect_eq(x->location.line, wanted[i].location.line);
    }
    battery_destroy(b);
}

Test(battery_expect, says_what_is_wrong) {
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"{gradient/cascade: FAIL}", "b.yaml:5:10: unknown control 'cascade': did you mean 'cascading'?"},
        {"{gradient/zzz: FAIL}", "b.yaml:5:10: unknown control 'zzz': one of the battery's wanted"},
        {"{gradiant/cascading: FAIL}",
         "b.yaml:5:10: unknown explainer 'gradiant/cascading': gradient or ./a.so wanted"},
        {"{gradient/cascading: FAIL, gradient: {cascading: PASS}}",
         "b.yaml:5:58: gradient/cascading a second time: once wanted (first on line 5)"},
        {"{gradient/cascading: FIAL}", "b.yaml:5:30: unknown verdict 'FIAL': did you mean 'FAIL'?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct battery *b;
        struct error e = {""};
        char text[512];
        snprintf(text, sizeof text, HEAD "expect: %s\n", cases[i].yaml);
        cr_expect_not(load(text, &b, &e));
        cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
    }
}
