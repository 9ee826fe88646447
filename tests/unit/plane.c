/* Networks without an axis for channels: what is a picture, what is a sequence. */
#include "experiment/plane.h"

#include <criterion/criterion.h>

Test(plane, shapes) {
    static const struct {
        struct shape taken, data;
        bool pictures, tokens, settled;
        struct shape taken_then, data_then;
    } cases[] = {
        {{2, {28, 28}}, {3, {1, 28, 28}}, true, false, true, {3, {1, 28, 28}}, {3, {1, 28, 28}}},
        {{2, {28, 28}}, {3, {1, 28, 28}}, false, false, true, {3, {1, 28, 28}}, {3, {1, 28, 28}}},
        {{2, {28, 28}}, {1, {784}}, false, false, true, {3, {1, 28, 28}}, {1, {784}}},
        {{2, {20, 30}}, {3, {1, 20, 30}}, true, false, true, {3, {1, 20, 30}}, {3, {1, 20, 30}}},
        {{2, {64, 4}}, {3, {1, 64, 4}}, false, false, false, {2, {64, 4}}, {2, {64, 4}}},
        {{2, {64, 4}}, {1, {256}}, false, false, false, {2, {64, 4}}, {1, {256}}},
        {{2, {4, 4}}, {1, {16}}, false, false, false, {2, {4, 4}}, {1, {16}}},
        {{2, {28, 28}}, {2, {28, 28}}, false, false, false, {2, {28, 28}}, {2, {28, 28}}},
        {{2, {28, 28}}, {3, {3, 28, 28}}, true, false, false, {2, {28, 28}}, {3, {3, 28, 28}}},
        {{2, {28, 28}}, {3, {1, 32, 32}}, true, false, false, {2, {28, 28}}, {3, {1, 32, 32}}},
        {{2, {16, 16}}, {1, {256}}, false, true, false, {2, {16, 16}}, {1, {256}}},
        {{3, {1, 28, 28}}, {1, {784}}, false, false, false, {3, {1, 28, 28}}, {1, {784}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tokens tokens = {0};
        struct graph g = {.sample = cases[i].taken, .tokens = cases[i].tokens ? &tokens : NULL};
        struct shape data = cases[i].data;
        cr_expect_eq(plane_settle_shape(&g, &data, cases[i].pictures), cases[i].settled, "case %zu", i);
        cr_expect(shape_equal(&g.sample, &cases[i].taken_then), "case %zu", i);
        cr_expect(shape_equal(&data, &cases[i].data_then), "case %zu", i);
    }
}
