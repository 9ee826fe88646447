/* projection.c: variance components, and the interval that they promise. */
#include "reports/projection.h"

#include "measure/interval.h"

#include <math.h>

struct sums {
    double value, count;
};

static double mean_of(struct sums s) {
    return s.value / s.count;
}

/* Of one draw (across 1) or of one input (across 0). */
static struct sums line(const double *y, uint32_t draws, uint32_t inputs, uint32_t at, bool draw) {
    struct sums s = {0};
    for (uint32_t k = 0; k < (draw ? inputs : draws); k++) {
        double v = draw ? y[(size_t)at * inputs + k] : y[(size_t)k * inputs + at];
        if (!isnan(v)) s.value += v, s.count++;
    }
    return s;
}

/* Squared deviations of the means of draws, or of inputs; *lines: how many there are. */
static double between(const double *y, uint32_t draws, uint32_t inputs, bool draw, double mean, double *lines) {
    double sum = 0;
    *lines = 0;
    for (uint32_t k = 0; k < (draw ? draws : inputs); k++) {
        struct sums s = line(y, draws, inputs, k, draw);
        if (s.count < 1) continue;
        sum += (mean_of(s) - mean) * (mean_of(s) - mean);
        ++*lines;
    }
    return sum;
}

static double residual(const double *y, uint32_t draws, uint32_t inputs, double mean) {
    double sum = 0;
    for (uint32_t r = 0; r < draws; r++)
        for (uint32_t i = 0; i < inputs; i++) {
            double v = y[(size_t)r * inputs + i];
            if (isnan(v)) continue;
            double e = v - mean_of(line(y, draws, inputs, r, true)) - mean_of(line(y, draws, inputs, i, false)) + mean;
            sum += e * e;
        }
    return sum;
}

struct components components_of(const double *y, uint32_t draws, uint32_t inputs) {
    struct sums all = {0};
    double rows, columns;
    for (size_t k = 0; k < (size_t)draws * inputs; k++)
        if (!isnan(y[k])) all.value += y[k], all.count++;
    double mean = mean_of(all), a = between(y, draws, inputs, true, mean, &rows),
           b = between(y, draws, inputs, false, mean, &columns);
    struct components c = {mean, (double)NAN, (double)NAN, (double)NAN, (uint32_t)rows, (uint32_t)columns};
    if (rows < 2 || columns < 2) return c;
    c.rest = residual(y, draws, inputs, mean) / ((rows - 1) * (columns - 1));
    c.draw = fmax(a / (rows - 1) - c.rest / columns, 0);
    c.input = fmax(b / (columns - 1) - c.rest / rows, 0);
    return c;
}

bool projection_decides(const struct components *c, uint32_t draws, uint32_t inputs, double limit, double alpha) {
    double va = (c->draw + c->rest / inputs) / draws, vb = (c->input + c->rest / draws) / inputs,
           ve = c->rest / draws / inputs, v = fmax(va + vb - ve, fmax(va, vb));
    double df = v > 0 ? v * v / (va * va / (draws - 1) + vb * vb / (inputs - 1)) : draws - 1;
    return fabs(c->mean - limit) > student_quantile(1 - alpha, df) * sqrt(v);
}

uint32_t projection_draws(const struct components *c, double limit, double alpha, uint32_t most) {
    for (uint32_t draws = 2; draws <= most; draws += 1 + draws / 50)
        if (projection_decides(c, draws, c->inputs, limit, alpha)) return draws;
    return 0;
}

uint32_t projection_inputs(const struct components *c, double limit, double alpha, uint32_t most) {
    for (uint32_t inputs = 2; inputs <= most; inputs += 1 + inputs / 50)
        if (projection_decides(c, c->draws, inputs, limit, alpha)) return inputs;
    return 0;
}

bool projection_both(const struct components *c, double limit, double alpha, uint32_t most_draws, uint32_t most_inputs,
                     uint32_t *draws, uint32_t *inputs) {
    for (*inputs = c->inputs; *inputs <= most_inputs; *inputs += 1 + *inputs / 50) {
        double scaled = ceil((double)c->draws * *inputs / c->inputs);
        *draws = scaled < most_draws ? (uint32_t)scaled : most_draws;
        if (projection_decides(c, *draws, *inputs, limit, alpha)) return true;
    }
    return false;
}
