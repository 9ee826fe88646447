/* linear_form.c: a linear model of the study's own, on which the map of a method is held against all that it may be
 * there (plan/linear_form.h). On such a model every gradient is a row of the weights, and every path the same: Ancona
 * et al. 2018, arXiv:1711.06104, section 3.1. */
#include "controls/linear_form.h"

#include "base/rng.h"
#include "controls/maps.h"
#include "controls/networks.h"
#include "plan/linear_form.h"

#include <math.h>
#include <stdlib.h>

#define INPUTS 10u
#define CLASSES 5u
#define SAME .01 /* distance from a multiple of a form up to which the map is that */

enum { FORM, DISTANCE, FACTOR, READINGS };

static void name_form(double code, struct text *out) {
    if (code >= 0 && code < (double)linear_form_count) linear_form_add_words(&linear_forms[(size_t)code], out);
}

static const struct study_reading readings[READINGS] = {
    [FORM] = {{.id = "form",
               .what = "which of the known maps it is nearest to, on a linear model",
               .limit = NAN,
               .name_code = name_form},
              1},
    [DISTANCE] = {{.id = "form-distance", .what = "distance from a multiple of that", .limit = NAN}, INPUTS},
    [FACTOR] = {{.id = "form-factor", .what = "the factor", .limit = NAN}, INPUTS},
};

struct linear {
    const struct study_case *c;
    size_t count;
    uint32_t n;
    float *w, *sum, *mixed, *due, *maps; /* [CLASSES][count]; [count] each; [INPUTS][count] */
    float bias[CLASSES], logits[INPUTS * CLASSES];
    struct own_network network;
};

/* Logits are about 1, so that probabilities are neither 0 nor 1. */
static void draw(struct linear *l) {
    struct rng rng = rng_stream(l->c->seed, l->c->study->name, 0);
    double square = 0;
    for (size_t k = 0; k < l->n * l->count; k++) square += (double)l->c->x[k] * (double)l->c->x[k];
    double sd = square > 0 ? sqrt((double)l->n / square) : 1;
    rng_normals(&rng, CLASSES * l->count, 0, sd, l->w);
    rng_normals(&rng, CLASSES, 0, .1, l->bias);
    for (size_t k = 0; k < l->count; k++) {
        double sum = 0;
        for (uint32_t c = 0; c < CLASSES; c++) sum += (double)l->w[c * l->count + k];
        l->sum[k] = (float)sum;
    }
}

static bool build(struct linear *l, struct error *e) {
    struct network_builder b;
    network_begin(&b, l->c->sample, e);
    network_node(&b, "Flatten", "flat", "x", NULL, NULL, NULL, 0);
    network_gemm(&b, "logits", "flat", CLASSES, l->count, l->w, l->bias);
    return network_end(&b, &l->network);
}

/* ---- one form on one input ---- */

struct setting {
    uint32_t target, predicted;
    double own;  /* probability of the class asked for */
    double mean; /* of x */
    const float *x, *map;
    struct layout layout;
};

/* Probabilities, and the rows added up by them. */
static struct setting settle(const struct linear *l, uint32_t i) {
    struct setting s = {.target = i % CLASSES,
                        .x = l->c->x + i * l->count,
                        .map = l->maps + i * l->count,
                        .layout = layout_of(l->c->sample)};
    const float *z = l->logits + i * CLASSES;
    double p[CLASSES], sum = 0;
    for (uint32_t c = 1; c < CLASSES; c++)
        if (z[c] > z[s.predicted]) s.predicted = c;
    for (uint32_t c = 0; c < CLASSES; c++) sum += p[c] = exp((double)(z[c] - z[s.predicted]));
    for (uint32_t c = 0; c < CLASSES; c++) p[c] /= sum;
    s.own = p[s.target];
    for (size_t k = 0; k < l->count; k++) {
        double mixed = 0;
        for (uint32_t c = 0; c < CLASSES; c++) mixed += p[c] * (double)l->w[c * l->count + k];
        l->mixed[k] = (float)mixed;
        s.mean += (double)s.x[k] / (double)l->count;
    }
    return s;
}

static double base_at(const struct linear *l, const struct setting *s, enum linear_base base, size_t k) {
    double own = (double)l->w[s->target * l->count + k];
    switch (base) {
    case LINEAR_NEXT: return (double)l->w[(s->target + 1) % CLASSES * l->count + k];
    case LINEAR_FIRST: return (double)l->w[k];
    case LINEAR_PREDICTED: return (double)l->w[s->predicted * l->count + k];
    case LINEAR_ALL: return (double)l->sum[k];
    case LINEAR_BESIDE_MEAN: return own - (double)l->sum[k] / CLASSES;
    case LINEAR_LOG: return own - (double)l->mixed[k];
    case LINEAR_PROBABILITY: return s->own * (own - (double)l->mixed[k]);
    case LINEAR_INPUT: return (double)s->x[k];
    case LINEAR_SAME: return 1;
    case LINEAR_OWN:
    default: return own;
    }
}

static double value_at(const struct linear *l, const struct setting *s, const struct linear_form *f, size_t k) {
    double v = base_at(l, s, f->base, k), x = (double)s->x[k];
    if (f->times == LINEAR_TIMES_X) v *= x;
    if (f->times == LINEAR_TIMES_CENTRED) v *= x - s->mean;
    if (f->times == LINEAR_TIMES_SIGN) v *= (x > 0) - (x < 0);
    if (f->shape == LINEAR_MAGNITUDE) v = fabs(v);
    if (f->shape == LINEAR_POSITIVE) v = fmax(v, 0);
    if (f->shape == LINEAR_SQUARE) v *= v;
    return v;
}

/* Where element k of the map has its value from; `count`: from outside. */
static size_t source_of(const struct linear *l, const struct layout *y, enum linear_place place, size_t k) {
    size_t p = k % y->positions, channel = k - p, row = p / y->width, column = p % y->width;
    switch (place) {
    case LINEAR_MIRRORED: return channel + row * y->width + (y->width - 1 - column);
    case LINEAR_UPSIDE_DOWN: return channel + (y->height - 1 - row) * y->width + column;
    case LINEAR_TRANSPOSED: return channel + column * y->width + row;
    case LINEAR_RIGHT: return column > 0 ? k - 1 : l->count;
    case LINEAR_LEFT: return column + 1 < y->width ? k + 1 : l->count;
    case LINEAR_DOWN: return row > 0 ? k - y->width : l->count;
    case LINEAR_UP: return row + 1 < y->height ? k + y->width : l->count;
    case LINEAR_IN_PLACE:
    default: return k;
    }
}

/* Features have no places, rows no height. */
static bool has_place(const struct layout *y, enum linear_place place) {
    if (place == LINEAR_IN_PLACE) return true;
    if (y->kind == &layout_features || y->width < 3) return false;
    if (place == LINEAR_TRANSPOSED) return y->kind->plane && y->height == y->width;
    return place == LINEAR_MIRRORED || place == LINEAR_RIGHT || place == LINEAR_LEFT ||
           (y->kind->plane && y->height > 2);
}

struct fit {
    double distance, factor;
};

/* The map against the nearest multiple of the form, where the form says anything: a shift leaves a border out. */
static struct fit fit_form(const struct linear *l, const struct setting *s, const struct linear_form *f) {
    double dd = 0, dm = 0, mm = 0, off = 0;
    if (!has_place(&s->layout, f->place)) return (struct fit){1, 0};
    for (size_t k = 0; k < l->count; k++) {
        size_t from = source_of(l, &s->layout, f->place, k);
        l->due[k] = NAN;
        if (from == l->count) continue;
        double due = value_at(l, s, f, from), map = (double)s->map[k];
        l->due[k] = (float)due;
        dd += due * due;
        dm += due * map;
        mm += map * map;
    }
    if (!(dd > 0) || !(mm > 0)) return (struct fit){1, 0};
    for (size_t k = 0; k < l->count; k++) {
        double d = isnan(l->due[k]) ? 0 : (double)s->map[k] - dm / dd * (double)l->due[k];
        off += d * d;
    }
    return (struct fit){sqrt(off / mm), dm / dd};
}

/* ---- all of them ---- */

/* The coefficient of variation of the factors. */
static double variation(const struct linear *l, const struct fit fits[INPUTS]) {
    double sum = 0, squares = 0, n = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        if (isnan(fits[i].factor)) continue;
        sum += fits[i].factor;
        squares += fits[i].factor * fits[i].factor;
        n++;
    }
    return sqrt(fmax(squares / n - sum * sum / (n * n), 0)) / fabs(sum / n);
}

/* How far the maps are from the form: the mean distance. No further than SAME on any input is less than that: SAME if
 * the factor varies, else 0. NaN: all maps are zero. */
static double try_form(const struct linear *l, size_t form, struct fit fits[INPUTS]) {
    double sum = 0, worst = 0;
    uint32_t live = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct setting s = settle(l, i);
        fits[i] = (struct fit){(double)NAN, (double)NAN};
        if (!(maps_norm(s.map, l->count) > 0)) continue;
        fits[i] = fit_form(l, &s, &linear_forms[form]);
        worst = fmax(worst, fits[i].distance);
        sum += fits[i].distance;
        live++;
    }
    if (!live) return (double)NAN;
    if (worst > SAME) return fmax(sum / live, 2 * SAME);
    return variation(l, fits) > SAME ? SAME : 0;
}

static void measure(const struct linear *l) {
    double least = INFINITY;
    for (size_t form = 0; form < linear_form_count && least > 0; form++) {
        struct fit fits[INPUTS];
        double distance = try_form(l, form, fits);
        if (!(distance < least)) continue;
        least = distance;
        l->c->values[FORM][0] = (double)form;
        for (uint32_t i = 0; i < l->n; i++) {
            l->c->values[DISTANCE][i] = fits[i].distance;
            l->c->values[FACTOR][i] = fits[i].factor;
        }
    }
}

static enum study_outcome explain(struct linear *l, struct error *e) {
    uint32_t targets[INPUTS];
    for (uint32_t i = 0; i < l->n; i++) targets[i] = i % CLASSES;
    const struct study_request r = {.weights = l->network.weights, .n = l->n, .x = l->c->x, .targets = targets};
    if (!l->c->host.forward(l->c->host.user, l->network.weights, l->n, l->c->x, l->logits, e)) return STUDY_FAILED;
    return l->c->host.explain(l->c->host.user, &r, l->maps, e);
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct linear l = {.c = c, .count = shape_count(c->sample), .n = c->inputs < INPUTS ? c->inputs : INPUTS};
    enum study_outcome outcome = STUDY_FAILED;
    l.w = malloc((CLASSES + 3 + INPUTS) * l.count * sizeof *l.w);
    if (!l.w) return study_memory(e);
    l.sum = l.w + CLASSES * l.count;
    l.mixed = l.sum + l.count;
    l.due = l.mixed + l.count;
    l.maps = l.due + l.count;
    draw(&l);
    if (build(&l, e)) outcome = explain(&l, e);
    if (outcome == STUDY_DONE) measure(&l);
    own_network_finish(&l.network);
    free(l.w);
    return outcome;
}

const struct study study_linear_form = {.name = "linear-form",
                                        .readings = readings,
                                        .reading_count = READINGS,
                                        .inputs = INPUTS,
                                        .maps = INPUTS,
                                        .run = run};
