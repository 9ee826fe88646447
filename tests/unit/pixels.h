/* pixels.h: pictures compared with references of tests/golden/image. */
#ifndef ASSAY_TESTS_PIXELS_H
#define ASSAY_TESTS_PIXELS_H

#include "base/file.h"
#include "data/image.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIXELS_FOLDER "tests/golden/image/"

/* A .npy file of bytes, channels x height x width. */
static inline struct image pixels_reference(const char *name) {
    struct image image = {0};
    struct error e = {""};
    char path[128];
    uint8_t *bytes;
    size_t size;

    snprintf(path, sizeof path, PIXELS_FOLDER "%s", name);
    cr_assert(file_read(path, &bytes, &size, &e), "%s", e.text);
    cr_assert_gt(size, 10);
    size_t header = 10 + (bytes[8] | (size_t)bytes[9] << 8);
    const char *shape = strstr((const char *)bytes + 10, "'shape': (");
    cr_assert_not_null(shape, "%s", path);
    cr_assert_eq(sscanf(shape, "'shape': (%u, %u, %u)", &image.channels, &image.height, &image.width), 3);
    size_t count = (size_t)image.channels * image.height * image.width;
    cr_assert_eq(size, header + count, "%s", path);
    memmove(bytes, bytes + header, count);
    image.data = bytes;
    return image;
}

static inline void pixels_equal(const struct image *image, const char *name) {
    struct image wanted = pixels_reference(name);
    size_t count = (size_t)wanted.channels * wanted.height * wanted.width, apart = 0;
    int farthest = 0;

    cr_assert_eq(image->channels, wanted.channels, "%s", name);
    cr_assert_eq(image->height, wanted.height, "%s: height %u", name, image->height);
    cr_assert_eq(image->width, wanted.width, "%s: width %u", name, image->width);
    for (size_t i = 0; i < count; i++) {
        int distance = abs(image->data[i] - wanted.data[i]);
        apart += distance > 0;
        farthest = distance > farthest ? distance : farthest;
    }
    cr_expect_eq(apart, 0, "%s: %zu of %zu differ, by up to %d", name, apart, count, farthest);
    image_finish(&wanted);
}

#endif
