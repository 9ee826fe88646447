/* Growing strings, nearest names, numbers from text, errors. */
#include "base/text.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(text, grows) {
    struct text t = {0};

    text_append(&t, "", 0);
    cr_assert_str_eq(t.data, "");
    for (int i = 0; i < 1000; i++) text_add(&t, "%d,", i % 10);
    text_append(&t, "ab\0c", 4);
    cr_expect_eq(t.length, 2004);
    cr_expect_eq(strncmp(t.data, "0,1,2,3,", 8), 0);
    cr_expect_eq(memcmp(t.data + 2000, "ab\0c", 5), 0, "with its closing zero");
    cr_expect_not(t.failed);
    text_finish(&t);
    cr_expect(!t.data && !t.length);
}

Test(text, failure_sticks) {
    struct text t = {0};
    text_append(&t, "x", 1);
    t.failed = true;
    text_add(&t, "more");
    text_append(&t, "more", 4);
    cr_expect_str_eq(t.data, "x");
    text_finish(&t);
}

Test(text, copies) {
    char *copy = text_copy("abc"), *made = text_format("%s-%d", "x", 42);
    cr_expect_str_eq(copy, "abc");
    cr_expect_str_eq(made, "x-42");
    free(copy);
    free(made);
}

Test(text, nearest) {
    static const char *const names[] = {"gradient", "smoothgrad", "integrated-gradients", "ig", "input", "grad-cam"};
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"gradient", "gradient"},
        {"GRADIENT", "gradient"},
        {"gradeint", "gradient"},
        {"gradcam", "grad-cam"},
        {"integratedgradient", "integrated-gradients"},
        {"imput", "input"},
        {"grad", "gradient"}, /* of those that begin so, the first of the shortest */
        {"smooth", "smoothgrad"},
        {"integer", NULL},
        {"xyz", NULL},
        {"banana", NULL},
        {"ab", NULL}, /* as far from "ig" as its own length */
        {"", NULL},
        {"gradient-but-a-name-of-more-than-sixty-four-letters-cannot-be-meant", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = text_nearest(cases[i].name, names, sizeof names / sizeof *names);
        cr_expect((!got && !cases[i].want) || (got && cases[i].want && strcmp(got, cases[i].want) == 0), "%s: %s",
                  cases[i].name, got ? got : "none");
    }
    cr_expect_null(text_nearest("x", NULL, 0));
}

Test(text, nearest_by_words) {
    static const char *const names[] = {
        "lrp", "deep-shap", "kernel-shap", "excitation-backprop", "grad-cam:layer=conv2", "x"};
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"lrp-epsilon", "lrp"},
        {"LRP_eps", "lrp"},
        {"shap", "deep-shap"}, /* the first of the shortest */
        {"backprop", "excitation-backprop"},
        {"grad-cam", "grad-cam:layer=conv2"},
        {"conv2 grad", "grad-cam:layer=conv2"},
        {"lrpxyzw", NULL},
        {"epsilon", NULL},
        {"x-y-z", NULL},
        {"---", NULL},
    };
    static const char *const rows[] = {"lrp", "lrp:composite=epsilon", "lrp:composite=epsilon,first=z"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = text_nearest(cases[i].name, names, sizeof names / sizeof *names);
        cr_expect((!got && !cases[i].want) || (got && cases[i].want && strcmp(got, cases[i].want) == 0), "%s: %s",
                  cases[i].name, got ? got : "none");
    }
    cr_expect_str_eq(text_nearest("lrp-epsilon", rows, 3), "lrp:composite=epsilon");
}

Test(text, doubles) {
    static const struct {
        const char *text;
        bool ok;
        double value;
    } cases[] = {
        {"0", true, 0},      {"-1.5e3", true, -1500}, {"+.25", true, .25}, {"1e-320", true, 1e-320}, {"", false, 0},
        {" 1", false, 0},    {"1 ", false, 0},        {"1x", false, 0},    {"nan", false, 0},        {"inf", false, 0},
        {"1e999", false, 0}, {"1,5", false, 0},       {"-", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = 0;
        cr_expect_eq(text_to_double(cases[i].text, &got), cases[i].ok, "'%s'", cases[i].text);
        cr_expect_eq(got, cases[i].value, "'%s'", cases[i].text);
    }
}

Test(text, whole_numbers) {
    static const struct {
        const char *text;
        bool ok, u64_ok;
    } cases[] = {
        {"7", true, true},
        {"-3", true, false},
        {"11", false, true},
        {"-11", false, false},
        {"", false, false},
        {" 7", false, false},
        {"7 ", false, false},
        {"7.0", false, false},
        {"0x7", false, false},
        {"+7", true, false},
        {"18446744073709551615", false, true},
        {"18446744073709551616", false, false},
        {"-18446744073709551616", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long number = 99;
        unsigned long long big = 99;
        cr_expect_eq(text_to_long(cases[i].text, -10, 10, &number), cases[i].ok, "'%s'", cases[i].text);
        cr_expect_eq(text_to_u64(cases[i].text, &big), cases[i].u64_ok, "'%s'", cases[i].text);
        cr_expect(cases[i].ok == (number != 99) && cases[i].u64_ok == (big != 99), "out is left alone on failure");
    }
}

Test(error, set_and_prefix) {
    struct error e;
    char lengthy[3000];

    cr_expect_not(error_set(&e, "%d: found", 3));
    cr_expect_not(error_prefix(&e, "%s", "file"));
    cr_expect_str_eq(e.text, "file: 3: found");
    cr_expect_not(error_set(&e, "(%s)", e.text), "its own text may be an argument");
    cr_expect_str_eq(e.text, "(file: 3: found)");

    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    error_prefix(&e, "%s", lengthy);
    cr_expect_eq(strlen(e.text), sizeof e.text - 1);
    error_set(&e, "%s", lengthy);
    error_prefix(&e, "ab");
    cr_expect_eq(strlen(e.text), sizeof e.text - 1);
    cr_expect_eq(strncmp(e.text, "ab: xxx", 7), 0);
    cr_expect_str_eq(e.text + sizeof e.text - 5, "x...", "a cut is marked");
    error_set(&e, "%s", lengthy);
    cr_expect_str_eq(e.text + sizeof e.text - 5, "x...");

    /* Nor does it leave half a character, wherever it falls. */
    for (size_t ahead = 0; ahead < 4; ahead++) {
        memset(lengthy, 'x', sizeof lengthy - 1);
        for (size_t i = ahead; i + 4 < sizeof lengthy; i += 4) memcpy(lengthy + i, "\xf0\x9f\x98\x80", 4);
        error_set(&e, "%s", lengthy);
        cr_expect(text_is_clean(e.text) && strlen(e.text) > sizeof e.text - 8, "cut at %zu", ahead);
        error_prefix(&e, "b");
        cr_expect(text_is_clean(e.text), "cut at %zu", ahead);
    }

    cr_expect_not(error_set(NULL, "x"));
    cr_expect_not(error_prefix(NULL, "x"));
    cr_expect_not(error_memory(NULL));
}

#define GONE "\xef\xbf\xbd"

Test(text, cleans_what_others_wrote) {
    static const struct {
        const char *raw, *clean;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"a\nb\tc\r", "a b c "},
        {"\x1b[31m\x01\x7f", GONE "[31m" GONE GONE},
        {"\xc3\xbc\xe2\x88\x87\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x88\x87\xf0\x9f\x98\x80"},
        {"\xff|\xc3", GONE "|" GONE},
        {"\xc0\xaf", GONE GONE},          /* overlong '/' */
        {"\xed\xa0\x80", GONE GONE GONE}, /* a surrogate */
        {"\xf4\x90\x80\x80", GONE GONE GONE GONE},
        {"\xc2\x9b"
         "1m",
         GONE "1m"}, /* the one-byte CSI */
        {"a\xe2\x80\xae"
         "b",
         "a" GONE "b"}, /* right-to-left override */
        {"a\xe2\x80\xa8"
         "b",
         "a" GONE "b"},                                   /* line separator */
        {"\xef\xbf\xbe|\xf0\x9f\xbf\xbf", GONE "|" GONE}, /* no characters */
        {GONE, GONE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = text_clean(cases[i].raw), *again = text_clean(clean);
        cr_expect_str_eq(clean, cases[i].clean, "case %zu", i);
        cr_expect_str_eq(again, clean, "case %zu", i);
        free(clean);
        free(again);
    }
}

Test(text, is_cleaned_in_place) {
    static const struct {
        const char *text, *made;
    } cases[] = {{"", NULL},
                 {"na\xc3\xafve \xe2\x88\x87 f", NULL},
                 {"\xf0\x9f\x98\x80", NULL},
                 {"a\nb\tc", "a b c"},
                 {"\x1b[31m", " [31m"},
                 {"\x7f", " "},
                 {"\xc2\x85", "  "},           /* U+0085, a control character of two bytes */
                 {"\xff\xc3", "??"},           /* no byte of UTF-8; cut short */
                 {"\xc0\xaf", "??"},           /* overlong */
                 {"\xe0\x80\xaf", "???"},      /* overlong */
                 {"\xed\xa0\x80", "???"},      /* a surrogate */
                 {"\xf4\x90\x80\x80", "????"}, /* beyond U+10FFFF */
                 {"\xe2\x88", "??"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[32];
        snprintf(text, sizeof text, "%s", cases[k].text);
        cr_expect_eq(text_is_clean(text), !cases[k].made, "case %zu", k);
        text_clean_in_place(text);
        cr_expect_str_eq(text, cases[k].made ? cases[k].made : cases[k].text, "case %zu", k);
        cr_expect(text_is_clean(text));
    }
}

Test(text, is_wrapped) {
    static const struct {
        const char *words, *made;
        size_t at, indent;
        const char *mark;
    } cases[] = {{"", "\n", 0, 0, ""},
                 {"one two", "one two\n", 0, 0, ""},
                 {"one two three", "one two\nthree\n", 0, 0, ""},
                 {"one  two\nthree", "one two\n  # three\n", 0, 2, "# "},
                 {"one two", "one\n two\n", 4, 1, ""},
                 {"wider-than-a-line two", "wider-than-a-line\ntwo\n", 0, 0, ""}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct text text = {0};
        text_add_wrapped(&text, cases[k].words, cases[k].at, 10, cases[k].indent, cases[k].mark);
        cr_assert_not(text.failed);
        cr_expect_str_eq(text.data, cases[k].made, "case %zu", k);
        text_finish(&text);
    }
}
