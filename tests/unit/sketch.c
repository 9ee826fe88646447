/* Sketches of maps: their distances are those of the maps, and text keeps them. */
#include "run/sketch.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define COUNT 500u

/* In two pieces. */
static void sketch_of(uint32_t n, const float *maps, struct sketch *out) {
    sketch_begin(out);
    sketch_add(out, 0, 1, COUNT, maps);
    sketch_add(out, 1, n - 1, COUNT, maps + COUNT);
}

Test(sketch, distances_of_sketches_are_those_of_maps) {
    static float a[SKETCH_INPUTS * COUNT], b[SKETCH_INPUTS * COUNT];
    static const float amounts[] = {0, 1e-5f, .01f, .3f, 2};
    struct sketch sa, sb;
    rng_fill_normal(1, 0, SKETCH_INPUTS * COUNT, a);
    for (size_t k = 0; k < sizeof amounts / sizeof *amounts; k++) {
        rng_fill_normal(2, 0, SKETCH_INPUTS * COUNT, b);
        for (size_t i = 0; i < SKETCH_INPUTS * COUNT; i++) b[i] = a[i] + amounts[k] * b[i];
        double size = 0, other = 0, off = 0;
        for (size_t i = 0; i < SKETCH_INPUTS * COUNT; i++) {
            size += (double)a[i] * (double)a[i];
            other += (double)b[i] * (double)b[i];
            off += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        }
        sketch_of(SKETCH_INPUTS, a, &sa);
        sketch_of(SKETCH_INPUTS, b, &sb);
        double due = sqrt(off / fmax(size, other)), got = sketch_distance(&sa, &sb);
        cr_expect(fabs(got - due) <= .2 * due, "%g where the maps are %g apart", got, due);
    }
    sketch_of(SKETCH_INPUTS - 1, a, &sb);
    cr_expect(isinf(sketch_distance(&sa, &sb)), "of other inputs");
}

/* One factor for each input; opposite, constant and other maps are not equal up to a positive one. */
Test(sketch, maps_that_are_equal_up_to_a_factor) {
    static float a[3 * COUNT], b[3 * COUNT], ones[COUNT];
    struct sketch sa, sb, plain;
    for (size_t i = 0; i < COUNT; i++) ones[i] = 1;
    sketch_begin(&plain);
    sketch_add(&plain, 0, 1, COUNT, ones);
    rng_fill_normal(1, 0, 3 * COUNT, a);
    sketch_of(3, a, &sa);
    for (size_t i = 0; i < 3 * COUNT; i++) b[i] = a[i] * (i < COUNT ? 2.f : i < 2 * COUNT ? .3f : 1e4f);
    sketch_of(3, b, &sb);
    cr_expect_gt(sketch_distance(&sa, &sb), .5);
    cr_expect_lt(sketch_scaled_distance(&sa, &sb, &plain), 1e-6);
    for (size_t i = 0; i < COUNT; i++) b[i] *= -1;
    sketch_of(3, b, &sb);
    cr_expect(isinf(sketch_scaled_distance(&sa, &sb, &plain)), "one of them is opposite");
    for (size_t i = 0; i < COUNT; i++) b[i] = 0;
    sketch_of(3, b, &sb);
    cr_expect(isinf(sketch_scaled_distance(&sa, &sb, &plain)), "one of them is zeros");
    for (size_t i = 0; i < 3 * COUNT; i++) b[i] = a[i] * (i % 2 ? 2.f : 2.001f);
    sketch_of(3, b, &sb);
    cr_expect_gt(sketch_scaled_distance(&sa, &sb, &plain), 1e-5);
    for (size_t i = 0; i < 3 * COUNT; i++) {
        a[i] = (float)(1 + i / COUNT);
        b[i] = 7;
    }
    sketch_of(3, a, &sa);
    sketch_of(3, b, &sb);
    cr_expect(isinf(sketch_scaled_distance(&sa, &sb, &plain)), "constant maps tell nothing");
}

Test(sketch, a_sketch_is_read_as_it_was_written) {
    static float maps[3 * COUNT];
    static const char *const damaged[] = {"",
                                          "x",
                                          "17",
                                          "1 2",
                                          "0 1",
                                          "1 nan",
                                          "-1",
                                          "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 inf",
                                          "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"};
    struct sketch s, back;
    struct error e;
    rng_fill_normal(5, 0, 3 * COUNT, maps);
    sketch_of(3, maps, &s);
    char *text = sketch_to_text(&s);
    cr_assert(text && sketch_from_text(text, &back));
    cr_expect_eq(back.inputs, 3);
    cr_expect_lt(sketch_distance(&s, &back), 1e-10);
    cr_expect(sketch_check(&back, 3, &e));
    cr_expect_not(sketch_check(&back, 4, &e));
    back.value[2][15] = NAN;
    cr_expect_not(sketch_check(&back, 3, &e));
    free(text);
    for (size_t k = 0; k < sizeof damaged / sizeof *damaged; k++)
        cr_expect_not(sketch_from_text(damaged[k], &back), "\"%s\"", damaged[k]);
}
