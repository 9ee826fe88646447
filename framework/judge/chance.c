/* chance.c: what random weights times the input would give: the base of the magnitude guard M. */
#include "judge/chance.h"

#include "base/rng.h"
#include "experiment/reduce.h"
#include "judge/samples.h"

#include <math.h>
#include <stdlib.h>

struct chance {
    const struct results *r;
    const struct shape *sample;
    enum reduction reduction;
    struct map_shape shape;
    size_t full;
    float *noise, *product[2];
    uint8_t *mask;
};

/* rho(|x u|, |x v|) of input i; NaN: undefined. */
static double chance_of_input(const struct chance *k, uint64_t seed, uint32_t i, const float *x, enum view view) {
    struct prepared *side[2];
    run_nonzero(k->sample, k->reduction, x, k->mask);
    for (unsigned s = 0; s < 2; s++) {
        rng_fill_normal(rng_seed(seed, s ? "magnitude/v" : "magnitude/u", i), 0, k->full, k->noise);
        for (size_t j = 0; j < k->full; j++) k->noise[j] *= x[j];
        run_reduce(k->sample, k->reduction, k->noise, k->product[s]);
        side[s] = prepared_create(k->product[s], k->mask, &k->shape);
    }
    if (!side[0] || !side[1]) k->r->sentences->failed = true;
    double rho = side[0] && side[1] ? measure_compare(measures[0], side[0], side[1], view) : (double)NAN;
    prepared_destroy(side[0]);
    prepared_destroy(side[1]);
    return rho;
}

static double chance_magnitude(const struct judge_case *c, enum view view) {
    const struct input_set *set = &c->view->inputs[c->root];
    struct chance k = {.r = c->r, .sample = c->view->sample, .reduction = case_row(c)->reduction};
    k.shape = run_map_shape(k.sample, k.reduction);
    k.full = shape_count(k.sample);
    k.noise = malloc(3 * k.full * sizeof *k.noise);
    k.mask = malloc((size_t)k.shape.channels * k.shape.height * k.shape.width);
    if (!k.noise || !k.mask) c->r->sentences->failed = true;
    double sum = 0;
    uint32_t present = 0;
    for (uint32_t i = 0; k.noise && k.mask && i < set->count; i++) {
        k.product[0] = k.noise + k.full;
        k.product[1] = k.noise + 2 * k.full;
        double rho = chance_of_input(&k, c->view->seed, i, set->x + (size_t)i * k.full, view);
        if (isnan(rho)) continue;
        sum += rho;
        present++;
    }
    free(k.noise);
    free(k.mask);
    return present ? sum / present : (double)NAN;
}

double chance_base(const struct judge_case *c, enum view view) {
    double *known = c->r->chance;
    if (!known) return chance_magnitude(c, view);
    known += ((size_t)c->root * (REDUCE_MAX_ABS + 1) + case_row(c)->reduction) * VIEW_COUNT + view;
    if (isnan(*known)) *known = chance_magnitude(c, view);
    return *known;
}

bool chance_share(const struct judge_case *c, uint32_t stage, uint32_t draws, double *y, double *base) {
    enum view v = c->magnitude_view;
    *base = fmax(c->floor[v], chance_base(c, v));
    double span = c->repeat[v] - *base;
    bool defined = span >= c->constants->degenerate;
    samples_similarity(c, c->row, stage, draws, 0, v, y);
    for (size_t k = 0; k < (size_t)draws * case_inputs(c); k++) y[k] = defined ? (y[k] - *base) / span : (double)NAN;
    return defined;
}
