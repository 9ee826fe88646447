/* JPEG and PNG files against Pillow, and pictures that are cut, damaged, hostile or of a kind that is refused. */
#include "data/image.h"
#include "data/image_codec.h"
#include "tests/unit/pixels.h"

TestSuite(image);

static const char *const pictures[] = {
    "orientation-1.jpg", "orientation-2.jpg", "orientation-3.jpg", "orientation-4.jpg", "orientation-5.jpg",
    "orientation-6.jpg", "orientation-7.jpg", "orientation-8.jpg", "grey.jpg",          "subsampled.jpg",
    "progressive.jpg",   "rgba.png",          "grey-1.png",        "grey-2.png",        "grey-8.png",
    "grey-alpha.png",    "palette.png",       "interlaced.png",    "exif.png",
};
#define PICTURE_COUNT (sizeof pictures / sizeof *pictures)

static uint8_t *read_picture(const char *name, size_t *size) {
    uint8_t *bytes = NULL;
    struct error e = {""};
    char path[128];

    snprintf(path, sizeof path, PIXELS_FOLDER "%s", name);
    cr_assert(file_read(path, &bytes, size, &e), "%s", e.text);
    return bytes;
}

/* Every kind of file, to the byte as Pillow decodes it. */
Test(image, equals_pillow) {
    for (size_t i = 0; i < PICTURE_COUNT; i++) {
        struct image image = {0};
        struct error e = {""};
        char path[128], reference[64];
        snprintf(path, sizeof path, PIXELS_FOLDER "%s", pictures[i]);
        snprintf(reference, sizeof reference, "%.*s.npy", (int)(strlen(pictures[i]) - 4), pictures[i]);
        cr_assert(image_load(path, &image, &e), "%s", e.text);
        pixels_equal(&image, reference);
        image_finish(&image);
    }
}

/* Of no picture is a part enough, not even without the last byte. */
Test(image, cut_anywhere) {
    for (size_t i = 0; i < PICTURE_COUNT; i++) {
        size_t size;
        uint8_t *bytes = read_picture(pictures[i], &size);
        for (size_t n = 0; n < size; n++) {
            struct image image = {0};
            struct error e = {""};
            uint8_t *part = malloc(n ? n : 1); /* of its own, so that reading past the end shows */
            memcpy(part, bytes, n);
            cr_expect_not(image_decode("cut", part, n, &image, &e), "%s: %zu of %zu bytes", pictures[i], n, size);
            cr_expect_eq(strncmp(e.text, "cut: ", 5), 0, "%s", e.text);
            cr_expect_null(image.data);
            free(part);
        }
        free(bytes);
    }
}

/* Damaged bytes give a picture or an error. */
Test(image, damaged_anywhere) {
    static const uint8_t masks[] = {0x01, 0x80, 0xff};

    for (size_t i = 0; i < PICTURE_COUNT; i++) {
        size_t size;
        uint8_t *bytes = read_picture(pictures[i], &size);
        for (size_t at = 0; at < size * sizeof masks; at++) {
            struct image image = {0};
            struct error e = {""};
            bytes[at / sizeof masks] ^= masks[at % sizeof masks];
            bool ok = image_decode("x", bytes, size, &image, &e);
            cr_expect_eq(ok, image.data != NULL);
            cr_expect_eq(ok, e.text[0] == '\0', "%s", e.text);
            bytes[at / sizeof masks] ^= masks[at % sizeof masks];
            image_finish(&image);
        }
        free(bytes);
    }
}

static void refused(const char *name, const void *bytes, size_t size, const char *message) {
    struct image image = {0};
    struct error e = {""};

    cr_expect_not(image_decode(name, bytes, size, &image, &e), "%s", name);
    cr_expect_not_null(strstr(e.text, message), "%s", e.text);
    image_finish(&image);
}

Test(image, cmyk) {
    size_t size;
    uint8_t *bytes = read_picture("cmyk.jpg", &size);

    refused("cmyk.jpg", bytes, size, "cmyk.jpg: a JPEG of four inks (CMYK): RGB or grey wanted");
    free(bytes);
}

/* Of 12 bits in 16, the upper 8 are black. */
Test(image, sixteen_bits) {
    static const char *const names[] = {"grey-16.png", "rgb-16.png"};

    for (size_t i = 0; i < 2; i++) {
        size_t size;
        uint8_t *bytes = read_picture(names[i], &size);
        refused(names[i], bytes, size,
                "-16.png: a PNG of 16 bits, whose largest value is 64713: 8 bits wanted (scale its values");
        free(bytes);
    }
}

/* Pillow: Image.convert("L"), L = (R * 19595 + G * 38470 + B * 7471 + 0x8000) >> 16. */
Test(image, grey) {
    static const struct {
        uint8_t rgb[3], grey;
    } cases[] = {{{0, 0, 0}, 0},    {{255, 255, 255}, 255}, {{255, 0, 0}, 76},     {{0, 255, 0}, 150},
                 {{0, 0, 255}, 29}, {{12, 34, 56}, 30},     {{200, 100, 50}, 124}, {{1, 1, 1}, 1},
                 {{0, 1, 0}, 1},    {{1, 0, 1}, 0},         {{3, 250, 7}, 148},    {{128, 128, 128}, 128}};
    const size_t n = sizeof cases / sizeof *cases;
    struct image image = {3, (uint32_t)n, 1, malloc(3 * n)};
    struct error e = {""};

    cr_assert_not_null(image.data);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++) image.data[c * n + i] = cases[i].rgb[c];
    cr_assert(image_set_channels(&image, 1, &e), "%s", e.text);
    cr_expect_eq(image.channels, 1);
    for (size_t i = 0; i < n; i++) cr_expect_eq(image.data[i], cases[i].grey, "case %zu: %u", i, image.data[i]);
    cr_assert(image_set_channels(&image, 3, &e), "%s", e.text);
    cr_expect_eq(image.channels, 3);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++) cr_expect_eq(image.data[c * n + i], cases[i].grey);
    image.channels = 2;
    cr_expect_not(image_set_channels(&image, 1, &e));
    image_finish(&image);
}

Test(image, other_files) {
    refused("a.jpg", "", 0, "a.jpg: neither JPEG nor PNG by its first bytes: one of them wanted");
    refused("a.jpg", "GIF89a", 6, "neither JPEG nor PNG");
    refused("a.jpg", "\xff\xd8\xff", 3, "libjpeg: ");
    refused("a.png", "\x89PNG\r\n\x1a\n", 8, "libpng: the file ends early");
    refused("a.png", "\x89PNG", 4, "a.png: ");
}

/* A few bytes that claim a huge picture. */
Test(image, bombs) {
    size_t size;
    uint8_t *jpeg = read_picture("grey.jpg", &size);
    uint8_t *frame = NULL;

    for (size_t i = 0; i + 9 < size && !frame; i++)
        if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0) frame = jpeg + i + 5;
    cr_assert_not_null(frame);
    memcpy(frame, "\xff\xdc\xff\xdc", 4);
    refused("bomb.jpg", jpeg, size, "bomb.jpg: 65500 x 65500 pixels: 1 to 67108864 wanted (make it smaller)");
    free(jpeg);

    static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x20\0\0\0\x20\0\x08\x02\0\0\0\xfd\xc8\x5d\x0e"
                                 "\0\0\0\0IDAT\x35\xaf\x06\x1e";
    refused("bomb.png", png, sizeof png - 1, "bomb.png: 45 bytes for 8192 x 8192 pixels: the whole file wanted");

    static const uint8_t exif[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x06\0\0\0\x07\x08\x02\0\0\0\xa4\xf2\xab\xba"
                                  "\x7e\x0f\0\x26"
                                  "eXIfMM\0*";
    refused("bomb.png", exif, sizeof exif - 1,
            "bomb.png: the chunk at byte 33 claims 2114912294 bytes, 4 are left: an intact PNG file wanted");
}

/* The block as cameras write it, and as nobody should. */
Test(image, exif) {
    static const struct {
        const char *bytes;
        size_t size;
        unsigned orientation;
    } cases[] = {
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22, 6},
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 22, 8},
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 21, 1},       /* cut */
        {"MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x03\0\0", 22, 3},       /* more entries said than there */
        {"MM\0*\0\0\0\x08\xff\xff\x01\x11\0\x03\0\0\0\x01\0\x03\0\0", 22, 1},     /* none of them the one */
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0", 22, 1},       /* no such orientation */
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0", 22, 1},         /* nor 0 */
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\x03\0\0", 22, 1},       /* type LONG */
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x02\0\x03\0\0", 22, 1},       /* two values */
        {"MM\0*\xff\xff\xff\xff\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0", 22, 1}, /* offset outside */
        {"MM\0*\0\0\0\x15\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0", 22, 1},       /* at the last byte */
        {"IM*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22, 1},
        {"II+\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22, 1},
        {"II*\0\x08\0\0\0", 8, 1},
        {"II*", 3, 1},
        {"", 0, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *block = malloc(cases[i].size + 1); /* of its own size, so that reading past the end shows */
        memcpy(block, cases[i].bytes, cases[i].size);
        block = realloc(block, cases[i].size ? cases[i].size : 1);
        cr_expect_eq(exif_orientation(block, cases[i].size), cases[i].orientation, "case %zu", i);
        free(block);
    }
}

Test(image, extensions) {
    cr_expect(image_has_extension("a.jpg"));
    cr_expect(image_has_extension("b/a.JPEG"));
    cr_expect(image_has_extension("a.b.Png"));
    cr_expect_not(image_has_extension("a.gif"));
    cr_expect_not(image_has_extension("jpg"));
    cr_expect_not(image_has_extension("a.jpg/b"));
}
