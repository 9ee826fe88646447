/* Networks without an axis for channels: what is a picture, what is a sequence. */
#include "onnx_text.h"

#include "experiment/plane.h"

#include <criterion/criterion.h>

/* A square of numbers is a sequence for a network that moves along one of its dimensions. */
Test(plane, a_square_may_be_a_sequence) {
    static const struct {
        struct onnx_words words;
        bool pictures, settled;
    } cases[] = {
#define SQUARE .opset = 17, .inputs = "x:f:1x8x8", .outputs = "y:f:1x2"
        {{SQUARE, .tensors = {"w:f:3x8x3", "v:f:18x2"}, .nodes = {"Conv x w > a", "Flatten a > b", "MatMul b v > y"}},
         false,
         false},
        {{SQUARE, .tensors = {"w:f:3x8x3", "v:f:18x2"}, .nodes = {"Conv x w > a", "Flatten a > b", "MatMul b v > y"}},
         true,
         true},
        {{SQUARE, .tensors = {"v:f:64x2"}, .nodes = {"Flatten x > b", "MatMul b v > y"}}, false, true},
        {{SQUARE, .tensors = {"k:i:1=1", "w:f:3x1x3x3", "v:f:108x2"},
          .nodes = {"Unsqueeze x k > c", "Conv c w > a", "Flatten a > b", "MatMul b v > y"}},
         false,
         true},
    };
    scratch_enter();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {""};
        struct shape data = {3, {1, 8, 8}};
        cr_assert(words_load(&cases[i].words, NULL, &g, &e), "case %zu: %s", i, e.text);
        cr_expect_eq(plane_settle_shape(g, &data, cases[i].pictures), cases[i].settled, "case %zu", i);
        cr_expect_eq(data.rank, cases[i].settled ? 3 : 2, "case %zu", i);
        cr_expect_eq(g->sample.rank, data.rank, "case %zu", i);
        graph_destroy(g);
    }
    scratch_leave();
}

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
