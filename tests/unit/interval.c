/* Student quantiles against scipy and two-way intervals against numpy. */
#include "measure/interval.h"
#include "golden.h"

#include <math.h>
#include <string.h>

static bool close_to(double got, double want, double relative) {
    return fabs(got - want) <= relative * fmax(1, fabs(want));
}

/* Absolute where quantiles are of order one, relative in the far tails of few degrees of freedom. */
Test(interval, student_as_scipy) {
    FILE *in = golden_open("tests/golden/measure/student.txt");
    double p, df, quantile, t, cdf;
    unsigned lines = 0;

    for (; fscanf(in, "%lg %lg %lg %lg %lg", &p, &df, &quantile, &t, &cdf) == 5; lines++) {
        double got = student_quantile(p, df);
        cr_expect(close_to(got, quantile, 1e-9), "p %g, df %g: %.17g, scipy %.17g", p, df, got, quantile);
        cr_expect_float_eq(student_cdf(t, df), cdf, 1e-12, "t %g, df %g", t, df);
        double back = student_cdf(got, df);
        cr_expect(fabs(back - p) <= 1e-12 * fmin(p, 1), "p %g, df %g: back %.17g", p, df, back);
    }
    cr_expect_eq(lines, 14 * 8);
    fclose(in);
}

/* Closed forms: Cauchy, and two degrees of freedom. */
Test(interval, student_closed_forms) {
    const double pi = acos(-1);
    for (double p = .01; p < 1; p += .01) {
        cr_expect(close_to(student_quantile(p, 1), tan(pi * (p - .5)), 1e-11), "Cauchy at %g", p);
        double two = (2 * p - 1) / sqrt(2 * p * (1 - p));
        cr_expect(close_to(student_quantile(p, 2), two, 1e-11), "df 2 at %g", p);
        cr_expect(close_to(student_quantile(1 - p, 3.3), -student_quantile(p, 3.3), 1e-11));
    }
}

Test(interval, student_edges) {
    cr_expect_eq(student_quantile(.5, 3), 0);
    cr_expect_eq(student_quantile(0, 3), -INFINITY);
    cr_expect_eq(student_quantile(1, 3), INFINITY);
    cr_expect(isnan(student_quantile(1.1, 3)) && isnan(student_quantile(NAN, 3)));
    cr_expect(isnan(student_quantile(.9, 0)) && isnan(student_quantile(.9, -1)) && isnan(student_quantile(.9, NAN)));
    cr_expect_float_eq(student_quantile(.975, INFINITY), 1.959963984540054, 1e-12);
    cr_expect_eq(student_cdf(0, 5), .5);
    cr_expect_eq(student_cdf(INFINITY, 5), 1);
    cr_expect_eq(student_cdf(-INFINITY, 5), 0);
    cr_expect_eq(student_cdf(1e300, 5), 1);
    cr_expect(isnan(student_cdf(NAN, 5)) && isnan(student_cdf(1, 0)));
}

Test(interval, two_way_as_numpy) {
    FILE *in = golden_open("tests/golden/measure/interval.txt");
    double y[256], mean, variance, df, lower, upper;
    size_t rows, columns;
    unsigned cases = 0;

    for (; fscanf(in, "%zu %zu %lg %lg %lg %lg %lg", &rows, &columns, &mean, &variance, &df, &lower, &upper) == 7;
         cases++) {
        cr_assert_leq(rows * columns, 256);
        for (size_t i = 0; i < rows * columns; i++) cr_assert_eq(fscanf(in, "%lg", &y[i]), 1);
        struct interval got = interval_two_way(y, rows, columns);
        cr_expect_float_eq(got.mean, mean, 1e-12, "case %u", cases);
        cr_expect(close_to(got.variance / variance, 1, 1e-10), "case %u: %g, wanted %g", cases, got.variance, variance);
        cr_expect(close_to(got.df, df, 1e-10), "case %u: df %.15g, wanted %.15g", cases, got.df, df);
        cr_expect_float_eq(interval_lower(&got, .05), lower, 1e-9, "case %u", cases);
        cr_expect_float_eq(interval_upper(&got, .05 / 3), upper, 1e-9, "case %u", cases);
    }
    cr_expect_eq(cases, 6);
    fclose(in);
}

Test(interval, too_little_to_say) {
    static const struct {
        const char *what;
        size_t rows, columns;
        double y[4], mean;
    } cases[] = {
        {"one row", 1, 4, {1, 2, 3, 4}, 2.5},
        {"one column", 4, 1, {1, 2, 3, 4}, 2.5},
        {"a second row without cells", 2, 2, {1, 2, NAN, NAN}, 1.5},
        {"a second column without cells", 2, 2, {1, NAN, 3, NAN}, 2},
        {"no cell", 2, 2, {NAN, NAN, NAN, NAN}, NAN},
        {"nothing", 0, 0, {0}, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct interval got = interval_two_way(cases[i].y, cases[i].rows, cases[i].columns);
        cr_expect(isnan(cases[i].mean) ? isnan(got.mean) : got.mean == cases[i].mean, "%s", cases[i].what);
        cr_expect(isnan(got.variance) && isnan(got.df), "%s", cases[i].what);
        cr_expect(isnan(interval_lower(&got, .05)) && isnan(interval_upper(&got, .05)), "%s", cases[i].what);
    }
}

Test(interval, no_variance) {
    struct interval got = interval_two_way((double[6]){1, 1, 1, 1, 1, 1}, 3, 2);
    cr_expect_eq(got.mean, 1);
    cr_expect_eq(got.variance, 0);
    cr_expect_eq(got.df, 2);
    cr_expect_eq(interval_lower(&got, .05), 1);
    cr_expect_eq(interval_upper(&got, .05), 1);
}

/* Only rows differ: V = va, df = R - 1, whatever the size of the numbers. */
Test(interval, rows_only_at_any_scale) {
    for (double scale = 1e-120; scale < 1e130; scale *= 1e40) {
        struct interval got = interval_two_way((double[]){scale, scale, 3 * scale, 3 * scale}, 2, 2);
        cr_expect(close_to(got.variance / (scale * scale), 1, 1e-12), "%g", scale);
        cr_expect(close_to(got.df, 1, 1e-12), "%g", scale);
        double half = got.mean - interval_lower(&got, .05);
        cr_expect(close_to(half / scale, 6.313751514675044, 1e-9), "%g", scale);
    }
}
