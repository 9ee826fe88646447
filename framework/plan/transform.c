/* transform.c: the input transforms of the gates and of the zero-pixel control. */
#include "plan/transform.h"

#include "base/rng.h"

#include <math.h>

static void jitter(const struct input_case *c, struct rng *rng, float *x) {
    size_t count = c->channels * c->pixels;
    float low = x[0], high = x[0];
    for (size_t k = 0; k < count; k++) {
        low = fminf(low, x[k]);
        high = fmaxf(high, x[k]);
    }
    double sd = c->jitter * ((double)high - (double)low);
    for (size_t k = 0; k < count; k++)
        if (x[k] != 0) x[k] += (float)(sd * rng_normal(rng));
}

static void zero(const struct input_case *c, struct rng *rng, float *x) {
    for (size_t p = 0; p < c->pixels; p++)
        if (rng_below(rng, 4) == 0)
            for (size_t k = 0; k < c->channels; k++) x[k * c->pixels + p] = 0;
}

const struct input_transform input_jitter = {"jitter", jitter};
const struct input_transform input_zeroed = {"zeroed", zero};
