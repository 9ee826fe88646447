/* Presets of preprocessing: values, sizes and the order of channels. */
#include "data/preprocess.h"

#include <criterion/criterion.h>
#include <math.h>

TestSuite(preprocess);

/* What torchvision, dlib and Caffe do to a pixel (red 10, green 100, blue 200), worked out by hand. */
Test(preprocess, presets) {
    static const struct {
        const char *name;
        double value[3];
    } cases[] = {
        {"none", {10, 100, 200}},
        {"raw255", {10, 100, 200}},
        {"unit", {10 / 255., 100 / 255., 200 / 255.}},
        {"imagenet-mean-std", {(10 / 255. - .485) / .229, (100 / 255. - .456) / .224, (200 / 255. - .406) / .225}},
        {"torchvision", {(10 / 255. - .485) / .229, (100 / 255. - .456) / .224, (200 / 255. - .406) / .225}},
        {"resnet34-dlib", {(10 - 122.782) / 256, (100 - 117.001) / 256, (200 - 104.298) / 256}},
        {"caffe", {200 - 104.00699, 100 - 116.66877, 10 - 122.67892}},
    };
    const struct shape shape = {3, {3, 1, 2}};
    const uint8_t bytes[] = {10, 10, 100, 100, 200, 200};
    size_t count = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        const struct preprocess *p = preset_find(cases[i].name, &e);
        float floats[6], from_bytes[6], from_floats[6];
        cr_assert_not_null(p, "%s", e.text);
        for (size_t k = 0; k < 6; k++) floats[k] = bytes[k];
        preprocess_bytes(p, &shape, bytes, from_bytes);
        preprocess_floats(p, &shape, floats, from_floats);
        for (size_t k = 0; k < 6; k++) {
            cr_expect_float_eq(from_bytes[k], cases[i].value[k / 2], 1e-5, "%s %zu", cases[i].name, k);
            cr_expect_eq(from_bytes[k], from_floats[k]);
        }
        cr_expect(preprocess_fits(p, &shape, &e));
    }
    while (presets[count].name) count++;
    cr_expect_eq(count, sizeof cases / sizeof *cases, "every preset has its case");
}

Test(preprocess, sizes) {
    static const struct {
        const char *name;
        uint32_t resize, crop;
    } cases[] = {{"unit", 0, 0}, {"torchvision", 256, 224}, {"resnet34-dlib", 256, 227}, {"caffe", 256, 224}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        const struct preprocess *p = preset_find(cases[i].name, &e);
        struct image image = {3, 300, 280, calloc(3, (size_t)300 * 280)};
        cr_assert(p && image.data);
        cr_expect_eq(p->resize, cases[i].resize);
        cr_expect_eq(p->interpolation, INTERPOLATION_BILINEAR);
        cr_assert(preprocess_image(p, &image, &e), "%s", e.text);
        cr_expect_eq(image.width, cases[i].crop ? cases[i].crop : 300);
        cr_expect_eq(image.height, cases[i].crop ? cases[i].crop : 280);
        image_finish(&image);
    }
}

/* Three means and one channel is a mistake; one mean for all is not. */
Test(preprocess, channels) {
    const struct shape grey = {3, {1, 28, 28}}, flat = {1, {784}}, colour = {3, {3, 8, 8}};
    struct preprocess p = *preset_find("imagenet-mean-std", NULL);
    struct error e = {""};

    cr_expect(preprocess_fits(&p, &colour, &e));
    cr_expect_not(preprocess_fits(&p, &grey, &e));
    cr_expect_str_eq(e.text, "samples of shape 1x28x28: three channels wanted by the preprocessing");
    cr_expect_not(preprocess_fits(&p, &flat, &e));
    for (size_t c = 0; c < 3; c++) {
        p.mean[c] = .1307;
        p.std[c] = .3081;
    }
    cr_expect(preprocess_fits(&p, &grey, &e));
    p.order = ORDER_BGR;
    cr_expect_not(preprocess_fits(&p, &grey, &e));
    p.order = ORDER_RGB;
    float out;
    preprocess_bytes(&p, &(struct shape){3, {1, 1, 1}}, (const uint8_t[]){51}, &out);
    cr_expect_float_eq(out, (.2 - .1307) / .3081, 1e-6);
}
