/* Entropy of histograms: values of numpy.histogram(a, bins=100) and of the sum over p log p. */
#include "measure/entropy.h"

#include <criterion/criterion.h>
#include <math.h>

Test(entropy, as_numpy_has_it) {
    static float cubes[50], squares[2000], waves[1000];
    for (int i = 0; i < 50; i++) cubes[i] = (float)pow(i * 37 % 50 / 49.0, 3);
    for (int i = 0; i < 2000; i++) squares[i] = (float)(i * i % 97);
    for (int i = 0; i < 1000; i++) waves[i] = (float)(sin(i) * exp(-i / 200.0));
    cr_expect_float_eq(entropy_of_histogram(cubes, 50), 3.2631175336476224, 1e-12);
    cr_expect_float_eq(entropy_of_histogram(squares, 2000), 3.888788879527312, 1e-12);
    cr_expect_float_eq(entropy_of_histogram(waves, 1000), 3.3277429460365835, 1e-12);
    cr_expect_float_eq(entropy_of_histogram((const float[]){0, 0, 0, 1}, 4), .5623351446188083, 1e-12);
}

Test(entropy, of_nothing_and_of_no_numbers) {
    cr_expect_eq(entropy_of_histogram((const float[]){3, 3, 3}, 3), 0);
    cr_expect_eq(entropy_of_histogram(NULL, 0), 0);
    cr_expect(isnan(entropy_of_histogram((const float[]){1, NAN, 3}, 3)));
    cr_expect(isnan(entropy_of_histogram((const float[]){1, INFINITY, 3}, 3)));
    cr_expect_float_eq(entropy_of_histogram((const float[]){-3e38f, 3e38f}, 2), log(2), 1e-12);
}
