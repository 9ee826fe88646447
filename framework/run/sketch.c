/* sketch.c: products of maps with random signs. */
#include "run/sketch.h"

#include "base/rng.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sketch_begin(struct sketch *out) {
    memset(out, 0, sizeof *out);
}

void sketch_add(struct sketch *out, uint32_t first, uint32_t n, size_t count, const float *maps) {
    struct rng rng = rng_stream(0, "sketch of maps", 0);
    const uint32_t end = first + n < SKETCH_INPUTS ? first + n : SKETCH_INPUTS;
    if (first >= end) return;
    out->inputs = end;
    for (size_t k = 0; k < count; k++) {
        uint32_t signs = rng_next(&rng);
        for (uint32_t i = first; i < end; i++) {
            double value = (double)maps[(i - first) * count + k];
            for (uint32_t w = 0; w < SKETCH_WIDTH; w++) out->value[i][w] += signs >> w & 1 ? value : -value;
        }
    }
}

char *sketch_to_text(const struct sketch *s) {
    struct text text = {0};
    text_add(&text, "%u", s->inputs);
    for (uint32_t i = 0; i < s->inputs; i++)
        for (uint32_t w = 0; w < SKETCH_WIDTH; w++) text_add(&text, " %.12g", s->value[i][w]);
    if (text.failed) text_finish(&text);
    return text.data;
}

bool sketch_from_text(const char *text, struct sketch *out) {
    char *end;
    memset(out, 0, sizeof *out);
    unsigned long inputs = strtoul(text, &end, 10);
    if (end == text || inputs > SKETCH_INPUTS) return false;
    out->inputs = (uint32_t)inputs;
    for (uint32_t k = 0; k < out->inputs * SKETCH_WIDTH; k++) {
        const char *at = end;
        double value = strtod(at, &end);
        if (end == at || !isfinite(value)) return false;
        out->value[k / SKETCH_WIDTH][k % SKETCH_WIDTH] = value;
    }
    return *end == '\0';
}

bool sketch_check(const struct sketch *s, uint32_t inputs, struct error *e) {
    if (s->inputs != (inputs < SKETCH_INPUTS ? inputs : SKETCH_INPUTS))
        return error_set(e, "a sketch of %u maps, where the run has %u inputs", s->inputs, inputs);
    for (uint32_t i = 0; i < s->inputs; i++)
        for (uint32_t w = 0; w < SKETCH_WIDTH; w++)
            if (!isfinite(s->value[i][w])) return error_set(e, "a sketch that is not finite");
    return true;
}

double sketch_distance(const struct sketch *a, const struct sketch *b) {
    double off = 0, sizes[2] = {0};
    if (a->inputs != b->inputs) return INFINITY;
    for (uint32_t i = 0; i < a->inputs; i++)
        for (uint32_t w = 0; w < SKETCH_WIDTH; w++) {
            double x = a->value[i][w], y = b->value[i][w];
            off += (x - y) * (x - y);
            sizes[0] += x * x;
            sizes[1] += y * y;
        }
    return off > 0 ? sqrt(off / fmax(sizes[0], sizes[1])) : 0;
}

static double product(const double *a, const double *b) {
    double sum = 0;
    for (uint32_t w = 0; w < SKETCH_WIDTH; w++) sum += a[w] * b[w];
    return sum;
}

/* |a - f b|^2 / |a|^2 for the best f, which is stored. */
static double off_line(const double *a, const double *b, double *factor) {
    double off = 0;
    *factor = product(a, b) / product(b, b);
    for (uint32_t w = 0; w < SKETCH_WIDTH; w++) off += (a[w] - *factor * b[w]) * (a[w] - *factor * b[w]);
    return off / product(a, a);
}

#define CONSTANT 1e-12 /* squared: a map is a constant up to rounding */

double sketch_scaled_distance(const struct sketch *a, const struct sketch *b, const struct sketch *plain) {
    double off = 0, factor;
    uint32_t telling = 0;
    if (a->inputs != b->inputs) return INFINITY;
    for (uint32_t i = 0; i < a->inputs; i++) {
        const bool zeros[2] = {product(a->value[i], a->value[i]) <= 0, product(b->value[i], b->value[i]) <= 0};
        if (zeros[0] && zeros[1]) continue;
        if (zeros[0] || zeros[1]) return INFINITY;
        off += off_line(a->value[i], b->value[i], &factor);
        if (!(factor > 0)) return INFINITY;
        telling += off_line(a->value[i], plain->value[0], &factor) > CONSTANT;
    }
    return telling ? sqrt(off / a->inputs) : INFINITY;
}
