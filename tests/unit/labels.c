/* Labels in words and numbers, with and without names of classes. */
#include "data/dataset.h"
#include "tests/unit/scratch.h"

TestSuite(labels, .init = scratch_enter, .fini = scratch_leave);

/* Labels of rows become classes, or a complaint. */
struct labels_case {
    const char *labels, *names; /* lines; names NULL: none */
    uint32_t outputs;           /* of the model */
    uint32_t classes[4];
    const char *message; /* NULL: fine */
};

static const struct labels_case cases[] = {
    /* Names decide, and not the alphabet. */
    {"malignant\nbenign\n", "malignant\nbenign\n", 2, {0, 1}, NULL},
    {"benign\nmalignant\n\"benign\"\n  malignant \n", "malignant\nbenign\n", 2, {1, 0, 1, 0}, NULL},
    {"b\nc\n", "a\nb\nc\n", 3, {1, 2}, NULL},
    {"\"tench, Tinca tinca\"\n\"a;b\"\n", "\"a;b\"\n\"tench, Tinca tinca\"\n", 2, {1, 0}, NULL},
    {"1\n0\n1.0\n", "malignant\nbenign\n", 2, {1, 0, 1}, NULL},
    /* Names that are numbers are names: labels that begin at 1. */
    {"1\n3\n2\n", "1\n2\n3\n", 3, {0, 2, 1}, NULL},
    {"7\ncat\n", "cat\n7\n", 2, {1, 0}, NULL},
    {"no\nyes\n", NULL, 2, {0, 1}, NULL},
    /* Strangers. */
    {"benign\nBenign\n",
     "malignant\nbenign\n",
     2,
     {0},
     "t.csv:3: column 'label': label Benign: no name of a class in n.csv: did you mean 'benign'?"},
    {"benign\nMALIGNANT\n",
     "malignant\nbenign\n",
     2,
     {0},
     "t.csv:3: column 'label': label MALIGNANT: no name of a class in n.csv: did you mean 'malignant'?"},
    {"benign\nmaligant\nzebra\n",
     "malignant\nbenign\n",
     2,
     {0},
     "t.csv:3: column 'label': label maligant: no name of a class in n.csv: did you mean 'malignant'?"},
    {"benign\nzebra\n",
     "malignant\nbenign\n",
     2,
     {0},
     "t.csv:3: column 'label': label zebra: no name of a class in n.csv: one of its names wanted"},
    {"crane\ncrane\n",
     "crane\ncrane\n",
     2,
     {0},
     "t.csv:2: column 'label': label crane: n.csv gives 2 classes that name: numbers of classes wanted as labels"},
    {"4\n",
     "1\n2\n3\n",
     3,
     {0},
     "t.csv:2: column 'label': label 4: no name of a class in n.csv: one of its names wanted"},
    /* As many as the outputs. */
    {"a\nb\n", "a\nb\nc\n", 2, {0}, "class-names: names for 3 classes: one for each of the model's 2 outputs wanted"},
    {"a\nb\n", "a\nb\n", 3, {0}, "class-names: names for 2 classes: one for each of the model's 3 outputs wanted"},
    {"versicolor\nvirginica\n",
     NULL,
     3,
     {0},
     "csv:t.csv: labels in 2 different words ('versicolor', 'virginica'), and the model has 3 outputs: give class-names, "
     "a CSV file with a column name, to say which word is which class"},
    {"a\nb\nc\n",
     NULL,
     2,
     {0},
     "csv:t.csv: labels in 3 different words ('a', 'b', 'c'), and the model has 2 outputs: give class-names, a CSV file "
     "with a column name, to say which word is which class"},
    {"0\n3\n", NULL, 3, {0}, "csv:t.csv: sample 1 has label 3: a label below the model's 3 outputs wanted"},
    {"1\n3\n",
     NULL,
     3,
     {0},
     "csv:t.csv: sample 1 has label 3: a label below the model's 3 outputs wanted (labels that begin at 1? subtract 1, "
     "or give class-names, a CSV file with a column name, with 1, 2, ... as the names of the classes)"},
    /* Words among numbers. */
    {"0\n1\nunknown\n2\n",
     NULL,
     4,
     {0},
     "t.csv:4: column 'label': label unknown: a word among numbers: words alone or numbers alone wanted"},
    {"0\n1\nb\n0\n",
     "a\nb\n",
     2,
     {0},
     "t.csv:4: column 'label': label b: a word among numbers: words alone or numbers alone wanted"},
    {"cat\n3\ndog\n",
     NULL,
     3,
     {0},
     "t.csv:3: column 'label': label 3: a number among words: words alone or numbers alone wanted"},
    {"cat\n3\n",
     NULL,
     2,
     {0},
     "t.csv:3: column 'label': label 3: a number among words: words alone or numbers alone wanted"},
    /* Case, and several labels in a cell. */
    {"cat\nCat\n", NULL, 2, {0}, "t.csv:3: column 'label': label Cat: line 2 has 'cat': one spelling wanted"},
#define SEVERAL "several labels: one wanted (the class that is to be explained)"
    {"3\n\"3;5\"\n", NULL, 6, {0}, "t.csv:3: column 'label': label 3;5: " SEVERAL},
    {"cat\ncat|dog\n", NULL, 2, {0}, "t.csv:3: column 'label': label cat|dog: " SEVERAL},
    {"cat\ncat|dog\n", "cat\ndog\n", 2, {0}, "t.csv:3: column 'label': label cat|dog: " SEVERAL},
    {"\"1,2\"\n0\n", NULL, 6, {0}, "t.csv:2: column 'label': label 1,2: " SEVERAL},
    {"\"cat, dog\"\ncat\ndog\n", NULL, 3, {0}, "t.csv:2: column 'label': label cat, dog: " SEVERAL},
    {"\"cat,dog\"\ncat\n", "cat\ndog\n", 2, {0}, "t.csv:2: column 'label': label cat,dog: " SEVERAL},
    {"[0 1]\n", NULL, 2, {0}, "t.csv:2: column 'label': label [0 1]: " SEVERAL},
    {"0 1\n", NULL, 2, {0}, "t.csv:2: column 'label': label 0 1: " SEVERAL},
};

/* A table of one feature and these labels. */
static void put_table(const char *labels) {
    char text[512] = "x,label\n";
    for (const char *at = labels, *end; *at; at = end + 1) {
        end = strchr(at, '\n');
        snprintf(text + strlen(text), sizeof text - strlen(text), "1,%.*s\n", (int)(end - at), at);
    }
    scratch_put("t.csv", text, strlen(text));
}

static bool load(const struct labels_case *c, struct dataset **d, struct error *e) {
    struct class_names names = {0};
    const struct dataset_request request = {&presets[0].preprocess, &names, "the test", 0, LABELS_CLASSES, NULL};
    char text[256];

    put_table(c->labels);
    if (c->names) {
        snprintf(text, sizeof text, "name\n%s", c->names);
        scratch_put("n.csv", text, strlen(text));
        cr_assert(class_names_load("n.csv", &names, e), "%s", e->text);
    }
    bool ok = dataset_load_for("csv:t.csv", &request, d, e);
    class_names_finish(&names);
    return ok && dataset_check_labels(*d, "csv:t.csv", c->outputs, e);
}

Test(labels, become_classes_or_a_complaint) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        bool ok = load(&cases[i], &d, &e);
        cr_expect_eq(ok, !cases[i].message, "case %zu: %s", i, e.text);
        if (cases[i].message) cr_expect_str_eq(e.text, cases[i].message, "case %zu: %s", i, e.text);
        for (uint32_t k = 0; ok && k < d->count; k++)
            cr_expect_eq(d->labels[k], cases[i].classes[k], "case %zu, row %u: %u", i, k, d->labels[k]);
        dataset_destroy(d);
    }
}

/* Words of two sources are the same classes, or the sources do not go together. */
Test(labels, words_of_two_sources) {
    struct dataset *a = NULL, *b = NULL;
    struct error e = {""};

    put_table("cat\ndog\n");
    cr_assert(dataset_load("csv:t.csv", "none", &a, &e), "%s", e.text);
    put_table("cat\nfox\n");
    cr_assert(dataset_load("csv:t.csv", "none", &b, &e), "%s", e.text);
    cr_expect(dataset_same_words(a, "A", a, "A", &e));
    cr_expect_not(dataset_same_words(a, "A", b, "B", &e));
    cr_expect_str_eq(e.text, "class 1 is 'dog' in A and 'fox' in B: give class-names, a CSV file with a column name");
    dataset_destroy(a);
    dataset_destroy(b);
}
