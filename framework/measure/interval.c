/* Means over draws and inputs with bounds, and Student's distribution, which they need. */
#include "measure/interval.h"

#include <math.h>
#include <stdbool.h>

static const double sqrt_pi = 1.7724538509055160273;
static const double many = 1e5;    /* degrees of freedom from which the normal distribution is the better start */
static const double normal = 1e15; /* and from which nothing is left to correct */

/* log(Gamma(a + 1/2) / Gamma(a)). For large a the difference of two log-gammas would cancel: asymptotic series of
 * the NIST Handbook, dlmf.nist.gov/5.11.E13. */
static double log_gamma_ratio(double a) {
    if (a < 16) return lgamma(a + .5) - lgamma(a);
    double u = 1 / a, v = u * u;
    return .5 * log(a) - u * (1. / 8 - v * (1. / 192 - v * (1. / 640 - v * 17 / 14336)));
}

/* The continued fraction of the incomplete beta function, dlmf.nist.gov/8.17.E22, by Lentz's method (modified: Thompson
 * & Barnett 1986); quick for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);

    d = 1 / (fabs(d) < tiny ? tiny : d);
    double fraction = d;
    for (int m = 1; m < 1000000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double terms[] = {even, odd}, change = 1;
        for (int i = 0; i < 2; i++) {
            d = 1 + terms[i] * d;
            c = 1 + terms[i] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = d * c;
            fraction *= change;
        }
        if (fabs(change - 1) < 1e-16) break;
    }
    return fraction;
}

/* For many degrees of freedom, where the continued fraction loses digits: the normal deviate of that tail, the first
 * two terms of Hill's expansion (1970, CACM algorithm 395); the third is below 1e-20. */
static double normal_tail(double t, double df) {
    double a = df - .5, y = a * log1p(t / df * t);
    return .5 * erfc(sqrt(y / 2) * (1 + (y + 3) / (48 * a * a)));
}

/* P(T > t) for t >= 0: half the regularised incomplete beta function I_x(df/2, 1/2), x = df / (df + t^2). */
static double upper_tail(double t, double df) {
    if (df > many) return normal_tail(t, df);
    double a = df / 2, ratio = t / df * t;
    if (isinf(ratio)) return 0;
    double x = 1 / (1 + ratio), y = ratio / (1 + ratio);
    double front = exp(log_gamma_ratio(a) - a * log1p(ratio)) * sqrt(y) / sqrt_pi;
    if (x < (a + 1) / (a + 2.5)) return .5 * front / a * beta_fraction(a, .5, x);
    return .5 - front * beta_fraction(.5, a, y);
}

static double density(double t, double df) {
    return exp(log_gamma_ratio(df / 2) - (df + 1) / 2 * log1p(t / df * t)) / (sqrt(df) * sqrt_pi);
}

double student_cdf(double t, double df) {
    if (isnan(t) || !(df > 0)) return NAN;
    double tail = upper_tail(fabs(t), fmin(df, normal));
    return t < 0 ? tail : 1 - tail;
}

/* The t >= 0 with that upper tail, 0 < tail <= 1/2: a bracket by doubling, then Newton steps kept inside it. */
static double tail_quantile(double tail, double df) {
    double low = 0, high = 1;

    while (upper_tail(high, df) > tail && high < 1e300) {
        low = high;
        high *= 2;
    }
    double t = (low + high) / 2;
    for (int i = 0; i < 200; i++) {
        double excess = upper_tail(t, df) - tail;
        if (excess > 0) low = t;
        else high = t;
        double next = t + excess / density(t, df);
        if (!(next > low && next < high)) next = (low + high) / 2;
        bool there = fabs(next - t) <= 1e-15 * next;
        t = next;
        if (there) break;
    }
    return t;
}

double student_quantile(double p, double df) {
    if (!(p >= 0 && p <= 1) || !(df > 0)) return NAN;
    if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
    if (p == .5) return 0;
    df = fmin(df, normal);
    return p < .5 ? -tail_quantile(p, df) : tail_quantile(1 - p, df);
}

/* Sum and number of the cells that are there, `step` apart. */
struct tally {
    double sum;
    size_t count;
};

static struct tally tally_cells(const double *y, size_t n, size_t step) {
    struct tally t = {0};

    for (size_t i = 0; i < n; i++)
        if (!isnan(y[i * step])) {
            t.sum += y[i * step];
            t.count++;
        }
    return t;
}

/* NaN where there is none. */
static double mean_of(const double *y, size_t n, size_t step) {
    struct tally t = tally_cells(y, n, step);
    return t.count ? t.sum / (double)t.count : NAN;
}

/* Of the means of rows or columns that are there: the sum of squared deviations from `grand`. */
static double deviations(const double *y, size_t n, size_t step, size_t length, size_t inner_step, double grand,
                         size_t *present) {
    double squares = 0;

    *present = 0;
    for (size_t i = 0; i < n; i++) {
        double mean = mean_of(y + i * step, length, inner_step);
        if (isnan(mean)) continue;
        squares += (mean - grand) * (mean - grand);
        ++*present;
    }
    return squares;
}

/* Rows are few: a column's mean is computed again for each, and no memory can be missing. */
static double residual_squares(const double *y, size_t rows, size_t columns, double grand) {
    double squares = 0;

    for (size_t r = 0; r < rows; r++) {
        double row_mean = mean_of(y + r * columns, columns, 1);
        for (size_t i = 0; i < columns; i++) {
            double cell = y[r * columns + i];
            if (isnan(cell)) continue;
            double e = cell - row_mean - mean_of(y + i, rows, columns) + grand;
            squares += e * e;
        }
    }
    return squares;
}

struct interval interval_two_way(const double *y, size_t rows, size_t columns) {
    struct interval out = {NAN, NAN, NAN};
    struct tally all = tally_cells(y, rows * columns, 1);
    size_t present_rows, present_columns;

    if (!all.count) return out;
    out.mean = all.sum / (double)all.count;
    double squares_a = deviations(y, rows, columns, columns, 1, out.mean, &present_rows);
    double squares_b = deviations(y, columns, 1, rows, columns, out.mean, &present_columns);
    if (present_rows >= 2 && present_columns >= 2) {
        double R = (double)present_rows, n = (double)present_columns;
        double squares_e = residual_squares(y, rows, columns, out.mean);
        double va = squares_a / ((R - 1) * R), vb = squares_b / ((n - 1) * n);
        double ve = squares_e / ((R - 1) * (n - 1) * R * n);
        double v = fmax(va + vb - ve, fmax(va, vb));
        out.variance = v;
        out.df = v > 0 ? 1 / (va / v * (va / v) / (R - 1) + vb / v * (vb / v) / (n - 1)) : R - 1;
    }
    return out;
}

/* Half the width of the two-sided 1 - 2 alpha interval. */
static double reach(const struct interval *i, double alpha) {
    return i->variance == 0 ? 0 : student_quantile(1 - alpha, i->df) * sqrt(i->variance);
}

double interval_lower(const struct interval *i, double alpha) {
    return i->mean - reach(i, alpha);
}

double interval_upper(const struct interval *i, double alpha) {
    return i->mean + reach(i, alpha);
}
