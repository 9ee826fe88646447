/* NumPy files there and back, and what is refused. */
#include "base/npy.h"
#include "base/file.h"
#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/assay-npy-XXXXXX";

static void make_path(void) {
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    close(file);
}

static void remove_path(void) {
    unlink(path);
}

TestSuite(npy, .init = make_path, .fini = remove_path);

Test(npy, round_trip_of_every_rank) {
    struct error e;
    float data[24];

    for (int i = 0; i < 24; i++) data[i] = (float)i / 7 - 1;
    data[3] = -0.0f;
    data[5] = INFINITY;
    data[7] = 1e-45f;
    static const struct shape shapes[] = {
        {0, {0}}, {1, {24}}, {2, {4, 6}}, {3, {1, 4, 6}}, {8, {1, 2, 1, 3, 1, 4, 1, 1}}, {2, {0, 5}},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct shape shape;
        float *got = NULL;
        cr_assert(npy_write(path, &shapes[i], data, &e), "%s", e.text);
        cr_assert(npy_read(path, &shape, &got, &e), "%s", e.text);
        cr_expect(shape_equal(&shape, &shapes[i]), "shape %zu", i);
        cr_expect_eq(memcmp(got, data, shape_count(&shape) * sizeof *got), 0, "shape %zu", i);
        free(got);
    }
}

/* The layout NumPy asks for: magic, 1.0, a header that ends in a newline and fills a multiple of 64 bytes. */
Test(npy, header_as_numpy_writes_it) {
    struct error e;
    struct shape shape = {1, {3}};
    uint8_t *bytes;
    size_t size;

    cr_assert(npy_write(path, &shape, (float[]){1, 2, 3}, &e));
    cr_assert(file_read(path, &bytes, &size, &e));
    size_t length = bytes[8] | (size_t)bytes[9] << 8;
    cr_expect_eq(memcmp(bytes, "\x93NUMPY\x01", 8), 0);
    cr_expect_eq((10 + length) % 64, 0);
    cr_expect_eq(size, 10 + length + 12);
    cr_expect_eq(bytes[10 + length - 1], '\n');
    const char dict[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
    cr_expect_eq(memcmp(bytes + 10, dict, sizeof dict - 1), 0);
    cr_expect_eq(memcmp(bytes + 10 + length, "\0\0\x80\x3f\0\0\0\x40", 8), 0, "little-endian elements");
    free(bytes);
}

/* Files NumPy wrote (tests/golden/make_measure.py). */
Test(npy, reads_numpy) {
    struct error e;
    struct shape shape;
    float *data;

    cr_assert(npy_read("tests/golden/measure/channels-mask.npy", &shape, &data, &e), "%s", e.text);
    cr_expect(shape_equal(&shape, &(struct shape){3, {3, 20, 33}}));
    for (size_t i = 0; i < 3 * 20 * 33; i++) cr_expect(data[i] == 0 || data[i] == 1);
    free(data);
    cr_assert(npy_read("tests/golden/measure/float64.npy", &shape, &data, &e), "%s", e.text);
    cr_expect(shape_equal(&shape, &(struct shape){2, {2, 3}}));
    cr_expect(data[0] == 0.1f && data[1] == -2.5f && data[2] == 1e10f && data[3] == 0 && data[4] == INFINITY);
    cr_expect(isnan(data[5]));
    free(data);
}

static void write_file(const char *dict, size_t elements, const char *magic);

/* The same number in every type and order of bytes. */
Test(npy, element_types) {
    static const struct {
        const char *type;
        uint8_t bytes[8];
        size_t size;
        float value;
    } cases[] = {
        {"<f2", {0x00, 0xc5}, 2, -5},
        {">f2", {0xc5, 0x00}, 2, -5},
        {"<f2", {0x01, 0x00}, 2, 0x1p-24f},
        {"<f2", {0x00, 0x7c}, 2, INFINITY},
        {">f4", {0xc0, 0xa0, 0, 0}, 4, -5},
        {">f8", {0xc0, 0x14, 0, 0, 0, 0, 0, 0}, 8, -5},
        {"|u1", {251}, 1, 251},
        {"|b1", {1}, 1, 1},
        {"|i1", {251}, 1, -5},
        {"<i2", {251, 255}, 2, -5},
        {">i2", {255, 251}, 2, -5},
        {"<u2", {251, 255}, 2, 65531},
        {"<i4", {251, 255, 255, 255}, 4, -5},
        {"<u4", {5, 1, 0, 0}, 4, 261},
        {"<i8", {251, 255, 255, 255, 255, 255, 255, 255}, 8, -5},
        {">i8", {0, 0, 0, 0, 0, 0, 1, 5}, 8, 261},
        {"<u8", {5, 1, 0, 0, 0, 0, 0, 0}, 8, 261},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        struct npy_array array;
        uint8_t *bytes;
        size_t size;
        char dict[96];
        snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }", cases[i].type);
        write_file(dict, cases[i].size, "\x93NUMPY\x01");
        cr_assert(file_read(path, &bytes, &size, &e));
        memcpy(bytes + size - cases[i].size, cases[i].bytes, cases[i].size);
        cr_assert(npy_decode("x", bytes, size, &array, &e), "%s: %s", cases[i].type, e.text);
        cr_expect_eq(array.values[0], cases[i].value, "%s: %g", cases[i].type, (double)array.values[0]);
        cr_expect_eq(array.is_bytes, cases[i].type[1] == 'u' && cases[i].type[2] == '1');
        free(array.values);
        free(bytes);
    }
}

static void write_file(const char *dict, size_t elements, const char *magic) {
    uint8_t bytes[1024] = {0};
    size_t length = strlen(dict);
    memcpy(bytes, magic, 8);
    bytes[8] = (uint8_t)length;
    memcpy(bytes + 10, dict, length);
    cr_assert(file_write(path, bytes, 10 + length + elements, NULL));
}

Test(npy, refuses_what_it_cannot_read) {
    static const char good[] = "\x93NUMPY\x01";
    static const struct {
        const char *magic, *dict;
        size_t bytes;
        const char *complaint;
    } cases[] = {
        {"\x93NUMPX\x01", "{}", 0, "not a NumPy file"},
        {"\x93NUMPY\x03", "{}", 0, "format 3.0"},
        {good, "{}", 0, "damaged"},
        {good, "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 16, "'|O'"},
        {good, "{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", 16, "'<c8'"},
        {good, "{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", 24, "'<U3'"},
        {good, "{'descr': '|i2', 'fortran_order': False, 'shape': (2,), }", 4, "'|i2'"},
        {good, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8, "elements of type"},
        {good, "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", 8, "Fortran"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "9 bytes"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "7 bytes"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 12, "12 bytes"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8, "shape (-2,)"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (2", 8, "shape"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4, "at most 8"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 0, "0 bytes"},
        {good, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999999,), }", 0, "shape"},
        {good, "{'descr'", 0, "damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        struct shape shape;
        float *data;
        write_file(cases[i].dict, cases[i].bytes, cases[i].magic);
        cr_expect_not(npy_read(path, &shape, &data, &e), "case %zu", i);
        cr_expect_not_null(strstr(e.text, cases[i].complaint), "case %zu: %s", i, e.text);
        cr_expect_not_null(strstr(e.text, path), "case %zu: %s", i, e.text);
    }
}

Test(npy, any_truncation_is_an_error) {
    struct error e;
    struct shape shape = {2, {2, 3}};
    uint8_t *bytes;
    size_t size;
    float *data;

    cr_assert(npy_write(path, &shape, (float[6]){0}, &e));
    cr_assert(file_read(path, &bytes, &size, &e));
    for (size_t cut = 0; cut < size; cut++) {
        cr_assert(file_write(path, bytes, cut, &e));
        cr_expect_not(npy_read(path, &shape, &data, &e), "cut at %zu of %zu", cut, size);
    }
    free(bytes);
}

/* Any one byte of the header wrong, or nothing but noise: read or refused, never a crash, never more than it holds. */
Test(npy, damaged_bytes) {
    struct error e;
    struct shape shape = {2, {2, 3}};
    struct rng r = rng_stream(1, "damage", 0);
    uint8_t *bytes;
    size_t size;
    unsigned refused = 0;

    cr_assert(npy_write(path, &shape, (float[6]){0}, &e));
    cr_assert(file_read(path, &bytes, &size, &e));
    for (unsigned i = 0; i < 1500; i++) {
        size_t at = i % (size - 24);
        uint8_t kept = bytes[at];
        float *data = NULL;
        bytes[at] = (uint8_t)rng_next(&r);
        unlink(path); /* ext4 waits for the disk when a file is written over */
        cr_assert(file_write(path, bytes, size, &e));
        if (npy_read(path, &shape, &data, &e)) cr_expect_leq(shape_count(&shape), 6);
        else refused++;
        free(data);
        bytes[at] = kept;
    }
    cr_expect_gt(refused, 500);
    for (unsigned i = 0; i < 200; i++) {
        float *data;
        for (size_t k = i % 2 ? 6 : 0; k < size; k++) bytes[k] = (uint8_t)rng_next(&r);
        unlink(path);
        cr_assert(file_write(path, bytes, size, &e));
        cr_expect_not(npy_read(path, &shape, &data, &e));
    }
    free(bytes);
}
