/* The study linear-form: every map of its table is found, at any scale, where the data have such places; a border that
 * a shift leaves open says nothing, the elements beside it do. */
#include "base/rng.h"
#include "controls/linear_form.h"
#include "plan/linear_form.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 10u
#define CLASSES 5u
#define COUNT_MOST 64u

enum { FORM, DISTANCE, FACTOR, READINGS };

/* An explainer that gives the map of `form`, `scale` times. */
struct lab {
    const struct shape *sample;
    float *x; /* [INPUTS][count] */
    size_t count, height, width;
    struct linear_form form;
    float scale, border, beside; /* in place of what a shift leaves open; added to the elements next to it */
    uint32_t strange;            /* the input whose map is the same number everywhere; INPUTS: none */
    size_t moved;                /* the element that `beside` is added to as well; COUNT_MOST: none */
    double w[CLASSES][COUNT_MOST], logits[INPUTS][CLASSES];
    double values[READINGS][INPUTS];
};

static void read_model(struct lab *l, const struct weights *w) {
    const struct graph *g = w->graph;
    for (uint32_t v = 0; v < g->value_count; v++) {
        if (strcmp(g->values[v].name, "logits.weight") == 0)
            for (size_t k = 0; k < CLASSES * l->count; k++) l->w[k / l->count][k % l->count] = (double)w->data[v][k];
        if (strcmp(g->values[v].name, "logits.bias") == 0)
            for (uint32_t i = 0; i < INPUTS; i++)
                for (uint32_t c = 0; c < CLASSES; c++) l->logits[i][c] = (double)w->data[v][c];
    }
    for (uint32_t i = 0; i < INPUTS; i++)
        for (uint32_t c = 0; c < CLASSES; c++)
            for (size_t k = 0; k < l->count; k++) l->logits[i][c] += l->w[c][k] * (double)l->x[i * l->count + k];
}

static bool forward(void *user, const struct weights *w, uint32_t n, const float *x, float *logits, struct error *e) {
    struct lab *l = user;
    (void)e;
    cr_assert_eq(n, INPUTS);
    cr_expect_eq(x, l->x);
    read_model(l, w);
    for (size_t k = 0; k < INPUTS * CLASSES; k++) logits[k] = (float)l->logits[k / CLASSES][k % CLASSES];
    return true;
}

/* Rows of the model for an input and its class, added up as the base says. */
static double base_at(const struct lab *l, uint32_t i, size_t k) {
    uint32_t t = i % CLASSES, top = 0;
    double own = l->w[t][k], all = 0, weighted = 0, sum = 0;
    for (uint32_t c = 0; c < CLASSES; c++) {
        all += l->w[c][k];
        weighted += exp(l->logits[i][c]) * l->w[c][k];
        sum += exp(l->logits[i][c]);
        if (l->logits[i][c] > l->logits[i][top]) top = c;
    }
    switch (l->form.base) {
    case LINEAR_NEXT: return l->w[t + 1 == CLASSES ? 0 : t + 1][k];
    case LINEAR_FIRST: return l->w[0][k];
    case LINEAR_PREDICTED: return l->w[top][k];
    case LINEAR_ALL: return all;
    case LINEAR_BESIDE_MEAN: return own - all / 5;
    case LINEAR_LOG: return own - weighted / sum;
    case LINEAR_PROBABILITY: return exp(l->logits[i][t]) / sum * (own - weighted / sum);
    case LINEAR_INPUT: return (double)l->x[i * l->count + k];
    case LINEAR_SAME: return 1;
    case LINEAR_OWN:
    default: return own;
    }
}

static double value_at(const struct lab *l, uint32_t i, size_t k) {
    const float *x = l->x + i * l->count;
    double v = base_at(l, i, k), mean = 0, here = (double)x[k];
    for (size_t j = 0; j < l->count; j++) mean += (double)x[j];
    mean /= (double)l->count;
    if (l->form.times == LINEAR_TIMES_X) v *= here;
    if (l->form.times == LINEAR_TIMES_CENTRED) v *= here - mean;
    if (l->form.times == LINEAR_TIMES_SIGN) v = here > 0 ? v : here < 0 ? -v : 0;
    if (l->form.shape == LINEAR_MAGNITUDE) return fabs(v);
    if (l->form.shape == LINEAR_POSITIVE) return v > 0 ? v : 0;
    return l->form.shape == LINEAR_SQUARE ? v * v : v;
}

/* The element at this row and column; false: outside. */
static bool place_of(const struct lab *l, long *row, long *column) {
    long height = (long)l->height, width = (long)l->width, old = *row;
    switch (l->form.place) {
    case LINEAR_MIRRORED: *column = width - 1 - *column; break;
    case LINEAR_UPSIDE_DOWN: *row = height - 1 - *row; break;
    case LINEAR_TRANSPOSED: *row = *column, *column = old; break;
    case LINEAR_RIGHT: --*column; break;
    case LINEAR_LEFT: ++*column; break;
    case LINEAR_DOWN: --*row; break;
    case LINEAR_UP: ++*row; break;
    default: break;
    }
    return *row >= 0 && *row < height && *column >= 0 && *column < width;
}

/* Next to what is left open, in the direction of the shift. */
static bool is_beside(const struct lab *l, size_t row, size_t column) {
    enum linear_place p = l->form.place;
    return (p == LINEAR_RIGHT && column == 1) || (p == LINEAR_LEFT && column + 2 == l->width) ||
           (p == LINEAR_DOWN && row == 1) || (p == LINEAR_UP && row + 2 == l->height);
}

static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    const struct lab *l = user;
    (void)e;
    for (uint32_t i = 0; i < r->n; i++) {
        cr_expect_eq(r->targets[i], i % CLASSES);
        for (size_t k = 0; k < l->count; k++) {
            size_t plane = l->height * l->width, row = k % plane / l->width, column = k % l->width;
            long from_row = (long)row, from_column = (long)column;
            float *map = &maps[i * l->count + k];
            *map = l->border;
            if (place_of(l, &from_row, &from_column))
                *map =
                    l->scale * (float)value_at(l, i, k - k % plane + (size_t)from_row * l->width + (size_t)from_column);
            if (is_beside(l, row, column) || k == l->moved) *map += l->beside;
            if (i == l->strange) *map = 1;
        }
    }
    return STUDY_DONE;
}

/* Number of the form found. */
static size_t find(struct lab *l) {
    struct error e = {{0}};
    double *values[READINGS] = {l->values[FORM], l->values[DISTANCE], l->values[FACTOR]};
    const struct study_case c = {.study = &study_linear_form,
                                 .sample = l->sample,
                                 .classes = 3,
                                 .inputs = INPUTS,
                                 .x = l->x,
                                 .seed = 1,
                                 .values = values,
                                 .host = {explain, forward, l}};
    cr_assert_eq(study_linear_form.run(&c, &e), STUDY_DONE, "%s", e.text);
    return (size_t)l->values[FORM][0];
}

static struct lab *make_lab(const struct shape *sample, size_t height, size_t width) {
    struct lab *l = calloc(1, sizeof *l);
    float *x = malloc(INPUTS * COUNT_MOST * sizeof *x);
    struct rng rng = rng_stream(1, "tests/linear-form", 0);
    cr_assert(l && x);
    for (size_t k = 0; k < INPUTS * COUNT_MOST; k++) x[k] = (float)(rng_uniform(&rng) - .4);
    *l = (struct lab){.sample = sample, .x = x, .count = shape_count(sample), .height = height, .width = width};
    l->scale = 1;
    l->strange = INPUTS;
    l->moved = COUNT_MOST;
    cr_assert_leq(l->count, COUNT_MOST);
    return l;
}

static void free_lab(struct lab *l) {
    free(l->x);
    free(l);
}

static void expect_factor(const struct lab *l, size_t form, double factor) {
    for (uint32_t i = 0; i < INPUTS; i++) {
        cr_expect_float_eq(l->values[DISTANCE][i], 0, 1e-5, "form %zu, input %u", form, i);
        cr_expect_float_eq(l->values[FACTOR][i] / factor, 1, 1e-4, "form %zu, input %u", form, i);
    }
}

/* Two channels of 4 x 4: every place is there. */
Test(control_linear_form, each_is_found_at_any_scale) {
    static const struct shape sample = {3, {2, 4, 4}};
    static const float scales[] = {1, -1e-3f, 50};
    struct lab *l = make_lab(&sample, 4, 4);
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
        for (size_t f = 0; f < linear_form_count; f++) {
            l->form = linear_forms[f];
            l->scale = scales[s];
            l->border = 7 * scales[s];
            size_t got = find(l);
            cr_expect_eq(got, f, "form %zu is taken for %zu at %g", f, got, (double)scales[s]);
            expect_factor(l, f, (double)scales[s]);
        }
    free_lab(l);
}

/* Where a shift leaves a border out, all the rest is compared. */
Test(control_linear_form, what_is_beside_a_border_counts) {
    static const struct shape sample = {3, {2, 4, 4}};
    struct lab *l = make_lab(&sample, 4, 4);
    for (size_t f = 0; f < linear_form_count; f++) {
        l->form = linear_forms[f];
        l->beside = 2;
        if (l->form.place < LINEAR_RIGHT) continue;
        find(l);
        for (uint32_t i = 0; i < INPUTS; i++) cr_expect_gt(l->values[DISTANCE][i], .1, "form %zu", f);
    }
    free_lab(l);
}

/* Every element counts, the first and the last, too. */
Test(control_linear_form, one_element_that_is_moved) {
    static const struct shape sample = {3, {2, 4, 4}};
    struct lab *l = make_lab(&sample, 4, 4);
    l->form = linear_forms[0];
    l->beside = 2;
    cr_assert(l->form.place < LINEAR_RIGHT);
    for (l->moved = 0; l->moved < l->count; l->moved++) {
        find(l);
        for (uint32_t i = 0; i < INPUTS; i++) cr_expect_gt(l->values[DISTANCE][i], .1, "element %zu", l->moved);
    }
    free_lab(l);
}

/* x times the weights is zero there, the map is not: no multiple comes near. */
Test(control_linear_form, a_form_that_vanishes_has_no_factor) {
    static const struct shape sample = {3, {2, 4, 4}};
    struct lab *l = make_lab(&sample, 4, 4);
    l->form = linear_forms[1];
    cr_assert(l->form.base == LINEAR_OWN && l->form.times == LINEAR_TIMES_X);
    l->strange = 3;
    memset(l->x + l->strange * l->count, 0, l->count * sizeof *l->x);
    cr_expect_eq(find(l), 1);
    for (uint32_t i = 0; i < INPUTS; i++) {
        cr_expect_float_eq(l->values[DISTANCE][i], i == l->strange, 1e-5, "input %u", i);
        cr_expect_float_eq(l->values[FACTOR][i], i != l->strange, 1e-4, "input %u", i);
    }
    free_lab(l);
}

/* Rows have no height, features no places; and of two columns or rows a shift or a turn would say too little. */
Test(control_linear_form, places_that_the_data_have) {
    static const struct {
        struct shape sample;
        size_t height, width;
        unsigned places; /* bits of those that are found */
    } cases[] = {
        {{2, {2, 9}}, 1, 9, 1u << LINEAR_MIRRORED | 1u << LINEAR_RIGHT | 1u << LINEAR_LEFT},
        {{2, {4, 3}}, 1, 3, 1u << LINEAR_MIRRORED | 1u << LINEAR_RIGHT | 1u << LINEAR_LEFT},
        {{2, {8, 2}}, 1, 2, 0},
        {{1, {9}}, 1, 9, 0},
        {{3, {1, 2, 6}}, 2, 6, 1u << LINEAR_MIRRORED | 1u << LINEAR_RIGHT | 1u << LINEAR_LEFT},
        {{3, {1, 3, 6}},
         3,
         6,
         1u << LINEAR_MIRRORED | 1u << LINEAR_RIGHT | 1u << LINEAR_LEFT | 1u << LINEAR_UPSIDE_DOWN | 1u << LINEAR_DOWN |
             1u << LINEAR_UP},
        {{3, {2, 6, 2}}, 6, 2, 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct lab *l = make_lab(&cases[c].sample, cases[c].height, cases[c].width);
        for (size_t f = 0; f < linear_form_count; f++) {
            l->form = linear_forms[f];
            bool flat = l->form.place == LINEAR_TRANSPOSED; /* of planes that are no squares there is none */
            if (l->form.place == LINEAR_IN_PLACE || flat) continue;
            cr_expect_eq(find(l) == f, cases[c].places >> l->form.place & 1, "case %zu, form %zu", c, f);
        }
        free_lab(l);
    }
}
