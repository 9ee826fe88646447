/* fit.c: sums of squares, the bound of R2, and the words. */
#include "measure/fit.h"

#include "measure/accuracy.h"
#include "measure/interval.h"

#include <math.h>

#define ALPHA .05
#define FEWEST 5u /* of fewer, not even all better than the mean would be clear: 2^-4 is above ALPHA */
#define RISES .5  /* correlation from which another unit is the likely reason */

static double mean_of(const float *v, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += (double)v[i];
    return sum / n;
}

static double correlation(const float *y, const float *z, uint32_t n) {
    double my = mean_of(y, n), mz = mean_of(z, n), yy = 0, zz = 0, yz = 0;
    for (uint32_t i = 0; i < n; i++) {
        double a = (double)y[i] - my, b = (double)z[i] - mz;
        yy += a * a;
        zz += b * b;
        yz += a * b;
    }
    return yy > 0 && zz > 0 ? yz / sqrt(yy * zz) : (double)NAN;
}

/* One-sided bound of the mean of v(i): Student's t. */
static double bound_of(double (*value)(const void *, uint32_t), const void *user, uint32_t n) {
    double mean = 0, squares = 0;
    if (n < 2) return (double)NAN;
    for (uint32_t i = 0; i < n; i++) mean += value(user, i) / n;
    for (uint32_t i = 0; i < n; i++) squares += (value(user, i) - mean) * (value(user, i) - mean);
    const struct interval interval = {mean, squares / (n - 1.) / n, n - 1.};
    return interval_lower(&interval, ALPHA);
}

struct samples {
    const float *y, *z;
    double mean, share; /* of the targets; of the variance that is left over: 1 - R2 */
};

static double distance(const void *user, uint32_t i) {
    const struct samples *s = user;
    return ((double)s->y[i] - s->mean) * ((double)s->y[i] - s->mean);
}

/* Its mean is 0, and its spread that of R2 times the variance. */
static double gain(const void *user, uint32_t i) {
    const struct samples *s = user;
    double off = (double)s->y[i] - (double)s->z[i];
    return s->share * distance(user, i) - off * off;
}

struct fit fit_measure(const float *y, const float *z, uint32_t n) {
    struct fit f = {.rmse = (double)NAN, .r2 = (double)NAN, .lower = (double)NAN, .r = (double)NAN};
    double mean = y && n ? mean_of(y, n) : 0, off = 0, spread = 0;
    if (!y || !n) return f;
    for (uint32_t i = 0; i < n; i++) {
        off += ((double)y[i] - (double)z[i]) * ((double)y[i] - (double)z[i]) / n;
        spread += ((double)y[i] - mean) * ((double)y[i] - mean) / n;
    }
    f.read = n;
    f.rmse = sqrt(off);
    f.r = correlation(y, z, n);
    if (spread > 0) f.r2 = 1 - off / spread;
    const struct samples s = {y, z, mean, 1 - f.r2};
    f.few = n < FEWEST || !(bound_of(distance, &s, n) > 0);
    if (spread > 0) f.lower = f.r2 + bound_of(gain, &s, n) / spread;
    return f;
}

enum fit_state fit_state(const struct fit *f) {
    if (f->read == 0) return FIT_UNKNOWN;
    if (f->few) return FIT_FEW;
    return f->lower > 0 ? FIT_CLEAR : FIT_POOR;
}

void fit_add_sentence(struct text *t, const struct fit *f) {
    if (fit_state(f) == FIT_UNKNOWN) {
        text_add(t, "how well the network predicts: no targets: not known");
        return;
    }
    text_add(t, "the network predicts %u read with RMSE %.4g, ", f->read, f->rmse);
    if (isnan(f->r2)) {
        text_add(t, "R2 not defined: all targets are the same");
        return;
    }
    text_add(t, "R2 ");
    accuracy_add_share(t, f->r2);
    if (fit_state(f) != FIT_FEW) {
        text_add(t, " (at least ");
        accuracy_add_share(t, f->lower);
        text_add(t, ")");
    }
    if (fit_state(f) == FIT_FEW) text_add(t, ": too few to tell it from 0");
}

void fit_add_warning(struct text *t, const struct fit *f) {
    enum fit_state state = fit_state(f);
    if (isnan(f->r2) || !(state == FIT_POOR || (state == FIT_FEW && f->r2 < 0))) return;
    text_add(t, state == FIT_FEW ? "R2 of these few samples is below 0: "
                                 : "R2 is not clearly above 0: the network is not clearly better than the mean of the "
                                   "targets: ");
    if (f->r > RISES) {
        text_add(t, "outputs and targets rise together (correlation ");
        accuracy_add_share(t, f->r);
        text_add(t, "), so their units or scales differ, it seems; else ");
    }
    text_add(t, "check the unit and scale of the targets, the preprocessing, the order of the columns or channels, and "
                "which output is which target");
}
