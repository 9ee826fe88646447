/* Maps as PNG pictures: colours, scale, sparse maps, refusals. */
#include "data/picture.h"
#include "tests/unit/scratch.h"

#include <math.h>
#include <png.h>

TestSuite(picture, .init = scratch_enter, .fini = scratch_leave);

struct image {
    unsigned width, height;
    uint8_t *rgb;
};

static struct image read_png(const char *path) {
    png_image png = {.version = PNG_IMAGE_VERSION};
    cr_assert(png_image_begin_read_from_file(&png, path), "%s", png.message);
    png.format = PNG_FORMAT_RGB;
    struct image image = {png.width, png.height, malloc(PNG_IMAGE_SIZE(png))};
    cr_assert_not_null(image.rgb);
    cr_assert(png_image_finish_read(&png, NULL, image.rgb, 0, NULL), "%s", png.message);
    return image;
}

/* The picture of `data`, read back: pixel i (before enlargement) as 0xRRGGBB. Enlargement must repeat each. */
static void render(const struct shape *shape, const float *data, enum picture_style style, unsigned *pixels) {
    struct error e = {""};
    cr_assert(picture_write_png("p.png", shape, data, style, &e), "%s", e.text);
    struct image image = read_png("p.png");
    unsigned width = (unsigned)shape->dim[shape->rank - 1];
    unsigned height = shape->rank > 1 ? (unsigned)shape->dim[shape->rank - 2] : 1;
    unsigned longer = width > height ? width : height, factor = longer >= 300 ? 1 : (300 + longer - 1) / longer;
    cr_assert_eq(image.width, factor * width);
    cr_assert_eq(image.height, factor * height);
    for (unsigned y = 0; y < image.height; y++)
        for (unsigned x = 0; x < image.width; x++) {
            const uint8_t *p = image.rgb + 3 * (y * image.width + x);
            unsigned *pixel = &pixels[y / factor * width + x / factor];
            unsigned value = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
            if (x % factor == 0 && y % factor == 0) *pixel = value;
            cr_assert_eq(*pixel, value, "%u %u", x, y);
        }
    free(image.rgb);
}

#define WHITE 0xffffff
#define BLACK 0x000000
#define BLUE 0x053061
#define RED 0x67001f

Test(picture, styles) {
    static const struct {
        const char *what;
        struct shape shape;
        float data[12];
        enum picture_style style;
        unsigned pixels[4];
    } cases[] = {
        {"white at zero, the largest |value| full",
         {3, {1, 2, 2}},
         {-100, 0, 50, 100},
         PICTURE_SIGNED,
         {BLUE, WHITE, 0xe58368, RED}},
        {"a map finds its style", {2, {2, 2}}, {-100, 0, 100, 0}, PICTURE_MAP, {BLUE, WHITE, RED, WHITE}},
        {"a positive map has no blue", {2, {2, 2}}, {0, 0, 0, 3}, PICTURE_MAP, {WHITE, WHITE, WHITE, RED}},
        {"positive clips below zero", {2, {2, 2}}, {-9, 0, 9, 9}, PICTURE_POSITIVE, {WHITE, WHITE, RED, RED}},
        {"an all-zero map is white", {2, {2, 2}}, {0}, PICTURE_SIGNED, {WHITE, WHITE, WHITE, WHITE}},
        {"features are one row", {1, {3}}, {-2, 0, 2}, PICTURE_MAP, {BLUE, WHITE, RED}},
        {"channels are summed", {3, {2, 1, 2}}, {-1, 3, 1, 0}, PICTURE_SIGNED, {WHITE, RED}},
        {"a summed map is signed when one channel is", {3, {2, 1, 2}}, {-1, 3, 4, 0}, PICTURE_MAP, {RED, RED}},
        {"grey input", {3, {1, 1, 3}}, {0, 51, 255}, PICTURE_INPUT, {BLACK, 0x333333, WHITE}},
        {"grey input, normalised", {2, {1, 3}}, {-1, 0, 1}, PICTURE_INPUT, {BLACK, 0x808080, WHITE}},
        {"black input", {2, {1, 3}}, {0, 0, 0}, PICTURE_INPUT, {BLACK, BLACK, BLACK}},
        {"colour input", {3, {3, 1, 2}}, {1, 0, 0, .2f, 0, 1}, PICTURE_INPUT, {0xff0000, 0x0033ff}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned pixels[4];
        render(&cases[i].shape, cases[i].data, cases[i].style, pixels);
        for (size_t k = 0; k < shape_count_from(&cases[i].shape, cases[i].shape.rank == 3); k++)
            cr_expect_eq(pixels[k], cases[i].pixels[k], "%s: pixel %zu is %06x", cases[i].what, k, pixels[k]);
    }
}

/* One outlier among many does not wash out the rest: the scale is the 99th percentile. */
Test(picture, outliers_do_not_set_the_scale) {
    const struct shape shape = {3, {1, 20, 20}};
    float data[400];
    unsigned pixels[400];

    for (size_t i = 0; i < 400; i++) data[i] = i % 2 ? 1 : -1;
    data[7] = 1e6f;
    render(&shape, data, PICTURE_SIGNED, pixels);
    cr_expect_eq(pixels[0], BLUE);
    cr_expect_eq(pixels[1], RED);
    cr_expect_eq(pixels[7], RED);
}

/* Fewer non-zero pixels than one in a hundred: the percentile is zero, and the scale is the maximum. */
Test(picture, sparse_maps_are_seen) {
    const struct shape shape = {3, {1, 20, 20}};
    float data[400] = {[5] = 2, [6] = -2};
    unsigned pixels[400];

    render(&shape, data, PICTURE_SIGNED, pixels);
    cr_expect_eq(pixels[5], RED);
    cr_expect_eq(pixels[6], BLUE);
    cr_expect_eq(pixels[4], WHITE);
}

Test(picture, large_pictures_stay) {
    const struct shape shape = {3, {1, 10, 300}};
    static float data[3000];
    static unsigned pixels[3000];

    data[2999] = 1;
    render(&shape, data, PICTURE_MAP, pixels);
    cr_expect_eq(pixels[2999], RED);
    cr_expect_eq(pixels[0], WHITE);
}

Test(picture, same_map_same_bytes) {
    const struct shape shape = {2, {2, 2}};
    const float data[] = {1, -2, 3, -4};
    struct error e;

    cr_assert(picture_write_png("a.png", &shape, data, PICTURE_MAP, &e));
    cr_assert(picture_write_png("b.png", &shape, data, PICTURE_MAP, &e));
    cr_assert_eq(system("cmp -s a.png b.png"), 0);
}

Test(picture, refusals) {
    const float data[] = {1, NAN, 2, -INFINITY};
    static const struct {
        struct shape shape;
        size_t first;
        const char *message;
    } cases[] = {
        {{2, {2, 2}}, 0, "p.png: element 1 is nan: a finite number wanted in a picture"},
        {{1, {2}}, 2, "p.png: element 1 is -inf: a finite number wanted in a picture"},
        {{0}, 0, "p.png: a picture of scalar: C x H x W, H x W or F wanted, sides from 1 to 16384"},
        {{4, {1, 1, 1, 1}}, 0, "p.png: a picture of 1x1x1x1: C x H x W, H x W or F wanted, sides from 1 to 16384"},
        {{2, {0, 3}}, 0, "p.png: a picture of 0x3: C x H x W, H x W or F wanted, sides from 1 to 16384"},
        {{1, {16385}}, 0, "p.png: a picture of 16385: C x H x W, H x W or F wanted, sides from 1 to 16384"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        cr_expect_not(picture_write_png("p.png", &cases[i].shape, data + cases[i].first, PICTURE_MAP, &e));
        cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
    }
    cr_expect_neq(access("p.png", F_OK), 0);
    struct error e = {""};
    cr_expect_not(picture_write_png("none/p.png", &(struct shape){1, {1}}, data, PICTURE_MAP, &e));
    cr_expect_not_null(strstr(e.text, "No such file or directory"), "%s", e.text);
}

/* A map of two rows over an input: colours grow with the value, on pale grey; the bar and its numbers beside it. */
Test(picture, maps_stand_over_their_input) {
    const struct shape shape = {3, {1, 2, 2}};
    const float input[] = {0, 1, 0, 1}, map[] = {0, 0, 2, -2}, positive[] = {0, 1, 2, 4};
    struct error e = {""};

    cr_assert(picture_write_map("m.png", &shape, input, map, &e), "%s", e.text);
    struct image image = read_png("m.png");
    cr_assert(image.height == 300 && image.width > 330 && image.width < 480, "%u x %u", image.width, image.height);
    const struct {
        unsigned x, y, colour;
    } points[] = {
        {10, 10, 0x808080},   {290, 10, WHITE},     {149, 149, 0x808080}, {150, 149, WHITE}, {10, 290, 0xb2182b},
        {290, 290, 0x2166ac}, {149, 150, 0xb2182b}, {321, 2, 0xb0}, /* the upper end of the bar is red */
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        const uint8_t *p = image.rgb + 3 * (points[i].y * image.width + points[i].x);
        unsigned value = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
        if (points[i].colour == 0xb0) cr_expect(p[0] >= 0xb0 && p[1] < 0x30, "%06x", value);
        else cr_expect_eq(value, points[i].colour, "%u,%u: %06x", points[i].x, points[i].y, value);
    }
    unsigned ink = 0;
    for (unsigned y = 0; y < image.height; y++)
        for (unsigned x = 340; x < image.width; x++) ink += image.rgb[3 * (y * image.width + x)] == 34;
    cr_expect(ink > 100, "numbers: %u", ink);
    free(image.rgb);
    cr_assert(picture_write_map("p.png", &shape, input, positive, &e), "%s", e.text);
    image = read_png("p.png");
    const uint8_t *end = image.rgb + 3 * (297 * image.width + 321);
    cr_expect(end[0] > 240 && end[2] > 240, "no blue where nothing is negative: %u %u %u", end[0], end[1], end[2]);
    free(image.rgb);
}

/* Features are one row, high enough to be seen, on white. */
Test(picture, maps_of_features_have_no_input_below) {
    const struct shape shape = {1, {100}};
    float x[100], map[100];
    struct error e = {""};

    for (int i = 0; i < 100; i++) x[i] = (float)i, map[i] = i ? 0 : 1;
    cr_assert(picture_write_map("f.png", &shape, x, map, &e), "%s", e.text);
    struct image image = read_png("f.png");
    cr_expect(image.width > 300 && image.height >= 48, "%u x %u", image.width, image.height);
    cr_expect(image.rgb[0] == 0xb2 && image.rgb[3 * 10] == 0xff && image.rgb[3 * 10 + 1] == 0xff);
    free(image.rgb);
    map[3] = NAN;
    cr_expect_not(picture_write_map("f.png", &shape, x, map, &e));
    cr_expect_not_null(strstr(e.text, "element 3 is nan"), "%s", e.text);
}
