/* IDX files, plain and gzipped: every element type, every cut, every changed byte. */
#include "base/text.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/source_kind.h"
#include "tests/unit/scratch.h"

#include <stdio.h>
#include <zlib.h>

TestSuite(idx, .init = scratch_enter, .fini = scratch_leave);

/* Two images of 2 x 3 bytes and their labels. */
static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0,   0,   0,   2,   0,   0,
                                 0, 3, 0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 3, 1};

static bool load(const void *x, size_t nx, const void *y, size_t ny, struct dataset *d, struct error *e) {
    *d = (struct dataset){0};
    scratch_put("x", x, nx);
    scratch_put("y", y, ny);
    return idx_load("x", "y", d, e);
}

static void release(struct dataset *d) {
    free(d->bytes);
    free(d->values);
    free(d->labels);
}

static void check_small(const struct dataset *d) {
    cr_assert_eq(d->count, 2);
    cr_assert_eq(d->sample.rank, 3);
    cr_assert_eq(d->sample.dim[0], 1);
    cr_assert_eq(d->sample.dim[1], 2);
    cr_assert_eq(d->sample.dim[2], 3);
    cr_assert_eq(d->classes, 4);
    cr_assert_eq(d->labels[0], 3);
    cr_assert_eq(d->labels[1], 1);
    cr_assert_null(d->values);
    cr_assert_arr_eq(d->bytes, images + 16, 12);
}

Test(idx, bytes_stay_bytes) {
    struct dataset d;
    struct error e;
    cr_assert(load(images, sizeof images, labels, sizeof labels, &d, &e), "%s", e.text);
    check_small(&d);
    release(&d);
}

Test(idx, gzipped) {
    struct dataset d = {0};
    struct error e;
    gzFile out = gzopen("x", "wb");
    cr_assert_eq(gzwrite(out, images, sizeof images), (int)sizeof images);
    gzclose(out);
    scratch_put("y", labels, sizeof labels);
    cr_assert(idx_load("x", "y", &d, &e), "%s", e.text);
    check_small(&d);
    release(&d);
}

/* Not getrusage's, which begins with what the runner had. */
static long peak_kib(void) {
    char line[128];
    long peak = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && peak < 0 && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld", &peak);
    if (status) fclose(status);
    cr_assert_geq(peak, 0);
    return peak;
}

/* 64 MiB behind a header that asks for 12 bytes: nearly all of it stays packed. */
Test(idx, a_gzip_that_never_ends) {
    static const uint8_t zeros[1 << 16];
    struct dataset d = {0};
    struct error e;
    gzFile out = gzopen("x", "wb");
    cr_assert_eq(gzwrite(out, images, sizeof images), (int)sizeof images);
    for (int i = 0; i < 1024; i++) cr_assert_eq(gzwrite(out, zeros, sizeof zeros), (int)sizeof zeros);
    gzclose(out);
    scratch_put("y", labels, sizeof labels);
    long before = peak_kib();
    cr_expect_not(idx_load("x", "y", &d, &e));
    cr_expect_str_eq(e.text, "x: byte 28: more bytes behind the 2x2x3 elements of type unsigned byte: the end of the "
                             "file wanted");
    cr_expect_lt(peak_kib() - before, 16 << 10, "%ld KiB", peak_kib() - before);
    release(&d);
}

/* Every element type of the format, as samples of two features and as labels. */
Test(idx, element_types) {
    static const struct {
        uint8_t bytes[40];
        size_t size;
        float first, second;
    } cases[] = {
        {{0, 0, 0x09, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 7}, 14, -1, 7},
        {{0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xfe, 1, 0}, 16, -2, 256},
        {{0, 0, 0x0c, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0, 0, 0, 0, 1, 0, 0}, 20, -0x1p31f, 65536},
        {{0, 0, 0x0d, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0}, 20, 1, -2.5f},
        {{0, 0, 0x0e, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xbf, 0xe0}, 28, 1.5f, -.5f},
    };
    static const uint8_t label[] = {0, 0, 0x0c, 1, 0, 0, 0, 1, 0, 0, 0xff, 0xff};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset d;
        struct error e;
        cr_assert(load(cases[i].bytes, cases[i].size, label, sizeof label, &d, &e), "%zu: %s", i, e.text);
        cr_assert_null(d.bytes);
        cr_expect_eq(d.values[0], cases[i].first, "%zu", i);
        cr_expect_eq(d.values[1], cases[i].second, "%zu", i);
        cr_expect_eq(d.sample.rank, 1);
        cr_expect_eq(d.labels[0], 65535);
        release(&d);
    }
}

struct bad {
    uint8_t bytes[32];
    size_t size;
    const char *message;
};

Test(idx, bad_images) {
    static const struct bad cases[] = {
        {{0}, 0, "x: byte 0: the file ends in the magic number: an IDX file wanted"},
        {{0, 0, 8}, 3, "x: byte 3: the file ends in the magic number: an IDX file wanted"},
        {{0x89, 'P', 'N', 'G'}, 4, "x: byte 0: 89 50 4e 47: an IDX file wanted (00 00, element type, dimensions)"},
        {{0, 0, 7, 3}, 4, "x: byte 2: element type 0x07: 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e wanted"},
        {{0, 0, 8, 0}, 4, "x: byte 3: 0 dimensions: 1 to 4 wanted"},
        {{0, 0, 8, 5}, 4, "x: byte 3: 5 dimensions: 1 to 4 wanted"},
        {{0, 0, 8, 3, 0, 0, 0, 2, 0}, 9, "x: byte 9: the file ends in the dimensions: 3 numbers of 4 bytes wanted"},
        {{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 0}, 12, "x: byte 8: dimension 2 is 0: at least 1 wanted"},
        {{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2},
         12,
         "x: byte 12: the file ends after 0 bytes of elements: 2x2 of type unsigned byte wanted"},
        {{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3},
         15,
         "x: byte 15: the file ends after 3 bytes of elements: 2x2 of type unsigned byte wanted"},
        {{0, 0, 0x0d, 2, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3},
         15,
         "x: byte 15: the file ends after 3 bytes of elements: 1x1 of type float wanted"},
        {{0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4},
         16,
         "x: byte 14: more bytes behind the 1x2 elements of type unsigned byte: the end of the file wanted"},
        /* Products that overflow 64 bits, and one that is 0 modulo 2^64, ask for no memory. */
        {{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1},
         17,
         "x: byte 17: the file ends after 1 bytes of elements: "
         "4294967295x4294967295x4294967295 of type unsigned byte wanted"},
        {{0, 0, 0x0e, 3, 128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 4, 1},
         17,
         "x: byte 17: the file ends after 1 bytes of elements: 2147483648x2147483648x4 of type double wanted"},
        {{0, 0, 8, 1, 0, 0, 0, 2, 1, 2}, 10, "x: byte 3: 1 dimension: images wanted, samples first"},
        {{0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 1, 2, 3}, 15, "y: byte 4: 2 labels: 3 wanted, one for each image of x"},
        {{0, 0, 0x0d, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0x3f, 0x80, 0, 0, 0x7f, 0xc0, 0, 0},
         20,
         "x: byte 16: element 1 is nan: a finite 32-bit number wanted"},
        {{0, 0, 0x0e, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0x7e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
         28,
         "x: byte 12: element 0 is inf: a finite 32-bit number wanted"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset d;
        struct error e = {""};
        cr_expect_not(load(cases[i].bytes, cases[i].size, labels, sizeof labels, &d, &e), "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].message, "case %zu: %s", i, e.text);
        release(&d);
    }
}

Test(idx, bad_labels) {
    static const struct bad cases[] = {
        {{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2}, 14, "y: byte 3: 2 dimensions: 1 wanted, one label for each image"},
        {{0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3}, 11, "y: byte 4: 3 labels: 2 wanted, one for each image of x"},
        {{0, 0, 9, 1, 0, 0, 0, 2, 1, 0xff}, 10, "y: byte 9: label -1: a whole number from 0 to 65535 wanted"},
        {{0, 0, 0x0c, 1, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0},
         16,
         "y: byte 8: label 65536: a whole number from 0 to 65535 wanted"},
        {{0, 0, 0x0d, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x3f, 0, 0, 0},
         16,
         "y: byte 12: label 0.5: a whole number from 0 to 65535 wanted"},
        {{0, 0, 0x0d, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x7f, 0xc0, 0, 0},
         16,
         "y: byte 12: label nan: a whole number from 0 to 65535 wanted"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset d;
        struct error e = {""};
        cr_expect_not(load(images, sizeof images, cases[i].bytes, cases[i].size, &d, &e), "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].message, "case %zu: %s", i, e.text);
        release(&d);
    }
}

Test(idx, swapped_files_are_recognised) {
    struct dataset d;
    struct error e = {""};
    cr_assert_not(load(labels, sizeof labels, images, sizeof images, &d, &e));
    cr_assert_str_eq(e.text, "x: byte 3: 1 dimension: images wanted, samples first (are images and labels swapped?)");
    release(&d);
}

/* Cut anywhere, a file is refused and the place named. */
Test(idx, every_cut) {
    for (size_t n = 0; n < sizeof images; n++) {
        struct dataset d;
        struct error e = {""};
        char place[32];
        snprintf(place, sizeof place, "x: byte %zu: the file ends ", n);
        cr_assert_not(load(images, n, labels, sizeof labels, &d, &e), "%zu", n);
        cr_assert_eq(strncmp(e.text, place, strlen(place)), 0, "%zu: %s", n, e.text);
        release(&d);
    }
}

Test(idx, every_byte_changed) {
    for (size_t at = 0; at < 16; at++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[sizeof images];
            struct dataset d;
            struct error e = {""};
            memcpy(bytes, images, sizeof images);
            bytes[at] = (uint8_t)value;
            bool fine = value == images[at] || (at == 2 && value == 0x09); /* signed bytes are as long */
            cr_assert_eq(load(bytes, sizeof bytes, labels, sizeof labels, &d, &e), fine, "byte %zu = %u", at, value);
            cr_assert(fine || strstr(e.text, ": byte "), "%s", e.text);
            release(&d);
        }
}

Test(idx, missing_file) {
    struct dataset d = {0};
    struct error e = {""};
    cr_assert_not(idx_load("none", "y", &d, &e));
    cr_assert_eq(strncmp(e.text, "none: No such file or directory: ", 33), 0, "%s", e.text);
}

#define FASHION "/usr/share/datasets/fashion-mnist/t10k-"

/* Debian's Fashion-MNIST: 10,000 test images, 1,000 of each class. */
Test(idx, fashion_mnist) {
    struct dataset d = {0};
    struct error e;
    unsigned of_class[10] = {0};

    cr_assert(idx_load(FASHION "images-idx3-ubyte.gz", FASHION "labels-idx1-ubyte.gz", &d, &e), "%s", e.text);
    cr_assert_eq(d.count, 10000);
    cr_assert_eq(d.classes, 10);
    cr_assert_eq(d.sample.dim[1] * d.sample.dim[2], 784);
    for (uint32_t i = 0; i < d.count; i++) of_class[d.labels[i]]++;
    for (unsigned k = 0; k < 10; k++) cr_expect_eq(of_class[k], 1000, "%u", k);
    release(&d);
}

/* A download cut off: the gzip stream ends early. */
Test(idx, truncated_gzip) {
    uint8_t bytes[2000];
    struct dataset d = {0};
    struct error e = {""};
    FILE *in = fopen(FASHION "labels-idx1-ubyte.gz", "rb");
    cr_assert_not_null(in);
    cr_assert_eq(fread(bytes, 1, sizeof bytes, in), sizeof bytes);
    fclose(in);
    scratch_put("cut.gz", bytes, sizeof bytes);
    scratch_put("x", images, sizeof images);
    cr_assert_not(idx_load("x", "cut.gz", &d, &e));
    cr_assert_eq(strncmp(e.text, "cut.gz: the gzip stream ends early", 34), 0, "%s", e.text);
    release(&d);
}
