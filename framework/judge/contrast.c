/* contrast.c: differences of means over networks and inputs, with their variance. */
#include "judge/contrast.h"

#include <math.h>

static double column_mean(const double *y, uint32_t rows, uint32_t n, uint32_t i) {
    double sum = 0;
    uint32_t present = 0;
    for (uint32_t r = 0; r < rows; r++)
        if (!isnan(y[(size_t)r * n + i])) {
            sum += y[(size_t)r * n + i];
            present++;
        }
    return present ? sum / present : (double)NAN;
}

void contrast_spread(const double *v, uint32_t count, double *mean, double *variance, uint32_t *present) {
    double sum = 0, squares = 0;
    *present = 0;
    for (uint32_t k = 0; k < count; k++)
        if (!isnan(v[k])) {
            sum += v[k];
            ++*present;
        }
    *mean = *present ? sum / *present : (double)NAN;
    for (uint32_t k = 0; k < count; k++)
        if (!isnan(v[k])) squares += (v[k] - *mean) * (v[k] - *mean);
    *variance = *present > 1 ? squares / (*present - 1) : (double)NAN;
}

void contrast_mean(const double *v, uint32_t count, double alpha, double *mean, double *reach, uint32_t *present) {
    double variance;
    contrast_spread(v, count, mean, &variance, present);
    *reach = *present > 1 ? student_quantile(1 - alpha, *present - 1.0) * sqrt(variance / *present) : (double)NAN;
}

/* Variance of the mean over networks: spread of their means over inputs, divided by their number. */
static double network_variance(const struct contrast_side *side, uint32_t n, double *means) {
    double mean, variance;
    uint32_t present;
    for (uint32_t r = 0; r < side->networks; r++)
        contrast_spread(side->y + (size_t)r * n, n, &means[r], &variance, &present);
    contrast_spread(means, side->networks, &mean, &variance, &present);
    return variance / present;
}

struct interval contrast(const struct contrast_side *t, const struct contrast_side *s, uint32_t n, double *scratch) {
    double *d = scratch, mean, variance, a = t->weight, b = s->weight;
    uint32_t present;
    for (uint32_t i = 0; i < n; i++)
        d[i] = a * column_mean(t->y, t->networks, n, i) - b * column_mean(s->y, s->networks, n, i);
    contrast_spread(d, n, &mean, &variance, &present);
    double vi = variance / present, vr = b * b * network_variance(s, n, scratch),
           vt = a * a * network_variance(t, n, scratch), sum = vi + vr + vt;
    double df = sum * sum / (vi * vi / (present - 1.0) + vr * vr / (s->networks - 1.0) + vt * vt / (t->networks - 1.0));
    return (struct interval){mean, sum, sum > 0 ? df : s->networks - 1.0};
}
