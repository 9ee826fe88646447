/* chance.c: what random weights times the input would give: the bases of the magnitude guard M and of MP. */
#include "judge/chance.h"

#include "base/rng.h"
#include "experiment/reduce.h"
#include "judge/samples.h"

#include <math.h>
#include <stdlib.h>

struct chance {
    const struct judge_case *c;
    const struct input_set *set;
    struct map_shape shape;
    size_t full;
    float *noise, *product; /* [full] */
    uint8_t *mask;
};

/* |x_i u| with the noise of that stream, in the pixels where x_mask is not zero. NULL: out of memory. */
static struct prepared *random_product(const struct chance *k, const char *stream, uint32_t i, uint32_t mask) {
    const struct shape *sample = k->c->view->sample;
    enum reduction reduction = case_row(k->c)->reduction;
    const float *x = k->set->x + i * k->full;
    rng_fill_normal(rng_seed(k->c->view->seed, stream, i), 0, k->full, k->noise);
    for (size_t j = 0; j < k->full; j++) k->noise[j] *= x[j];
    run_reduce(sample, reduction, k->noise, k->product);
    run_nonzero(sample, reduction, k->set->x + mask * k->full, k->mask);
    input_set_release(k->set, i, 1, k->full);
    input_set_release(k->set, mask, 1, k->full);
    return prepared_create(k->product, k->mask, &k->shape);
}

/* rho(|x_i u|, |x_j v|) in the view of x_i; NaN: undefined, or out of memory. */
static double chance_of_pair(const struct chance *k, uint32_t i, uint32_t j, enum view view) {
    struct chance other = *k; /* both sides are needed at once */
    other.product = k->product + k->full;
    other.mask = k->mask + k->full;
    struct prepared *u = random_product(k, "magnitude/u", i, i), *v = random_product(&other, "magnitude/v", j, i);
    if (!u || !v) k->c->r->sentences->failed = true;
    double rho = u && v ? measure_compare(measures[0], u, v, view) : (double)NAN;
    prepared_destroy(u);
    prepared_destroy(v);
    return rho;
}

/* Mean over the inputs with themselves, or with others. */
static double chance_mean(const struct judge_case *c, enum view view, bool others) {
    struct chance k = {.c = c, .set = &c->view->inputs[c->root], .full = shape_count(c->view->sample)};
    uint32_t n = k.set->count, present = 0;
    double sum = 0;
    k.shape = run_map_shape(c->view->sample, case_row(c)->reduction);
    k.noise = malloc(3 * k.full * sizeof *k.noise);
    k.mask = malloc(2 * k.full);
    if (!k.noise || !k.mask) c->r->sentences->failed = true;
    for (size_t p = 0; k.noise && k.mask && p < (others ? DERANGEMENTS : 1) * (size_t)n; p++) {
        uint32_t i = (uint32_t)(p % n), j = others ? k.set->derangements[p] : i;
        if (others && i == j) continue;
        k.product = k.noise + k.full;
        double rho = chance_of_pair(&k, i, j, view);
        if (isnan(rho)) continue;
        sum += rho;
        present++;
    }
    free(k.noise);
    free(k.mask);
    return present ? sum / present : (double)NAN;
}

/* Once for all rows of a reduction. */
static double chance_known(const struct judge_case *c, enum view view, bool others) {
    double *known = c->r->chance;
    if (!known) return chance_mean(c, view, others);
    known +=
        (((size_t)others * ROOT_COUNT + c->root) * (REDUCE_MAX_ABS + 1) + case_row(c)->reduction) * VIEW_COUNT + view;
    if (isnan(*known)) *known = chance_mean(c, view, others);
    return *known;
}

double chance_base(const struct judge_case *c, enum view view) {
    return chance_known(c, view, false);
}

double chance_mismatched(const struct judge_case *c, enum view view) {
    return chance_known(c, view, true);
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
