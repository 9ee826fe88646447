/* Large CSV files, whose rows stay where they are: each row as if the whole were in memory, each complaint the same,
 * and a file that was changed is refused. */
#include "data/csv.h"
#include "base/rng.h"
#include "data/csv_rows.h"
#include "data/dataset.h"
#include "data/source.h"
#include "tests/unit/scratch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(csv_rows, .init = scratch_enter, .fini = scratch_leave);

static struct dataset *load(uint64_t most, enum label_kind kind, const char *label, bool *ok, struct error *e) {
    struct dataset *d = calloc(1, sizeof *d);
    cr_assert_not_null(d);
    d->labels_as = kind;
    *e = (struct error){""};
    *ok = csv_load_keeping("t.csv", label, most, d, e);
    return d;
}

/* Both ways: the same words, or the same numbers. */
static void check_same(const char *text, size_t size, enum label_kind kind, const char *label) {
    struct error e[2];
    bool ok[2];
    scratch_put("t.csv", text, size);
    struct dataset *kept = load(UINT64_MAX, kind, label, &ok[0], &e[0]), *rows = load(0, kind, label, &ok[1], &e[1]);
    float values[16];

    cr_assert_eq(ok[0], ok[1], "%.*s: '%s' and '%s'", (int)size, text, e[0].text, e[1].text);
    cr_assert_str_eq(e[0].text, e[1].text, "%.*s", (int)size, text);
    for (uint32_t i = 0; ok[0] && i < kept->count; i++) {
        const size_t features = kept->sample.dim[0];
        cr_assert_eq(kept->count, rows->count);
        cr_assert_null(rows->values);
        cr_assert(csv_rows_read(rows->rows, i, values, &e[0]), "%s", e[0].text);
        cr_assert_arr_eq(values, kept->values + i * features, features * sizeof *values, "%.*s: row %u", (int)size,
                         text, i);
        cr_assert_eq(kept->labels[i], rows->labels[i], "%.*s: row %u", (int)size, text, i);
        for (uint32_t k = 0; k < kept->target_count; k++)
            cr_assert_eq(kept->targets[i * kept->target_count + k], rows->targets[i * kept->target_count + k]);
    }
    dataset_destroy(kept);
    dataset_destroy(rows);
}

/* Tables out of pieces that tables are made of, some of them wrong. */
Test(csv_rows, as_if_kept) {
    static const char *const cells[] = {"1",
                                        "2.5",
                                        "-0.125",
                                        "+3.",
                                        ".5",
                                        "1e3",
                                        "2E-5",
                                        "1e39",
                                        "1e400",
                                        "1e-400",
                                        "0x1",
                                        "NA",
                                        "?",
                                        "",
                                        " 4",
                                        "5\t",
                                        "\"6\"",
                                        "\"7\n\"",
                                        "a",
                                        "\"q\"\"q\"",
                                        "1 2",
                                        "3e38",
                                        "4e38",
                                        "1234567890123456",
                                        "99999999999999999999999999999999999999999",
                                        "cat",
                                        "dog",
                                        "caf\xc3\xa9",
                                        "b\xe9",
                                        "\"x,y\"",
                                        "\"open",
                                        "-",
                                        ".",
                                        "e5",
                                        "1e+20",
                                        "1e21",
                                        "0.0000000000000000000000000000000000000000000001",
                                        "1;2",
                                        "0"};
    static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n  \n", ",\n"};
    static const char *const headers[] = {"a,b,label\n", "a,label,b\r\n", "label,a,b\n", "\n\"a\",b,class\n",
                                          "1,2,x\n"};
    struct rng rng = rng_stream(7, "tables", 0);

    for (int k = 0; k < 20000; k++) {
        struct text t = {0};
        text_add(&t, "%s", headers[rng_below(&rng, 5)]);
        const bool tidy = k % 2; /* most cells plain, so that many tables are whole */
        for (uint32_t row = 0, rows = rng_below(&rng, 5) + 1; row < rows; row++) {
            for (int c = 0; c < 3; c++)
                text_add(&t, "%s%s", c ? "," : "",
                         cells[rng_below(&rng, tidy && rng_below(&rng, 12) ? 7 : sizeof cells / sizeof *cells)]);
            if (row + 1 < rows || rng_below(&rng, 3)) text_add(&t, "%s", ends[rng_below(&rng, tidy ? 5 : 8)]);
        }
        cr_assert_not(t.failed);
        check_same(t.data, t.length, (enum label_kind)(k % 3), k % 3 == LABELS_FLAGS ? "b,label=a" : NULL);
        text_finish(&t);
    }
}

/* Blocks end between rows, wherever those end; rows come in any order. */
Test(csv_rows, any_order) {
    enum { rows = 4000 };
    struct text t = {0};
    struct error e;
    bool ok;
    float values[2];
    text_add(&t, "i,square,parity\n");
    for (int i = 0; i < rows; i++)
        text_add(&t,
                 i % 97 == 0   ? "\"%d\",%d,\"new\n%s\"\r\n"
                 : i % 31 == 0 ? " %d,%d,%s\r"
                               : "%d,%d,%s\n",
                 i, i * i,
                 i % 97 == 0 ? "line"
                 : i % 2     ? "odd"
                             : "even");
    scratch_put("t.csv", t.data, t.length - 1); /* the last row has no end */
    struct dataset *d = load(0, LABELS_CLASSES, NULL, &ok, &e);
    cr_assert(ok, "%s", e.text);
    cr_assert_eq(d->count, rows);
    for (uint32_t k = 0; k < 3 * rows; k++) {
        uint32_t i = k < rows ? k : k * 2654435761u % rows;
        cr_assert(csv_rows_read(d->rows, i, values, &e), "%s", e.text);
        cr_assert_eq(values[0], (float)i);
        cr_assert_eq(values[1], (float)(i * i));
        cr_assert_eq(d->labels[i], i % 97 == 0 ? 1 : i % 2 * 2);
    }
    const uint32_t some[] = {3999, 0, 97, 98};
    cr_assert(dataset_keep(d, some, 4, &e), "%s", e.text);
    cr_assert_null(d->rows);
    for (int k = 0; k < 4; k++) cr_assert_eq(d->values[2 * k], (float)some[k]);
    dataset_destroy(d);
    text_finish(&t);
}

/* A row longer than the window of the file, and more rows than it holds. */
Test(csv_rows, long_rows) {
    struct text t = {0};
    struct error e;
    bool ok;
    enum { columns = 300000, rows = 3 };
    float *values = malloc(columns * sizeof *values);
    cr_assert_not_null(values);
    for (int c = 0; c < columns; c++) text_add(&t, "c%d,", c);
    text_add(&t, "label\n");
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) text_add(&t, "%d.25,", c % 1000 + r);
        text_add(&t, "%d\n", r);
    }
    scratch_put("t.csv", t.data, t.length);
    struct dataset *d = load(0, LABELS_CLASSES, NULL, &ok, &e);
    cr_assert(ok, "%s", e.text);
    for (uint32_t r = rows; r-- > 0;) {
        cr_assert(csv_rows_read(d->rows, r, values, &e), "%s", e.text);
        for (uint32_t c = 0; c < columns; c++) cr_assert_eq(values[c], (float)(c % 1000 + r) + .25f);
    }
    free(values);
    dataset_destroy(d);
    text_finish(&t);
}

static void put_two_rows(const char *second) {
    char text[64];
    snprintf(text, sizeof text, "a,label\n1,0\n%s,1\n", second);
    scratch_put("t.csv", text, strlen(text));
}

/* By its mark: another file of that name, with the same times and the same size. */
Test(csv_rows, a_changed_file_is_refused) {
    struct error e;
    struct stat info;
    bool ok;
    float value;
    put_two_rows("2");
    struct dataset *d = load(0, LABELS_CLASSES, NULL, &ok, &e);
    cr_assert(ok && csv_rows_read(d->rows, 1, &value, &e), "%s", e.text);
    cr_assert_eq(stat("t.csv", &info), 0);
    cr_assert_eq(unlink("t.csv"), 0);
    put_two_rows("3");
    const struct timespec times[] = {info.st_atim, info.st_mtim};
    cr_assert_eq(utimensat(AT_FDCWD, "t.csv", times, 0), 0);
    cr_assert_not(csv_rows_read(d->rows, 0, &value, &e));
    cr_assert_str_eq(e.text, "t.csv: changed since it was read first: a file that stays as it is wanted (start again "
                             "once nothing writes to it)");
    cr_assert_eq(unlink("t.csv"), 0);
    cr_assert_not(csv_rows_read(d->rows, 0, &value, &e));
    cr_assert_str_eq(e.text, "t.csv: No such file or directory: a readable file was wanted");
    dataset_destroy(d);
}

/* By what it holds, where no time tells. */
Test(csv_rows, changed_bytes_are_refused) {
    static const char was[] = "1,0\n2,1\n";
    size_t place[] = {0, 1};
    const struct csv_columns columns = {.count = 2, .place = place, .labels = 1};
    const struct csv_block block = {.at = 8, .line = 1};
    struct csv_rows *rows;
    struct file_mark mark;
    struct error e = {""};
    float value;
    for (int same = 0; same < 2; same++) {
        put_two_rows(same ? "2" : "3");
        int file = open("t.csv", O_RDONLY);
        cr_assert(file >= 0 && file_mark(file, &mark));
        close(file);
        cr_assert(csv_rows_create("t.csv", &mark, &columns, &rows, &e));
        cr_assert(csv_rows_add(rows, &block, (const uint8_t *)was, 8 + sizeof was - 1));
        cr_assert_eq(csv_rows_read(rows, 1, &value, &e), same, "%s", e.text);
        if (same) cr_assert_eq(value, 2.f);
        csv_rows_destroy(rows);
    }
}

/* What is read is what the digest is of. */
Test(csv_rows, digest) {
    struct error e;
    char digest[FILE_DIGEST_SIZE];
    bool ok;
    put_two_rows("2");
    for (uint64_t most = 0; most < 100; most += 99) {
        struct dataset *d = load(most, LABELS_CLASSES, NULL, &ok, &e);
        cr_assert(ok && file_digest("t.csv", digest, &e), "%s", e.text);
        cr_assert_str_eq(d->digest, digest);
        dataset_destroy(d);
    }
}

/* A column of which every value is another one is no column of classes, and is not read to its end. */
Test(csv_rows, too_many_labels) {
    struct text t = {0};
    struct error e;
    bool ok;
    text_add(&t, "a,label\n");
    for (int i = 0; i < 1 << 20; i++) text_add(&t, "1,%d\n", i);
    text_add(&t, "1,x\n1,\n");
    scratch_put("t.csv", t.data, t.length);
    dataset_destroy(load(0, LABELS_CLASSES, NULL, &ok, &e));
    cr_assert_not(ok);
    cr_assert_str_eq(e.text, "t.csv:1048578: column 'label': more than 1048576 different labels: at most 65536 classes "
                             "wanted" SOURCE_REGRESSION_HINT);
    text_finish(&t);
}

/* Whatever stands in a column that is left out, plain rows and others are read the same way. */
Test(csv_rows, columns_are_left_out) {
    static const char text[] = "id,a,day,b,label\nx7,1,2024-01-01,0,0\n,.5,,1,1\n\"q,1\",2,\"a\nb\",0,0\n7,3,4,5,1\n";
    static const float wanted[] = {1, 0, .5f, 1, 2, 0, 3, 5};
    scratch_put("t.csv", text, sizeof text - 1);
    for (int k = 0; k < 2; k++) {
        struct dataset *d = calloc(1, sizeof *d);
        struct error e = {""};
        cr_assert_not_null(d);
        d->ignore = "id,ignore=day";
        cr_assert(csv_load_keeping("t.csv", NULL, k ? 0 : UINT64_MAX, d, &e), "%s", e.text);
        cr_assert_eq(d->count, 4);
        cr_assert_eq(d->sample.dim[0], 2);
        cr_expect_eq(d->column_count, 2);
        cr_expect_str_eq(d->columns[1], "b");
        cr_expect_arr_eq(d->labels, ((uint32_t[]){0, 1, 0, 1}), 4 * sizeof *d->labels);
        for (uint32_t i = 0; i < 4; i++) {
            float row[2];
            if (k) cr_assert(csv_rows_read(d->rows, i, row, &e), "%s", e.text);
            else memcpy(row, d->values + 2 * (size_t)i, sizeof row);
            cr_expect_arr_eq(row, wanted + 2 * (size_t)i, sizeof row, "row %u", i);
        }
        dataset_destroy(d);
    }
}
