/* Names of classes from CSV files, by index or in order. */
#include "data/class_names.h"
#include "tests/unit/scratch.h"

TestSuite(class_names, .init = scratch_enter, .fini = scratch_leave);

static bool load(const char *text, struct class_names *names, struct error *e) {
    scratch_put("n.csv", text, strlen(text));
    *names = (struct class_names){0};
    return class_names_load("n.csv", names, e);
}

Test(class_names, by_index_or_in_order) {
    struct class_names names;
    struct error e = {""};

    cr_assert(load("index,synset,name\n3,n03,shark\n1,n01,\"fish, gold\"\n", &names, &e), "%s", e.text);
    cr_expect_str_eq(class_names_at(&names, 3), "shark");
    cr_expect_str_eq(class_names_at(&names, 1), "fish, gold");
    cr_expect_null(class_names_at(&names, 0));
    cr_expect_null(class_names_at(&names, 4));
    cr_expect_null(class_names_at(&names, UINT32_MAX));
    class_names_finish(&names);
    cr_assert(load("Name\ncat\ndog\n", &names, &e), "%s", e.text);
    cr_expect_str_eq(class_names_at(&names, 1), "dog");
    class_names_finish(&names);
    cr_expect_null(class_names_at(&names, 0), "none is fine, too");
}

Test(class_names, complaints) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"index,label\n0,a\n", "n.csv:1: no column 'name': one of that name wanted in the header"},
        {"index,name\n0,a\n65536,b\n", "n.csv:3: index '65536': a whole number from 0 to 65535 wanted"},
        {"index,name\nx,a\n", "n.csv:2: index 'x': a whole number from 0 to 65535 wanted"},
        {"index,name\n7,a\n7,b\n", "n.csv:3: class 7 a second time: once wanted"},
        {"index,name\n", "n.csv: a header and at least one row wanted"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct class_names names;
        struct error e = {""};
        cr_expect_not(load(cases[i].text, &names, &e), "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
        cr_expect_null(names.name);
    }
}
