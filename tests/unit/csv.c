/* Samples and labels from CSV files, and what is refused. */
#include "base/text.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/source_kind.h"
#include "tests/unit/scratch.h"

TestSuite(csv, .init = scratch_enter, .fini = scratch_leave);

static bool load(const char *text, const char *label, struct dataset **d, struct error *e) {
    scratch_put("t.csv", text, strlen(text));
    *d = calloc(1, sizeof **d);
    cr_assert_not_null(*d);
    return csv_load("t.csv", label, *d, e);
}

/* What a table should become: its values row by row, its labels, and its classes' names. */
struct good {
    const char *text, *label;
    size_t rows, columns;
    float values[6];
    uint32_t labels[4];
    const char *names; /* joined by '|', or NULL */
};

static const struct good good[] = {
    {"a,b,label\n1,2,0\n3,4,1\n", NULL, 2, 2, {1, 2, 3, 4}, {0, 1}, NULL},
    /* The label column: by name, else by the usual names in that order, else the last. */
    {"a,b,label\n1,2,0\n3,4,1\n", "a", 2, 2, {2, 0, 4, 1}, {1, 3}, NULL},
    {"class,label,b\n7,1,2\n", NULL, 1, 2, {7, 2}, {1}, NULL},
    {"Class,b\n3,2\n", NULL, 1, 1, {2}, {3}, NULL},
    {"a,b\n1,2\n", NULL, 1, 1, {1}, {2}, NULL},
    /* Texts become classes in sorted order (of bytes); numbers stay. */
    {"x,kind\n1,virginica\n2,setosa\n3,virginica\n", NULL, 3, 1, {1, 2, 3}, {1, 0, 1}, "setosa|virginica"},
    {"x,kind\n1,b\n2,C\n3,v 10\n4,v 9\n", NULL, 4, 1, {1, 2, 3, 4}, {1, 0, 2, 3}, "C|b|v 10|v 9"},
    /* Numbers as names of columns rise, as pandas writes them. */
    {"0,1,label\n5,1,0\n", NULL, 1, 2, {5, 1}, {0}, NULL},
    {"400.5,402,kind\n5,1,oak\n", NULL, 1, 2, {5, 1}, {0}, "oak"},
    {"x,label\n1,3.0\n2,1e1\n", NULL, 2, 1, {1, 2}, {3, 10}, NULL},
    /* Quotes, line ends, blank lines, blanks around fields, a byte order mark, no newline at the end. */
    {"\"a,1\",\"say \"\"b\"\"\",label\n\"1\",2,\"x, \"\"y\"\"\"\n", NULL, 1, 2, {1, 2}, {0}, "x, \"y\""},
    {"a,label\r\n1,2\r\n3,4\r\n", NULL, 2, 1, {1, 3}, {2, 4}, NULL},
    {"a,label\r1,2\r3,4\r", NULL, 2, 1, {1, 3}, {2, 4}, NULL},
    {"\n\na,label\n\n1,2\n   \n3,4\n\n", NULL, 2, 1, {1, 3}, {2, 4}, NULL},
    {" a , label\n 1 ,\t2 \n", NULL, 1, 1, {1}, {2}, NULL},
    {"\xef\xbb\xbf"
     "a,label\n1,2",
     "label",
     1,
     1,
     {1},
     {2},
     NULL},
    {"a,label\n1,\"two\nlines\"\n2,x\n", NULL, 2, 1, {1, 2}, {0, 1}, "two\nlines|x"},
    {"a,label\n-1.5e-3,0\n+2.,0\n.5,0\n", NULL, 3, 1, {-1.5e-3f, 2, .5f}, {0, 0, 0}, NULL},
};

static void check_names(const struct dataset *d, const char *wanted, size_t i) {
    char joined[64] = "";

    cr_assert_eq(d->class_names == NULL, wanted == NULL, "case %zu", i);
    for (uint32_t k = 0; wanted && k < d->classes; k++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", k ? "|" : "", d->class_names[k]);
    cr_expect(!wanted || strcmp(joined, wanted) == 0, "case %zu: %s", i, joined);
}

Test(csv, good) {
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct good *g = &good[i];
        struct dataset *d;
        struct error e = {""};
        cr_assert(load(g->text, g->label, &d, &e), "case %zu: %s", i, e.text);
        cr_assert_eq(d->count, g->rows, "case %zu", i);
        cr_assert_eq(d->sample.rank, 1);
        cr_assert_eq(d->sample.dim[0], g->columns, "case %zu", i);
        for (size_t k = 0; k < g->rows * g->columns; k++)
            cr_expect_eq(d->values[k], g->values[k], "case %zu, value %zu: %g", i, k, (double)d->values[k]);
        uint32_t classes = 0;
        for (size_t k = 0; k < g->rows; k++) {
            cr_expect_eq(d->labels[k], g->labels[k], "case %zu, label %zu: %u", i, k, d->labels[k]);
            classes = g->labels[k] >= classes ? g->labels[k] + 1 : classes;
        }
        cr_expect_eq(d->classes, classes, "case %zu: %u", i, d->classes);
        check_names(d, g->names, i);
        dataset_destroy(d);
    }
}

static const struct {
    const char *text, *label, *message;
} bad[] = {
    {"", NULL, "t.csv: empty: a header and at least one row wanted"},
    {"\n \n", NULL, "t.csv: empty: a header and at least one row wanted"},
    {"a,label\n", NULL, "t.csv:1: the file ends behind the header: at least one row wanted"},
    {"a,label", NULL, "t.csv:1: the file ends behind the header: at least one row wanted"},
    {"1,2\n3,4\n", NULL, "t.csv:1: only numbers in the first line: a header with the names of the columns wanted"},
    {"a;label\n1;2\n", NULL, "t.csv:1: one column 'a;label': numbers and a label wanted, separated by commas"},
    {",a,label\n0,1,2\n", NULL,
     "t.csv:1: column 1 has no name: a header with names wanted (an index column? leave it out)"},
    {"width,kind\n1,2\n", "widht", "t.csv:1: no column 'widht': did you mean 'width'?"},
    {"width,kind\n1,2\n", "price", "t.csv:1: no column 'price': the name of one in the header wanted"},
    {"a,a,b\n1,2,3\n", "a", "t.csv:1: 2 columns 'a': one wanted"},
    {"a,label,Label\n1,2,3\n", NULL, "t.csv:1: 2 columns 'label': one wanted"},
    /* Missing values, however they are written. */
    {"a,b,label\n1,2,3\n1,,3\n", NULL,
     "t.csv:3: column 2 'b': missing value: a number wanted (fill it in or leave the row out)"},
    {"a,b,label\n1,\"\",3\n", NULL,
     "t.csv:2: column 2 'b': missing value: a number wanted (fill it in or leave the row out)"},
    {"a,b,label\nNA,2,3\n", NULL,
     "t.csv:2: column 1 'a': missing value: a number wanted (fill it in or leave the row out)"},
    {"a,b,label\n1,NaN,3\n", NULL,
     "t.csv:2: column 2 'b': missing value: a number wanted (fill it in or leave the row out)"},
    {"a,b,label\n1,2,\n", NULL,
     "t.csv:2: column 3 'label': missing value: a label wanted (fill it in or leave the row out)"},
    {"a,b,label\n1,2,?\n", NULL,
     "t.csv:2: column 3 'label': missing value: a label wanted (fill it in or leave the row out)"},
    /* Not numbers. */
    {"a,b,label\n1,two,3\n", NULL, "t.csv:2: column 2 'b': 'two': a number wanted"},
    {"a,b,label\n1,2.5cm,3\n", NULL, "t.csv:2: column 2 'b': '2.5cm': a number wanted"},
    {"a,b,label\n1,inf,3\n", NULL, "t.csv:2: column 2 'b': 'inf': a number wanted"},
    {"a,b,label\n1,1e39,3\n", NULL, "t.csv:2: column 2 'b': '1e39': a 32-bit number wanted"},
    {"a,b,label\n1,1 2,3\n", NULL, "t.csv:2: column 2 'b': '1 2': a number wanted"},
    {"a,b,label\n1,\"x\x1b[2Jy\nz\",3\n", NULL, "t.csv:3: column 2 'b': 'x?[2Jy?z': a number wanted"},
    {"a,b,label\n1,0x10,3\n", NULL, "t.csv:2: column 2 'b': '0x10': a number wanted"},
    {"a,b,label\n1,1e400,3\n", NULL, "t.csv:2: column 2 'b': '1e400': a number wanted"},
    {"a,b,label\n1,-nan,3\n", NULL, "t.csv:2: column 2 'b': '-nan': a number wanted"},
    {"a,b,label\n1,\"1,5\",3\n", NULL, "t.csv:2: column 2 'b': '1,5': a number wanted (with a point, not a comma)"},
    /* A first row that is data. */
    {"5.1,3.5,setosa\n4.9,3.0,setosa\n", NULL,
     "t.csv:1: '5.1' in the first line: a row of data, it seems, and the names of the columns wanted there (put a line "
     "such as 'a,b,label' before it)"},
    {"M,1,2,yes\nF,3,4,no\nM,3,5,yes\n", NULL,
     "t.csv:2: column 1 'M': 'F': a number wanted (the labels? then csv:FILE,label=COLUMN: without it they are the "
     "last column, 'yes')"},
    {"a,state,b\n1,ok,2\n", NULL,
     "t.csv:2: column 2 'state': 'ok': a number wanted (the labels? then csv:FILE,label=COLUMN: without it they are the "
     "last column, 'b')"},
    {"a,state,b\n1,ok,2\n", "b", "t.csv:2: column 2 'state': 'ok': a number wanted"},
    {"1,2,yes\n3,4,no\n3,5,yes\n", NULL,
     "t.csv:1: '1' in the first line: a row of data, it seems, and the names of the columns wanted there (put a line "
     "such as 'a,b,label' before it)"},
    /* Ragged rows: said rather than what a shifted field looks like. */
    {"a,b,label\n1,2,3\n1,x\n", NULL, "t.csv:3: 2 fields: 3 wanted, as in the header"},
    {"a,b,label\n1,x,3,4\n", NULL, "t.csv:2: 4 fields: 3 wanted, as in the header"},
    {"a,b,label\r\n\r\n1,2,3,\r\n", NULL, "t.csv:3: 4 fields: 3 wanted, as in the header"},
    {"a,b,label\n1,2,3\n1", NULL, "t.csv:3: 1 fields: 3 wanted, as in the header"},
    /* Quotes. */
    {"a,b,label\n1,2\"3,4\n", NULL,
     "t.csv:2:4: a stray quote: quotes around the whole field wanted, and doubled inside it"},
    {"a,b,label\n1,\"2\" 3,4\n", NULL,
     "t.csv:2:7: a stray quote: quotes around the whole field wanted, and doubled inside it"},
    {"a,b,label\n1,2,3\n4,\"5,6\n7,8,9\n", NULL, "t.csv:3: a quote that is never closed: a closing quote wanted"},
    {"a,b,label\n1,2,3\n\n\"4,5,6\n7,8,9\n", NULL, "t.csv:4: a quote that is never closed: a closing quote wanted"},
    {"a,\"b,label\n1,2,3\n", NULL, "t.csv:1: a quote that is never closed: a closing quote wanted"},
    {"a,label\n\"1\n\",\"2\n", NULL, "t.csv:3: a quote that is never closed: a closing quote wanted"},
    /* Labels that are numbers but no classes. */
    {"a,label\n1,0\n2,-1\n", NULL,
     "t.csv:3: column 'label': label -1: a whole number from 0 to 65535, or text, wanted (labels -1 and "
     "1? write 0 and 1)"},
    {"a,label\n1,0\n2,2.5\n", NULL,
     "t.csv:3: column 'label': label 2.5: a whole number from 0 to 65535, or text, wanted" SOURCE_REGRESSION_HINT},
    {"a,label\n1,65536\n", NULL,
     "t.csv:2: column 'label': label 65536: a whole number from 0 to 65535, or text, wanted" SOURCE_REGRESSION_HINT},
};

/* Encodings other than UTF-8 are named. */
Test(csv, encodings) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } cases[] = {
#define BYTES(text) text, sizeof text - 1
        {BYTES("\xff\xfe"
               "a\0,\0l\0\n\0"),
         "t.csv: UTF-16: UTF-8 wanted (save it as CSV UTF-8, or: iconv -f UTF-16 -t UTF-8)"},
        {BYTES("\xfe\xff\0a\0,\0l\0\n"),
         "t.csv: UTF-16: UTF-8 wanted (save it as CSV UTF-8, or: iconv -f UTF-16 -t UTF-8)"},
        {BYTES("a\0,\0l\0\n\0"
               "1\0,\0"
               "2\0"),
         "t.csv: UTF-16: UTF-8 wanted (save it as CSV UTF-8, or: iconv -f UTF-16 -t UTF-8)"},
        {BYTES("a,label\n1,caf\xe9\n"),
         "t.csv:2: byte 0xe9: not UTF-8, perhaps Latin-1 or Windows-1252: UTF-8 wanted (save it as CSV UTF-8, or: "
         "iconv -f WINDOWS-1252 -t UTF-8)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = calloc(1, sizeof *d);
        struct error e = {""};
        cr_assert_not_null(d);
        scratch_put("t.csv", cases[i].bytes, cases[i].size);
        cr_expect_not(csv_load("t.csv", NULL, d, &e), "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].message, "case %zu: %s", i, e.text);
        dataset_destroy(d);
    }
}

/* Which column was taken, and which class each word became, is said where nobody said it. */
Test(csv, notes) {
    static const struct {
        const char *text, *label, *notes;
    } cases[] = {
        {"a,label\n1,0\n", NULL, NULL},
        {"a,kind\n1,0\n", "kind", NULL},
        {"a,kind\n1,0\n", NULL,
         "t.csv: no column is named label, target or class: the last one, 'kind', is taken for the label (label=COLUMN "
         "says another)\n"},
        {"class,a,Label\n2,1,0\n", NULL,
         "t.csv: 2 columns may be the label: 'Label' is taken (label=COLUMN says another)\n"},
        {"a,class\n1,yes\n1,no\n", NULL,
         "csv:t.csv: labels in words, taken for classes in sorted order: 0 is 'no', 1 is 'yes' (class-names says "
         "another)\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d;
        struct error e = {""};
        scratch_put("t.csv", cases[i].text, strlen(cases[i].text));
        cr_assert(dataset_load(cases[i].label ? "csv:t.csv,label=kind" : "csv:t.csv", "none", &d, &e), "case %zu: %s",
                  i, e.text);
        cr_assert_eq(!d->notes.data, !cases[i].notes, "case %zu", i);
        if (cases[i].notes) cr_expect_str_eq(d->notes.data, cases[i].notes, "case %zu: %s", i, d->notes.data);
        dataset_destroy(d);
    }
}

Test(csv, bad) {
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dataset *d;
        struct error e = {""};
        cr_expect_not(load(bad[i].text, bad[i].label, &d, &e), "case %zu: %s", i, bad[i].text);
        cr_expect_str_eq(e.text, bad[i].message, "case %zu: %s", i, e.text);
        dataset_destroy(d);
    }
}

Test(csv, zero_byte_is_no_number) {
    static const char text[] = "a,label\n1\0002,3\n";
    struct dataset d = {0};
    struct error e = {""};
    scratch_put("t.csv", text, sizeof text - 1);
    cr_assert_not(csv_load("t.csv", NULL, &d, &e));
    cr_assert_str_eq(e.text, "t.csv:2: column 1 'a': '1': a number wanted");
}

/* Names of the features and of the file are the user's and may be long; a message is not. */
Test(csv, long_names_are_cut) {
    static char text[5000];
    struct dataset *d;
    struct error e = {""};
    memset(text, 'n', 4000);
    memcpy(text + 4000, ",label\nx,1\n", 12);
    cr_assert_not(load(text, NULL, &d, &e));
    cr_assert_lt(strlen(e.text), 160);
    cr_assert_not_null(strstr(e.text, "nnn...': 'x': a number wanted"), "%s", e.text);
    dataset_destroy(d);
}

/* Many rows: arrays grow, and every value and label stays in its place. */
Test(csv, many_rows) {
    enum { rows = 3000 };
    static char text[rows * 32];
    struct dataset *d;
    struct error e = {""};
    size_t n = (size_t)snprintf(text, sizeof text, "i,square,parity\n");
    for (int i = 0; i < rows; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d,%s\n", i, i * i, i % 2 ? "odd" : "even");
    cr_assert(load(text, NULL, &d, &e), "%s", e.text);
    cr_assert_eq(d->count, rows);
    for (uint32_t i = 0; i < rows; i++) {
        cr_assert_eq(d->values[2 * i], (float)i);
        cr_assert_eq(d->values[2 * i + 1], (float)(i * i));
        cr_assert_eq(d->labels[i], i % 2);
    }
    dataset_destroy(d);
}
