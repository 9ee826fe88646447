/* The sources npy: and npz:. */
#include "data/dataset.h"
#include "data/source.h"
#include "tests/unit/scratch.h"

#include <math.h>
#include <zip.h>

TestSuite(numpy, .init = scratch_enter, .fini = scratch_leave);

/* A .npy file of format 1.0 around the elements; returns its size. */
static size_t make_array(uint8_t out[1024], const char *type, const char *shape, const void *elements, size_t size) {
    char dict[160];
    int n = snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type, shape);

    memcpy(out, "\x93NUMPY\x01", 8);
    out[8] = (uint8_t)n;
    out[9] = 0;
    memcpy(out + 10, dict, (size_t)n);
    memcpy(out + 10 + n, elements, size);
    return 10 + (size_t)n + size;
}

static void put_array(const char *name, const char *type, const char *shape, const void *elements, size_t size) {
    uint8_t file[1024];
    scratch_put(name, file, make_array(file, type, shape, elements, size));
}

static bool load(const char *source, const char *labels_for, struct dataset **d, struct error *e) {
    const struct dataset_request request = {.preprocess = &presets[0].preprocess, .labels_for = labels_for};
    return dataset_load_for(source, &request, d, e);
}

static const float six[] = {1, 2, 3, 4, 5, 6};
static const int64_t classes[] = {2, 0};

Test(numpy, features) {
    struct dataset *d;
    struct error e = {""};

    put_array("x.npy", "<f4", "(2, 3)", six, sizeof six);
    put_array("y.npy", "<i8", "(2,)", classes, sizeof classes);
    cr_assert(load("npy:x.npy,y.npy", "this", &d, &e), "%s", e.text);
    cr_expect(d->count == 2 && d->classes == 3 && !d->unlabelled);
    cr_expect(shape_equal(&d->sample, &(struct shape){1, {3}}));
    cr_expect(d->labels[0] == 2 && d->labels[1] == 0);
    cr_expect_eq(memcmp(d->values, six, sizeof six), 0);
    dataset_destroy(d);
    put_array("y.npy", "<i8", "(2, 1)", classes, sizeof classes);
    cr_assert(load("npy:x.npy,y.npy", "this", &d, &e), "%s", e.text);
    cr_expect_eq(d->labels[0], 2);
    dataset_destroy(d);
    cr_assert(load("npy:x.npy", NULL, &d, &e), "%s", e.text);
    cr_expect(d->unlabelled && d->labels[1] == DATASET_NO_LABEL);
    dataset_destroy(d);
    cr_expect_not(load("npy:x.npy", "this", &d, &e));
    cr_expect_str_eq(e.text, "x.npy: no labels: npy:INPUTS,LABELS wanted (labels are needed for this)");
}

/* Bytes stay bytes, so that they can be resized; pictures of one channel; channels behind. */
Test(numpy, pictures) {
    uint8_t bytes[24];
    struct dataset *d;
    struct error e = {""};
    float x[12];

    for (int i = 0; i < 24; i++) bytes[i] = (uint8_t)i;
    put_array("x.npy", "|u1", "(2, 3, 4)", bytes, 24);
    cr_assert(load("npy:x.npy", NULL, &d, &e), "%s", e.text);
    cr_expect(d->bytes && shape_equal(&d->sample, &(struct shape){3, {1, 3, 4}}));
    dataset_destroy(d);
    put_array("x.npy", "|u1", "(2, 2, 2, 3)", bytes, 24);
    cr_assert(load("npy:x.npy", NULL, &d, &e), "%s", e.text);
    cr_expect(shape_equal(&d->sample, &(struct shape){3, {3, 2, 2}}));
    cr_expect_str_eq(d->notes.data, "x.npy: shape 2x2x2x3: channels are taken to be the last and are put first\n");
    cr_assert(dataset_sample(d, 1, x, &e));
    const float wanted[] = {12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23};
    cr_expect_eq(memcmp(x, wanted, sizeof wanted), 0);
    dataset_destroy(d);
    put_array("x.npy", "|u1", "(2, 3, 2, 2)", bytes, 24);
    cr_assert(load("npy:x.npy", NULL, &d, &e), "%s", e.text);
    cr_expect(shape_equal(&d->sample, &(struct shape){3, {3, 2, 2}}) && !d->notes.data);
    dataset_destroy(d);
}

Test(numpy, complaints) {
    static const double halves[] = {.5, 1}, far[] = {0, 65536};
    static const float holes[] = {1, 2, 3, 4, 5, (float)INFINITY};
    static const struct {
        const char *x_shape;
        const float *x;
        const char *y_type, *y_shape;
        const void *y;
        const char *message;
    } cases[] = {
        {"(6,)", six, "<i8", "(2,)", classes,
         "x.npy: shape 6: samples x features, samples x height x width, samples x channels x height x width or samples x "
         "channels x depth x height x width wanted"},
        {"(2, 3)", holes, "<i8", "(2,)", classes, "x.npy: sample 1, element 2 is inf: a finite number wanted"},
        {"(3, 2)", six, "<i8", "(2,)", classes, "y.npy: shape 2: 3 labels wanted, one for each sample"},
        {"(2, 3)", six, "<i8", "(1, 2)", classes,
         "y.npy: shape 1x2: one label for each sample wanted (one-hot rows: numpy.argmax(a, 1); several labels or "
         "real targets: task multi-label or regression)"},
        {"(2, 3)", six, "<f8", "(2,)", halves,
         "y.npy: sample 0: label 0.5: a whole number from 0 to 65535 wanted" SOURCE_REGRESSION_HINT},
        {"(2, 3)", six, "<f8", "(2,)", far,
         "y.npy: sample 1: label 65536: a whole number from 0 to 65535 wanted" SOURCE_REGRESSION_HINT},
        {"(2, 3)", six, "|O", "(2,)", classes,
         "y.npy: elements of type '|O': float16, float32, float64, bool or whole numbers wanted (NumPy: "
         "a.astype('float32'))"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        put_array("x.npy", "<f4", cases[i].x_shape, cases[i].x, sizeof six);
        put_array("y.npy", cases[i].y_type, cases[i].y_shape, cases[i].y, 16);
        cr_expect_not(load("npy:x.npy,y.npy", "this", &d, &e), "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
    }
}

/* ---- .npz ---- */

/* Members of a new zip file; what is packed, and how, as numpy.savez and numpy.savez_compressed do. */
static void put_zip(const char *x_name, const char *y_name, zip_int32_t method) {
    uint8_t x[1024], y[1024];
    int code;
    zip_t *zip = zip_open("a.npz", ZIP_CREATE | ZIP_TRUNCATE, &code);
    size_t x_size = make_array(x, "<f4", "(2, 3)", six, sizeof six);
    size_t y_size = make_array(y, "<i8", "(2,)", classes, sizeof classes);

    cr_assert_not_null(zip);
    zip_int64_t at = zip_file_add(zip, x_name, zip_source_buffer(zip, x, x_size, 0), 0);
    cr_assert_eq(zip_set_file_compression(zip, (zip_uint64_t)at, method, 0), 0);
    if (y_name) at = zip_file_add(zip, y_name, zip_source_buffer(zip, y, y_size, 0), 0);
    cr_assert_eq(zip_set_file_compression(zip, (zip_uint64_t)at, method, 0), 0);
    cr_assert_eq(zip_close(zip), 0);
}

Test(numpy, archives) {
    static const char *const names[][2] = {
        {"inputs.npy", "labels.npy"}, {"x.npy", "y.npy"}, {"X.npy", "y.npy"}, {"x_test.npy", "y_test.npy"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int packed = 0; packed < 2; packed++) {
            struct dataset *d = NULL;
            struct error e = {""};
            put_zip(names[i][0], names[i][1], packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
            cr_assert(load("npz:a.npz", "this", &d, &e), "case %zu: %s", i, e.text);
            cr_expect(d->count == 2 && d->labels[0] == 2 && memcmp(d->values, six, sizeof six) == 0, "case %zu", i);
            dataset_destroy(d);
        }
}

Test(numpy, archives_that_are_refused) {
    struct dataset *d = NULL;
    struct error e = {""};

    put_zip("x.npy", NULL, ZIP_CM_STORE);
    cr_expect_not(load("npz:a.npz", "this", &d, &e));
    cr_expect_str_eq(e.text,
                     "a.npz: no labels: arrays inputs and labels, or x and y, wanted (numpy.savez(file, inputs=a, "
                     "labels=b)) (labels are needed for this)");
    cr_assert(load("npz:a.npz", NULL, &d, &e), "%s", e.text);
    cr_expect(d->unlabelled);
    dataset_destroy(d);
    put_zip("arr_0.npy", "arr_1.npy", ZIP_CM_STORE);
    cr_expect_not(load("npz:a.npz", "this", &d, &e));
    cr_expect_str_eq(e.text, "a.npz: holds arr_0.npy, arr_1.npy: arrays inputs and labels, or x and y, wanted "
                             "(numpy.savez(file, inputs=a, labels=b))");
    put_array("x.npy", "<f4", "(2, 3)", six, sizeof six);
    cr_expect_not(load("npz:x.npy", "this", &d, &e));
    cr_expect_not_null(strstr(e.text, "x.npy: "), "%s", e.text);
    cr_expect_not_null(strstr(e.text, "a file of numpy.savez wanted"), "%s", e.text);
    cr_expect_not(load("npz:none.npz", "this", &d, &e));
}

/* Every cut and every damaged byte is read or refused, never a crash. */
Test(numpy, damaged_archives) {
    uint8_t bytes[2048];

    put_zip("x.npy", "y.npy", ZIP_CM_DEFLATE);
    FILE *in = fopen("a.npz", "rb");
    cr_assert_not_null(in);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    for (size_t i = 0; i < 2 * size; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        bool cut = i < size;
        if (!cut) bytes[i - size] ^= 0xff;
        scratch_put("b.npz", bytes, cut ? i : size);
        bool ok = load("npz:b.npz", "this", &d, &e);
        cr_expect(ok ? !cut : e.text[0], "%zu", i);
        if (!cut) bytes[i - size] ^= 0xff;
        if (ok) dataset_destroy(d);
    }
}

/* The directory of a zip file can claim what no file of its size holds: nothing is reserved for it. */
Test(numpy, sizes_that_an_archive_claims) {
    uint8_t bytes[2048];
    struct dataset *d = NULL;
    struct error e = {""};

    put_zip("x.npy", "y.npy", ZIP_CM_DEFLATE);
    FILE *in = fopen("a.npz", "rb");
    cr_assert_not_null(in);
    size_t size = fread(bytes, 1, sizeof bytes, in), at = 0;
    fclose(in);
    while (at + 28 < size && memcmp(bytes + at, "PK\1\2", 4) != 0) at++;
    cr_assert_lt(at + 28, size, "no directory");
    memset(bytes + at + 20, 0xf0, 8); /* packed and unpacked */
    scratch_put("b.npz", bytes, size);
    cr_expect_not(load("npz:b.npz", "this", &d, &e));
    cr_expect_not_null(strstr(e.text, "b.npz: x.npy: 4042322160 bytes in a file of "), "%s", e.text);
}
