/* init_scheme.c: the ways to draw a parameter anew, and their table. */
#include "nn/weights.h"

#include "base/rng.h"

#include <math.h>

static void fill(float *data, size_t n, float value) {
    for (size_t i = 0; i < n; i++) data[i] = value;
}

static void draw_uniform(struct rng *rng, float *data, size_t n, double bound) {
    for (size_t i = 0; i < n; i++) data[i] = (float)(bound * (2 * rng_uniform(rng) - 1));
}

static void draw_own(struct rng *rng, const struct parameter_draw *what, float *data, size_t n) {
    double fan = (double)(what->fan_in ? what->fan_in : 1);
    switch (what->role) {
    case PARAMETER_FILTER: rng_normals(rng, n, 0, sqrt(2.0 / fan), data); break;
    case PARAMETER_MATRIX: draw_uniform(rng, data, n, 1 / sqrt(fan)); break;
    case PARAMETER_SCALE: fill(data, n, 1); break;
    case PARAMETER_TOKEN: rng_normals(rng, n, 0, .02, data); break; /* as DeiT does: arXiv:2012.12877 */
    case PARAMETER_SLOPE: fill(data, n, .25f); break;               /* He et al. 2015, arXiv:1502.01852, section 2.1 */
    default: fill(data, n, 0);
    }
}

static void draw_normal(struct rng *rng, const struct parameter_draw *what, float *data, size_t n) {
    rng_normals(rng, n, 0, what->sigma, data);
}

/* Fisher-Yates. */
static void draw_permute(struct rng *rng, const struct parameter_draw *what, float *data, size_t n) {
    (void)what;
    for (size_t i = n; i > 1; i--) {
        size_t j = rng_below(rng, (uint32_t)i);
        float swap = data[i - 1];
        data[i - 1] = data[j];
        data[j] = swap;
    }
}

static void draw_matched(struct rng *rng, const struct parameter_draw *what, float *data, size_t n) {
    double mean = 0, squares = 0;
    (void)what;
    for (size_t i = 0; i < n; i++) mean += (double)data[i];
    mean /= (double)(n ? n : 1);
    for (size_t i = 0; i < n; i++) squares += ((double)data[i] - mean) * ((double)data[i] - mean);
    rng_normals(rng, n, mean, sqrt(squares / (double)(n ? n : 1)), data);
}

const struct init_scheme init_own = {
    .name = "own",
    .summary = "Conv: He normal, sd sqrt(2/fan_in) (arXiv:1502.01852, section 2.2); Gemm, MatMul: uniform "
               "+-1/sqrt(fan_in); biases 0; BatchNormalization scale 1, shift 0",
    .draw = draw_own,
};
const struct init_scheme init_normal = {
    .name = "normal",
    .summary = "every parameter N(0, sigma^2), BatchNormalization scale and shift included",
    .takes_sigma = true,
    .draw = draw_normal,
};
const struct init_scheme init_permute = {
    .name = "permute", .summary = "each tensor's own values, permuted", .draw = draw_permute};
const struct init_scheme init_matched = {
    .name = "matched", .summary = "normal with each tensor's own mean and sd", .draw = draw_matched};

const struct init_scheme *const init_schemes[] = {&init_own, &init_normal, &init_permute, &init_matched, NULL};
