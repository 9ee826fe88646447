/* sequence.c: nucleic acids of a CSV file as one-hot samples. */
#include "data/dataset.h"
#include "tests/unit/scratch.h"

TestSuite(sequence, .init = scratch_enter, .fini = scratch_leave);

static void put(const char *text) {
    scratch_put("s.csv", text, strlen(text));
}

Test(sequence, letters_are_channels) {
    struct dataset *d;
    struct error e = {""};
    float x[20];
    static const float first[20] = {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0};
    put("id,Sequence,label\n1,ACGTN,yes\n2,uuacg,no\n");
    cr_assert(dataset_load("sequence:s.csv", "none", &d, &e), "%s", e.text);
    cr_expect_eq(d->count, 2);
    cr_expect(shape_equal(&d->sample, &(struct shape){2, {4, 5}}));
    cr_expect_str_eq(d->class_names[d->labels[0]], "yes");
    cr_assert(dataset_sample(d, 0, x, &e));
    cr_expect_arr_eq(x, first, sizeof first);
    cr_assert(dataset_sample(d, 1, x, &e));
    cr_expect(x[15] == 1 && x[16] == 1 && x[2] == 1 && x[8] == 1 && x[14] == 1);
    dataset_destroy(d);
}

Test(sequence, errors_name_the_line) {
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"sequence,label\nACGT,0\nACG,1\n", "s.csv:3: a sequence of 3 letters: 4 wanted, as the first has"},
        {"sequence,label\nACGT,0\nACXT,1\n", "s.csv:3: letter 3 of the sequence is 'X': ACGT, or U, and N"},
        {"sequence,label\n,0\n", "s.csv:2: an empty sequence: letters wanted"},
        {"sequence,label\nACGT,\n", "s.csv:2: column 'label': an empty field: a label wanted"},
        {"letters,label\nACGT,0\n", "s.csv:1: no column 'sequence'"},
        {"sequence,kind\nACGT,0\n", "s.csv:1: no column 'label'"},
        {"sequence,label\nACGT,0.5\n", "s.csv:2: column 'label': label 0.5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        put(cases[i].text);
        cr_expect_not(dataset_load("sequence:s.csv", "none", &d, &e), "case %zu", i);
        cr_expect(strstr(e.text, cases[i].wanted), "case %zu: got '%s'", i, e.text);
    }
    struct error e = {""};
    struct dataset *d = NULL;
    cr_expect_not(dataset_load("sequence:", "none", &d, &e));
    cr_expect(strstr(e.text, "sequence:FILE wanted"), "%s", e.text);
}
