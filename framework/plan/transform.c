/* transform.c: the input transforms of the gates, of test MP and of the zero-pixel control. */
#include "plan/transform.h"

#include "base/rng.h"

#include <math.h>

/* The channel of the letter at a position; `channels` where there is none. */
static size_t letter_at(const struct layout *l, const float *x, size_t position) {
    size_t c = 0;
    while (c < l->channels && x[c * l->positions + position] == 0) c++;
    return c;
}

static void substitute(const struct layout *l, double share, struct rng *rng, float *x) {
    size_t left = 0;
    for (size_t p = 0; p < l->positions; p++) left += letter_at(l, x, p) < l->channels;
    size_t wanted = (size_t)llround(share * (double)left);
    if (wanted < 1) wanted = 1;
    for (size_t p = 0; p < l->positions; p++) {
        size_t letter = letter_at(l, x, p);
        if (letter == l->channels || rng_below(rng, (uint32_t)left--) >= wanted) continue;
        size_t other = rng_below(rng, (uint32_t)l->channels - 1);
        x[letter * l->positions + p] = 0;
        x[(other < letter ? other : other + 1) * l->positions + p] = 1;
        wanted--;
    }
}

static void jitter(const struct input_case *c, struct rng *rng, float *x) {
    size_t count = c->layout.channels * c->layout.positions;
    if (c->one_hot) {
        substitute(&c->layout, c->jitter, rng, x);
        return;
    }
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
    const struct layout *l = &c->layout;
    for (size_t p = 0; p < l->positions; p++)
        if (rng_below(rng, 4) == 0)
            for (size_t k = 0; k < l->channels; k++) x[k * l->positions + p] = 0;
}

/* x[count], a ring: what was at 0 is at `by`. Three reversals, so that nothing has to be kept. */
static void reverse(float *x, size_t from, size_t to, size_t step) {
    for (; from + 1 < to; from++, to--) {
        float held = x[from * step];
        x[from * step] = x[(to - 1) * step];
        x[(to - 1) * step] = held;
    }
}

static void turn(float *x, size_t count, size_t step, size_t by) {
    reverse(x, 0, count, step);
    reverse(x, 0, by, step);
    reverse(x, by, count, step);
}

static void move(const struct input_case *c, struct rng *rng, float *x) {
    const struct layout *l = &c->layout;
    size_t down = rng_below(rng, (uint32_t)l->height), right = rng_below(rng, (uint32_t)l->width);
    for (size_t k = 0; k < l->channels; k++) {
        float *plane = x + k * l->positions;
        for (size_t column = 0; column < l->width; column++) turn(plane + column, l->height, l->width, down);
        for (size_t row = 0; row < l->height; row++) turn(plane + row * l->width, l->width, 1, right);
    }
}

const struct input_transform input_jitter = {"jitter", jitter};
const struct input_transform input_moved = {"moved", move};
const struct input_transform input_zeroed = {"zeroed", zero};
