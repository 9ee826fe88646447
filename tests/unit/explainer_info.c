/* What explainers say of themselves, as data from a process that may lie. */
#include "base/text.h"
#include "host/explainer_codec.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const colours[] = {"red", "green", NULL};
static const assay_param_info params[] = {
    {.name = "level", .summary = "a number", .kind = ASSAY_NUMBER, .number = .1, .min = -1e300, .max = 1e300},
    {.name = "colour", .summary = "a choice", .kind = ASSAY_CHOICE, .text = "green", .choices = colours},
    {.name = "layer", .summary = "a t\303\251xt", .kind = ASSAY_TEXT, .text = ""},
};

/* A good table, to be spoilt. */
static assay_explainer_info good(void) {
    return (assay_explainer_info){.id = "an-id",
                                  .name = "A name \"quoted\"",
                                  .summary = "a summary",
                                  .source = "a source",
                                  .claims = ASSAY_COMPLETE | ASSAY_LINEAR_EXACT,
                                  .param_count = 3,
                                  .params = params};
}

static const assay_about about = {.id = "an-id",
                                  .family = "path",
                                  .formula = "x df/dx",
                                  .cost = "1 gradient",
                                  .inputs = ASSAY_PICTURES | ASSAY_FEATURES,
                                  .checked = "captum",
                                  .within = .25};
static const assay_about *const abouts[] = {&about, &about};
static const assay_about_table about_table = {ASSAY_ABOUT_VERSION, 1, abouts};

static bool round_trip_with(const assay_explainer_info *info, const assay_about_table *table,
                            struct explainer_info_list *list, struct error *e) {
    char *text = NULL;
    bool ok = explainer_encode(&info, 1, table, &text, e) && explainer_decode(text, strlen(text), list, e);
    free(text);
    return ok;
}

static bool round_trip(const assay_explainer_info *info, struct explainer_info_list *list, struct error *e) {
    return round_trip_with(info, NULL, list, e);
}

Test(explainer_info, arrives_as_it_was) {
    const assay_explainer_info info = good();
    struct explainer_info_list list;
    struct error e;
    cr_assert(round_trip(&info, &list, &e), "%s", e.text);
    cr_assert_eq(list.count, 1);
    const struct explainer_info *got = &list.items[0];
    cr_expect_str_eq(got->id, info.id);
    cr_expect_str_eq(got->name, info.name);
    cr_expect_str_eq(got->summary, info.summary);
    cr_expect_str_eq(got->source, info.source);
    cr_expect_eq(got->claims, info.claims);
    cr_assert_eq(got->param_count, 3);
    cr_expect(got->params[0].number == .1 && got->params[0].min == -1e300 && got->params[0].max == 1e300);
    cr_expect_str_eq(got->params[1].text, "green");
    cr_assert_eq(got->params[1].choice_count, 2);
    cr_expect_str_eq(got->params[1].choices[0], "red");
    cr_expect_str_eq(got->params[2].summary, "a t\303\251xt");
    cr_expect_str_eq(got->params[2].text, "");
    cr_expect_null(got->about.family, "nothing was said");
    explainer_info_list_finish(&list);
}

Test(explainer_info, what_it_is_about_arrives) {
    const assay_explainer_info info = good();
    struct explainer_info_list list;
    struct error e;
    cr_assert(round_trip_with(&info, &about_table, &list, &e), "%s", e.text);
    const struct about_info *got = &list.items[0].about;
    cr_expect_str_eq(got->family, about.family);
    cr_expect_str_eq(got->formula, about.formula);
    cr_expect_str_eq(got->cost, about.cost);
    cr_expect_str_eq(got->checked, about.checked);
    cr_expect_eq(got->inputs, about.inputs);
    cr_expect(got->within == .25);
    explainer_info_list_finish(&list);
}

/* Each differs from the good one in one thing. */
Test(explainer_info, what_it_is_about_is_checked) {
    static const struct {
        assay_about about;
        const char *words;
    } cases[] = {
        {{"an-id", NULL, "f", "c", 1, NULL, 0}, "family, formula or cost is missing"},
        {{"an-id", "f", "", "c", 1, NULL, 0}, "family, formula or cost is missing"},
        {{"an-id", "f", "f", "two\nlines", 1, NULL, 0}, "family, formula or cost is missing"},
        {{"an-id", "f", "f", "c", 0, NULL, 0}, "inputs 0x0"},
        {{"an-id", "f", "f", "c", 1u << 5, NULL, 0}, "inputs 0x20"},
        {{"an-id", "f", "f", "c", 1, "\303\050", 0}, "what it was checked against"},
        {{"an-id", "f", "f", "c", 1, "captum", -1}, "within -1"},
        {{"an-id", "f", "f", "c", 1, "captum", (double)NAN}, "within nan"},
        {{"another", "f", "f", "c", 1, NULL, 0}, "entry 0 is about no explainer"},
        {{NULL, "f", "f", "c", 1, NULL, 0}, "entry 0 is about no explainer"},
    };
    const assay_explainer_info info = good();
    struct explainer_info_list list;
    struct error e;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const assay_about *const items[] = {&cases[c].about};
        const assay_about_table table = {ASSAY_ABOUT_VERSION, 1, items};
        cr_expect_not(round_trip_with(&info, &table, &list, &e), "%zu", c);
        cr_expect(strstr(e.text, cases[c].words), "%zu: %s", c, e.text);
    }
    const assay_about_table many = {ASSAY_ABOUT_VERSION, 2, abouts}, none = {ASSAY_ABOUT_VERSION, 1, NULL};
    cr_expect_not(round_trip_with(&info, &many, &list, &e));
    cr_expect(strstr(e.text, "has 2 entries for 1 explainers"), "%s", e.text);
    cr_expect_not(round_trip_with(&info, &none, &list, &e));
    const assay_explainer_info other = {.id = "other"}, *const two[] = {&info, &other};
    char *text;
    cr_expect_not(explainer_encode(two, 2, &many, &text, &e));
    cr_expect(strstr(e.text, "entries 0 and 1 are about the same"), "%s", e.text);
}

#define LONG_TEXT                                                                                                      \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Each table differs from a good one in one thing. */
Test(explainer_info, tables_that_break_the_rules_are_refused) {
    static const assay_param_info bad_params[] = {
        {.name = "level", .summary = "s", .kind = ASSAY_NUMBER, .number = (double)NAN, .max = 1},
        {.name = "level", .summary = "s", .kind = ASSAY_NUMBER, .number = 0, .max = (double)INFINITY},
        {.name = "level", .summary = "s", .kind = ASSAY_INTEGER, .number = .5, .max = 1},
        {.name = "level", .summary = "s", .kind = (assay_param_kind)9},
        {.name = "level", .summary = "s", .kind = ASSAY_CHOICE, .text = "blue", .choices = colours},
        {.name = "level", .summary = "s", .kind = ASSAY_CHOICE, .text = "blue"},
        {.name = "level", .summary = "s", .kind = ASSAY_TEXT},
        {.name = "level", .summary = "s", .kind = ASSAY_TEXT, .text = "a\033[2J"},
        {.name = "Level", .summary = "s", .kind = ASSAY_TEXT, .text = ""},
        {.name = NULL, .summary = "s", .kind = ASSAY_TEXT, .text = ""},
        {.name = "level", .summary = "two\nlines", .kind = ASSAY_TEXT, .text = ""},
    };
    static const char *const param_words[] = {
        "default nan in", "max, all finite",  "wanted a whole number",
        "kind 9",         "none of the",      "no choices or no default",
        "text is (NULL)", "not a short line", "parameter 0: name Level: wanted kebab-case",
        "name (NULL)",    "wanted one line",
    };
    struct error e;
    struct explainer_info_list list;
    for (size_t i = 0; i < sizeof bad_params / sizeof *bad_params; i++) {
        assay_explainer_info info = good();
        info.params = &bad_params[i];
        info.param_count = 1;
        cr_expect_not(round_trip(&info, &list, &e), "parameter %zu", i);
        cr_expect(strstr(e.text, param_words[i]), "%zu: %s", i, e.text);
    }
    static const struct {
        const char *id, *name;
        uint32_t claims, params;
        const char *words;
    } cases[] = {
        {"An-Id", "n", 0, 0, "id An-Id: wanted kebab-case"},
        {NULL, "n", 0, 0, "id (NULL)"},
        {LONG_TEXT, "n", 0, 0, "wanted kebab-case"},
        {"id", "", 0, 0, "name, summary or source is missing"},
        {"id", NULL, 0, 0, "name, summary or source is missing"},
        {"id", "\303\050", 0, 0, "name, summary or source is missing"},
        {"id", "red\033[31m", 0, 0, "name, summary or source is missing"},
        {"id", "c1 \302\233", 0, 0, "name, summary or source is missing"},
        {"id", LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT, 0, 0, "name, summary or source is missing"},
        {"id", "n", 1u << 6, 0, "claims 0x40"},
        {"id", "n", 0, INFO_PARAMS_MAX + 1, "101 parameters"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        assay_explainer_info info = good();
        info.id = cases[c].id, info.name = cases[c].name, info.claims = cases[c].claims;
        info.param_count = cases[c].params;
        cr_expect_not(round_trip(&info, &list, &e), "%zu", c);
        cr_expect(strstr(e.text, cases[c].words), "%zu: %s", c, e.text);
        cr_expect(text_is_clean(e.text), "%zu", c);
    }
    const assay_explainer_info info = good(), *const twice[] = {&info, &info};
    char *text;
    cr_assert(explainer_encode(twice, 2, NULL, &text, &e), "%s", e.text);
    cr_expect_not(explainer_decode(text, strlen(text), &list, &e));
    cr_expect(strstr(e.text, "an-id is listed twice"), "%s", e.text);
    free(text);
}

/* Bytes that no honest child writes: an error each, and nothing read beyond them. */
Test(explainer_info, damaged_bytes_are_refused) {
    static const char *const texts[] = {
        "",
        "x",
        "[",
        "{}",
        "[]",
        "7",
        "null",
        "[7]",
        "[{}]",
        "[[]]",
        "[{\"id\":7}]",
        "[{\"id\":\"a\",\"id\":\"b\"}]",
        "[{\"id\":\"a\",\"name\":\"b\",\"summary\":\"c\",\"source\":\"d\",\"claims\":-1,\"params\":[]}]",
        "[{\"id\":\"a\",\"name\":\"b\",\"summary\":\"c\",\"source\":\"d\",\"claims\":0,\"params\":[7]}]",
        "[{\"id\":\"a\",\"name\":\"b\",\"summary\":\"c\",\"source\":\"d\",\"claims\":0,\"params\":[]}] more",
        "[{\"id\":\"a\\u0000b\"}]",
        "[{\"id\":\"\377\"}]",
    };
    struct error e;
    struct explainer_info_list list;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(explainer_decode(texts[i], strlen(texts[i]), &list, &e), "%s", texts[i]);
    /* Every beginning of a good answer, and every one with a byte changed. */
    const assay_explainer_info info = good(), *const infos[] = {&info};
    char *text;
    cr_assert(explainer_encode(infos, 1, &about_table, &text, &e), "%s", e.text);
    size_t size = strlen(text);
    for (size_t n = 0; n < size; n++) cr_expect_not(explainer_decode(text, n, &list, &e), "%zu bytes", n);
    for (size_t n = 0; n < size; n++) {
        text[n] ^= 0x15;
        if (explainer_decode(text, size, &list, &e)) explainer_info_list_finish(&list);
        text[n] ^= 0x15;
    }
    free(text);
    size_t large = (size_t)5 << 20;
    char *spaces = malloc(large);
    cr_assert_not_null(spaces);
    memset(spaces, ' ', large);
    cr_expect_not(explainer_decode(spaces, large, &list, &e));
    cr_expect(strstr(e.text, "wanted at most"), "%s", e.text);
    free(spaces);
}
