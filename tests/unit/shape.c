/* Shapes: counts, text, equality. */
#include "base/shape.h"

#include <criterion/criterion.h>

Test(shape, counts_and_text) {
    static const struct {
        struct shape shape;
        size_t count, from_one;
        const char *text;
    } cases[] = {
        {{0, {0}}, 1, 1, "scalar"},
        {{1, {7}}, 7, 1, "7"},
        {{3, {1, 28, 27}}, 756, 756, "1x28x27"},
        {{4, {2, 3, 5, 7}}, 210, 105, "2x3x5x7"},
        {{2, {0, SIZE_MAX}}, 0, SIZE_MAX, "0x18446744073709551615"},
        {{3, {SIZE_MAX, 2, 0}}, 0, 0, "18446744073709551615x2x0"},
        {{2, {SIZE_MAX, 2}}, SIZE_MAX, 2, "18446744073709551615x2"},
        {{3, {SIZE_MAX / 2 + 1, 2, 3}}, SIZE_MAX, 6, "9223372036854775808x2x3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buffer[64];
        cr_expect_eq(shape_count(&cases[i].shape), cases[i].count, "%s", cases[i].text);
        cr_expect_eq(shape_count_from(&cases[i].shape, 1), cases[i].from_one, "%s", cases[i].text);
        cr_expect_str_eq(shape_text(&cases[i].shape, buffer, sizeof buffer), cases[i].text);
    }
}

Test(shape, text_is_cut_off) {
    struct shape s = {3, {111, 222, 333}};
    char buffer[12];

    for (size_t size = 1; size <= sizeof buffer; size++) {
        memset(buffer, '#', sizeof buffer);
        cr_expect_str_eq(shape_text(&s, buffer, size), size == sizeof buffer ? "111x222x333" : (char *)buffer);
        cr_expect_eq(strlen(buffer), size - 1);
        cr_expect_eq(strncmp(buffer, "111x222x333", size - 1), 0);
        cr_expect(size == sizeof buffer || buffer[size] == '#', "size %zu", size);
    }
}

Test(shape, equality_ignores_unused_dimensions) {
    struct shape a = {2, {3, 4, 5}}, b = {2, {3, 4, 6}}, c = {3, {3, 4, 5}}, d = {2, {3, 5, 5}};
    cr_expect(shape_equal(&a, &b));
    cr_expect_not(shape_equal(&a, &c));
    cr_expect_not(shape_equal(&a, &d));
}
