/* Variance components of made-up similarities, and what more draws or inputs are said to do. */
#include "reports/projection.h"

#include "base/rng.h"
#include "measure/interval.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* y[draws][inputs] = mean + effects of draws, of inputs and of cells. */
static void make(uint64_t seed, uint32_t draws, uint32_t inputs, double mean, const double sd[3], double *y) {
    struct rng rng = rng_stream(seed, "projection", 0);
    double *of_input = malloc(inputs * sizeof *of_input);
    cr_assert_not_null(of_input);
    for (uint32_t i = 0; i < inputs; i++) of_input[i] = sd[1] * rng_normal(&rng);
    for (uint32_t r = 0; r < draws; r++) {
        double of_draw = sd[0] * rng_normal(&rng);
        for (uint32_t i = 0; i < inputs; i++)
            y[(size_t)r * inputs + i] = mean + of_draw + of_input[i] + sd[2] * rng_normal(&rng);
    }
    free(of_input);
}

Test(projection, components_are_found_again) {
    static const double all[][3] = {{.2, .1, .1}, {.05, .3, .1}, {0, 0, .2}, {.1, 0, 0}, {0, .1, .05}};
    static double y[300 * 200];
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        const double *sd = all[k];
        make(k, 300, 200, .4, sd, y);
        y[7] = y[1000] = (double)NAN;
        struct components c = components_of(y, 300, 200);
        double sum = sd[0] * sd[0] + sd[1] * sd[1] + sd[2] * sd[2];
        cr_expect_float_eq(c.draw, sd[0] * sd[0], .12 * sum, "case %zu: draws %g", k, c.draw);
        cr_expect_float_eq(c.input, sd[1] * sd[1], .15 * sum, "case %zu: inputs %g", k, c.input);
        cr_expect_float_eq(c.rest, sd[2] * sd[2], .05 * sum, "case %zu: rest %g", k, c.rest);
        cr_expect_float_eq(c.mean, .4, .1, "case %zu: mean %g", k, c.mean);
    }
}

Test(projection, few_have_none) {
    const double y[] = {.1, .2, .3, (double)NAN, (double)NAN, (double)NAN};
    cr_expect(isnan(components_of(y, 1, 3).rest));
    cr_expect(isnan(components_of(y, 3, 1).rest));
    cr_expect(isnan(components_of(y, 2, 3).rest), "the second draw has no cell");
}

/* With the draws and inputs there are, it is the interval that verdicts rest on. */
Test(projection, decides_as_the_interval_does) {
    double y[20 * 30];
    static const double sd[3] = {.1, .08, .15};
    for (uint64_t seed = 0; seed < 20; seed++) {
        make(seed, 20, 30, .35, sd, y);
        struct components c = components_of(y, 20, 30);
        struct interval i = interval_two_way(y, 20, 30);
        for (double alpha = .001; alpha < .2; alpha *= 3)
            cr_expect_eq(projection_decides(&c, 20, 30, .3, alpha),
                         interval_lower(&i, alpha) > .3 || interval_upper(&i, alpha) < .3, "seed %u, alpha %g",
                         (unsigned)seed, alpha);
    }
}

/* Where both vary, more of one leaves the other's part. */
Test(projection, both_together_decide_where_neither_alone_does) {
    const struct components c = {.38, .01, .05, .01, 4, 8}, near = {.3, .01, .05, .01, 4, 8};
    uint32_t draws, inputs;
    cr_expect_eq(projection_draws(&c, .3, .01, 1000), 0);
    cr_expect_eq(projection_inputs(&c, .3, .01, 10000), 0);
    cr_assert(projection_both(&c, .3, .01, 1000, 10000, &draws, &inputs));
    cr_expect(draws > 4 && inputs > 8 && draws == (inputs + 1) / 2, "%u draws of %u inputs", draws, inputs);
    cr_expect(projection_decides(&c, draws, inputs, .3, .01));
    cr_expect_not(projection_decides(&c, draws / 2, inputs / 2, .3, .01), "half of them do not");
    cr_expect_not(projection_both(&near, .3, .01, 1000, 10000, &draws, &inputs), "a mean at the limit");
}

/* More of what varies helps; of what does not vary nothing helps. */
Test(projection, how_many_decide) {
    static const struct {
        struct components c;
        uint32_t draws, inputs; /* at least so many; 0: none */
    } all[] = {
        {{.35, .01, 0, .01, 5, 30}, 10, 0},
        {{.32, 0, .01, .01, 5, 30}, 0, 100},
        {{.3, .01, .01, .01, 5, 30}, 0, 0},
        {{.9, .01, .01, .01, 5, 30}, 2, 2},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        const struct components *c = &all[k].c;
        uint32_t draws = projection_draws(c, .3, .01, 1000), inputs = projection_inputs(c, .3, .01, 10000);
        cr_expect(all[k].draws ? draws >= all[k].draws && projection_decides(c, draws, 30, .3, .01) : !draws,
                  "case %zu: %u draws", k, draws);
        cr_expect(all[k].inputs ? inputs >= all[k].inputs && projection_decides(c, 5, inputs, .3, .01) : !inputs,
                  "case %zu: %u inputs", k, inputs);
        if (draws > 2) cr_expect_not(projection_decides(c, draws / 2, 30, .3, .01), "case %zu: half do not", k);
    }
}
