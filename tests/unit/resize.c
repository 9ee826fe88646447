/* Resizing and cropping against Pillow, to the same bytes. */
#include "data/resize.h"
#include "tests/unit/golden.h"
#include "tests/unit/pixels.h"

TestSuite(resize);

/* Each row of the table: an operation on source.png and what Pillow made of it, to the byte. */
Test(resize, equals_pillow) {
    FILE *table = golden_open(PIXELS_FOLDER "resize.csv");
    char operation[16], filter[16], reference[64];
    unsigned a, b, rows = 0;

    for (; fscanf(table, " %15[^,],%u,%u,%15[^,],%63s", operation, &a, &b, filter, reference) == 5; rows++) {
        struct image image = {0};
        struct error e = {""};
        bool cubic = strcmp(filter, interpolation_names[INTERPOLATION_BICUBIC]) == 0;
        enum interpolation how = cubic ? INTERPOLATION_BICUBIC : INTERPOLATION_BILINEAR;
        cr_assert(image_load(PIXELS_FOLDER "source.png", &image, &e), "%s", e.text);
        if (strcmp(operation, "resize") == 0) {
            cr_assert(image_resize(&image, a, b, how, &e), "%s", e.text);
        } else {
            cr_assert(image_resize_shorter(&image, a, how, &e), "%s", e.text);
            cr_assert(b == 0 || image_crop_centre(&image, b, &e), "%s", e.text);
        }
        pixels_equal(&image, reference);
        image_finish(&image);
    }
    fclose(table);
    cr_expect_eq(rows, 22);
}

static struct image plain(uint32_t width, uint32_t height) {
    struct image image = {1, width, height, malloc((size_t)width * height)};
    cr_assert_not_null(image.data);
    for (size_t i = 0; i < (size_t)width * height; i++) image.data[i] = (uint8_t)i;
    return image;
}

/* torchvision: int(S * longer / shorter). */
Test(resize, shorter_side) {
    static const struct {
        uint32_t width, height, side, to_width, to_height;
    } cases[] = {
        {500, 375, 256, 341, 256}, {375, 500, 256, 256, 341}, {333, 500, 256, 256, 384}, {7, 7, 3, 3, 3},
        {1, 3, 2, 2, 6},           {256, 300, 256, 256, 300}, {3, 4, 6, 6, 8},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct image image = plain(cases[i].width, cases[i].height);
        struct error e = {""};
        cr_assert(image_resize_shorter(&image, cases[i].side, INTERPOLATION_BILINEAR, &e), "%s", e.text);
        cr_expect_eq(image.width, cases[i].to_width, "case %zu: %u", i, image.width);
        cr_expect_eq(image.height, cases[i].to_height, "case %zu: %u", i, image.height);
        image_finish(&image);
    }
}

/* torchvision: int(round((size - crop) / 2.0)), where Python rounds halves to the even number. */
Test(resize, margins) {
    static const struct {
        uint32_t size, crop, first;
    } cases[] = {{10, 10, 0}, {10, 8, 1}, {10, 9, 0}, {11, 8, 2}, {12, 7, 2}, {13, 6, 4}, {10, 1, 4}, {12, 1, 6}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct image image = plain(cases[i].size, cases[i].size);
        struct error e = {""};
        cr_assert(image_crop_centre(&image, cases[i].crop, &e), "%s", e.text);
        cr_expect_eq(image.width, cases[i].crop);
        cr_expect_eq(image.data[0], cases[i].first * (cases[i].size + 1), "case %zu: %u", i, image.data[0]);
        image_finish(&image);
    }
}

/* torchvision pads with (crop - size) // 2 before and the rest behind, then crops what is too large. Pixels count from
 * 1, row by row; `first` is the place of the first that is left. */
Test(resize, crops_beyond_the_picture_are_black) {
    static const struct {
        uint32_t width, height, crop, first, value, inside;
    } cases[] = {
        {4, 3, 4, 0, 1, 12}, {4, 3, 6, 1 * 6 + 1, 1, 12}, {3, 3, 8, 2 * 8 + 2, 1, 9},
        {1, 1, 2, 0, 1, 1},  {8, 2, 4, 1 * 4, 3, 8},      {2, 9, 4, 1, 5, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct image image = plain(cases[i].width, cases[i].height);
        struct error e = {""};
        uint32_t first = 0, inside = 0, side = cases[i].crop;
        size_t plane = (size_t)image.width * image.height;
        for (size_t k = 0; k < plane; k++) image.data[k] = (uint8_t)(k % plane + 1);
        cr_assert(image_crop_centre(&image, side, &e), "%s", e.text);
        cr_expect(image.width == side && image.height == side);
        while (first < side * side && !image.data[first]) first++;
        for (uint32_t k = 0; k < side * side; k++) inside += image.data[k] != 0;
        cr_expect_eq(first, cases[i].first, "case %zu: %u", i, first);
        cr_expect_eq(image.data[first], cases[i].value, "case %zu: %u", i, image.data[first]);
        cr_expect_eq(inside, cases[i].inside, "case %zu: %u", i, inside);
        image_finish(&image);
    }
}

Test(resize, refusals) {
    struct image image = plain(4, 3);
    struct error e = {""};

    cr_expect_not(image_crop_centre(&image, 0, &e));
    cr_expect_not(image_crop_centre(&image, 8193, &e));
    cr_expect_str_eq(e.text, "a crop of 8193 x 8193 pixels: 1 to 67108864 pixels wanted");
    cr_expect_not(image_resize(&image, 0, 3, INTERPOLATION_BILINEAR, &e));
    cr_expect_not(image_resize(&image, 1 << 14, 1 << 13, INTERPOLATION_BILINEAR, &e));
    cr_expect_str_eq(e.text, "4 x 3 pixels made 16384 x 8192: at most 67108864 pixels wanted");
    image_finish(&image);
    image = plain(1, 60000);
    cr_expect_not(image_resize_shorter(&image, 16384, INTERPOLATION_BILINEAR, &e));
    cr_expect_eq(image.width, 1, "unchanged");
    image_finish(&image);
}
