/* What an input looked like, from what the run recorded of its preprocessing. */
#include "reports/pixels.h"

#include <criterion/criterion.h>
#include <math.h>

#define VALUES(scale, mean, std, order)                                                                                \
    "{\"data\": {\"values\": {\"scale\": " scale ", \"mean\": " mean ", \"std\": " std ", \"order\": \"" order "\"}}}"

/* One pixel of bytes 10, 20, 250, preprocessed in each way. */
Test(report_pixels, are_the_bytes_again) {
    static const struct {
        const char *name, *run;
        float x[3];
        uint8_t rgb[3];
    } cases[] = {
        {"unit",
         VALUES("0.00392156862745098", "[0, 0, 0]", "[1, 1, 1]", "rgb"),
         {10 / 255.f, 20 / 255.f, 250 / 255.f},
         {10, 20, 250}},
        {"mean and deviation", VALUES("1", "[1, 2, 3]", "[2, 4, 8]", "rgb"), {4.5f, 4.5f, 30.875f}, {10, 20, 250}},
        {"blue first", VALUES("1", "[1, 2, 3]", "[1, 1, 1]", "bgr"), {249, 18, 7}, {10, 20, 250}},
        {"clipped", VALUES("1", "[0, 0, 0]", "[1, 1, 1]", "rgb"), {-4, 300, NAN}, {0, 255, 0}},
        {"unknown: the whole range", "{}", {-1, 0, 4}, {0, 51, 255}},
        {"damaged", VALUES("1", "[0, 0]", "[1, 1, 1]", "rgb"), {-1, 0, 4}, {0, 51, 255}},
        {"no JSON", "{", {7, 7, 7}, {0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct input_row row = {.shape = {3, {3, 1, 1}}, .data = cases[i].x};
        struct store *s = NULL;
        struct pixels pixels;
        struct error e;
        uint8_t rgb[3];
        cr_assert(store_open(":memory:", &s, &e) && store_set_meta(s, "run", cases[i].run, &e), "%s", e.text);
        cr_assert(pixels_load(s, &pixels, &e), "%s", e.text);
        pixels_rgb(&pixels, &row, rgb);
        for (size_t c = 0; c < 3; c++)
            cr_expect_eq(rgb[c], cases[i].rgb[c], "%s: channel %zu is %u", cases[i].name, c, rgb[c]);
        store_close(s);
    }
}
