/* canary.c: six maps whose verdict is known before any network is. */
#include "experiment/canary.h"

#include "base/rng.h"
#include "battery/rule.h"
#include "host/plugin.h"
#include "store/store_row_types.h"

#include <math.h>
#include <string.h>

static size_t elements(const struct canary_case *c) {
    return c->layout.channels * c->layout.positions;
}

/* To mean 0 and standard deviation 1, so that parts of a mixture are parts of its variance. A constant map is 0. */
static void standardise(float *map, size_t n) {
    double mean = 0, square = 0;
    for (size_t k = 0; k < n; k++) mean += map[k] / (double)n;
    for (size_t k = 0; k < n; k++) square += (map[k] - mean) * (map[k] - mean) / (double)n;
    double unit = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t k = 0; k < n; k++) map[k] = (float)((map[k] - mean) * unit);
}

static float step(const float *x, size_t at, size_t place, size_t stride, size_t length) {
    return place + 1 < length ? x[at + stride] - x[at] : 0;
}

/* The size of the steps to the next places: what Adebayo et al. 2018, arXiv:1810.03292, section 5.1, compare with. */
static void make_edges(const struct canary_case *c, float *map) {
    const struct layout *l = &c->layout;
    for (size_t k = 0; k < elements(c); k++) {
        size_t p = k % l->positions;
        float along = step(c->x, k, p % l->width, 1, l->width), down = step(c->x, k, p / l->width, l->width, l->height);
        map[k] = sqrtf(along * along + down * down);
    }
}

static void make_gradient(const struct canary_case *c, float *map) {
    memcpy(map, c->gradient, elements(c) * sizeof *map);
}

/* weight parts of what map holds and 1 - weight parts of the gradient, at equal variance. */
static void mix_gradient(const struct canary_case *c, double weight, float *map) {
    double mean = 0, square = 0;
    size_t n = elements(c);
    for (size_t k = 0; k < n; k++) mean += c->gradient[k] / (double)n;
    for (size_t k = 0; k < n; k++) square += (c->gradient[k] - mean) * (c->gradient[k] - mean) / (double)n;
    double unit = square > 0 ? (1 - weight) / sqrt(square) : 0;
    standardise(map, n);
    for (size_t k = 0; k < n; k++) map[k] = (float)(weight * map[k] + (c->gradient[k] - mean) * unit);
}

static void make_half_edges(const struct canary_case *c, float *map) {
    make_edges(c, map);
    mix_gradient(c, .5, map);
}

static void make_prior(const struct canary_case *c, float *map) {
    rng_fill_normal(rng_seed(c->seed, "canary prior", 0), 0, elements(c), map);
    mix_gradient(c, .8, map);
}

static void make_noise(const struct canary_case *c, float *map) {
    rng_fill_normal(c->own_seed, 0, elements(c), map);
}

#define WORD(w) (1u << VERDICT_##w)
/* A stage may leave too little to decide on with the draws of the first look, or be no test of this network. */
#define OPEN (WORD(INCONCLUSIVE) | WORD(SKIP))

const struct canary canaries[] = {
    {CANARY_ROW "gradient)", "the plain gradient", 0, WORD(PASS), OPEN, false, make_gradient},
    {CANARY_ROW "edges)", "the edges of the input", 0, WORD(FAIL), OPEN, true, make_edges},
    {CANARY_ROW "first answer)", "the gradient of the original network, whatever network is asked", 0, WORD(FAIL), OPEN,
     true, make_gradient},
    {CANARY_ROW "prior)", "four parts of one pattern for every input, one part gradient", 0, WORD(FAIL), OPEN, false,
     make_prior},
    {CANARY_ROW "half edges)", "the edges of the input and the gradient in equal parts", 0, WORD(FAIL) | OPEN, 0, false,
     make_half_edges},
    {CANARY_ROW "noise)", "random numbers", ASSAY_STOCHASTIC, WORD(UNINFORMATIVE), 0, false, make_noise},
    {.name = NULL},
};

size_t canary_count(void) {
    size_t n = 0;
    while (canaries[n].name) n++;
    return n;
}
