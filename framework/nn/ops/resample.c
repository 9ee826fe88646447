/* resample.c: where a position of the result lies in the input, and the weights of the positions there. */
#include "nn/ops/resample.h"

#include <math.h>
#include <string.h>

#define MOST_TAPS 4

size_t resample_taps(const struct resample_rule *r) {
    return r->mode == RESAMPLE_NEAREST ? 1 : r->mode == RESAMPLE_LINEAR ? 2 : MOST_TAPS;
}

static double coordinate(const struct resample_rule *r, const struct resample_line *l, size_t at) {
    double x = (double)at, half = (x + .5) * l->step - .5;
    switch (r->coordinates) {
    case COORDINATES_PYTORCH: return l->out > 1 ? half : 0;
    case COORDINATES_SYMMETRIC: /* of the length that the step would give */
        return half + (double)l->in / 2 * (1 - (double)l->out * l->step / (double)l->in);
    case COORDINATES_ALIGN_CORNERS: return l->out > 1 ? x * (double)(l->in - 1) / (double)(l->out - 1) : 0;
    case COORDINATES_ASYMMETRIC: return x * l->step;
    default: return half;
    }
}

static double nearest(enum resample_round round, double x) {
    switch (round) {
    case ROUND_PREFER_CEIL: return floor(x + .5);
    case ROUND_FLOOR: return floor(x);
    case ROUND_CEIL: return ceil(x);
    default: return ceil(x - .5);
    }
}

/* The weights of the taps for a position `t` behind the first, or, of four, the second. */
static void weigh(const struct resample_rule *r, double t, double *w) {
    double a = r->cubic, s = 1 - t;
    switch (r->mode) {
    case RESAMPLE_NEAREST: w[0] = 1; break;
    case RESAMPLE_LINEAR:
        w[0] = s;
        w[1] = t;
        break;
    case RESAMPLE_CUBIC:
        w[0] = a * t * s * s;
        w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
        w[2] = ((a + 2) * s - (a + 3)) * s * s + 1;
        w[3] = a * s * t * t;
        break;
    }
}

void resample_table(const struct resample_rule *r, const struct resample_line *l, int32_t *sources, float *weights) {
    size_t taps = resample_taps(r);
    double end = (double)(l->in - 1);
    for (size_t i = 0; i < l->out; i++, sources += taps, weights += taps) {
        double w[MOST_TAPS], x = coordinate(r, l, i), sum = 0;
        double first = r->mode == RESAMPLE_NEAREST ? nearest(r->round, x) : floor(x);
        weigh(r, x - first, w);
        if (r->mode == RESAMPLE_CUBIC) first--;
        for (size_t k = 0; k < taps; k++) {
            double at = first + (double)k;
            if (r->inner_only && (at < 0 || at > end)) w[k] = 0;
            sources[k] = (int32_t)(at < 0 ? 0 : at > end ? end : at);
            sum += w[k];
        }
        for (size_t k = 0; k < taps; k++) weights[k] = (float)(r->inner_only ? w[k] / sum : w[k]);
    }
}

/* One row of neighbours to one. */
static void resample_row(const struct resample_line *l, size_t taps, const int32_t *sources, const float *weights,
                         const float *restrict from, float *restrict to) {
    for (size_t j = 0; j < l->out; j++, sources += taps, weights += taps) {
        float sum = 0;
        for (size_t k = 0; k < taps; k++) sum += weights[k] * from[sources[k]];
        to[j] = sum;
    }
}

void resample(const struct resample_line *l, size_t taps, const int32_t *sources, const float *weights, size_t outer,
              size_t inner, const float *restrict from, float *restrict to) {
    for (size_t o = 0; o < outer && inner == 1; o++, from += l->in, to += l->out)
        resample_row(l, taps, sources, weights, from, to);
    for (size_t o = 0; o < outer && inner > 1; o++, from += l->in * inner)
        for (size_t j = 0; j < l->out; j++, to += inner)
            for (size_t k = j * taps; k < (j + 1) * taps; k++) {
                const float *row = from + (size_t)sources[k] * inner;
                float w = weights[k];
                if (k == j * taps)
                    for (size_t i = 0; i < inner; i++) to[i] = w * row[i];
                else
                    for (size_t i = 0; i < inner; i++) to[i] += w * row[i];
            }
}

/* The transpose of resample_row. */
static void resample_row_back(const struct resample_line *l, size_t taps, const int32_t *sources, const float *weights,
                              const float *restrict to, float *restrict from) {
    for (size_t j = 0; j < l->out; j++, sources += taps, weights += taps)
        for (size_t k = 0; k < taps; k++) from[sources[k]] += weights[k] * to[j];
}

void resample_back(const struct resample_line *l, size_t taps, const int32_t *sources, const float *weights,
                   size_t outer, size_t inner, const float *restrict to, float *restrict from) {
    memset(from, 0, outer * l->in * inner * sizeof *from);
    for (size_t o = 0; o < outer && inner == 1; o++, from += l->in, to += l->out)
        resample_row_back(l, taps, sources, weights, to, from);
    for (size_t o = 0; o < outer && inner > 1; o++, from += l->in * inner)
        for (size_t j = 0; j < l->out; j++, to += inner)
            for (size_t k = j * taps; k < (j + 1) * taps; k++) {
                float *row = from + (size_t)sources[k] * inner, w = weights[k];
                for (size_t i = 0; i < inner; i++) row[i] += w * to[i];
            }
}
