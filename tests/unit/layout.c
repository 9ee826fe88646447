/* layout.c: what the dimensions of a sample mean, and what transforms and reductions make of it. */
#include "base/layout.h"

#include "base/rng.h"
#include "data/dataset.h"
#include "experiment/reduce.h"
#include "plan/transform.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(layout);

static const struct {
    struct shape shape;
    const struct layout_kind *kind;
    size_t channels, height, width;
    struct map_shape kept, reduced; /* of maps */
    bool ssim;
} cases[] = {
    {{1, {20}}, &layout_features, 1, 1, 20, {1, 1, 20}, {1, 1, 20}, false},
    {{2, {4, 96}}, &layout_sequence, 4, 1, 96, {4, 1, 96}, {1, 1, 96}, false},
    {{3, {3, 32, 16}}, &layout_picture, 3, 32, 16, {3, 32, 16}, {1, 32, 16}, true},
    {{4, {2, 12, 13, 14}}, &layout_volume, 2, 1, 2184, {2, 1, 2184}, {1, 1, 2184}, false},
    {{5, {2, 2, 2, 2, 2}}, &layout_features, 1, 1, 32, {1, 1, 32}, {1, 1, 32}, false},
};

static void expect_shape(struct map_shape got, struct map_shape due, const char *what) {
    cr_expect(got.channels == due.channels && got.height == due.height && got.width == due.width, "%s: %u x %u x %u",
              what, got.channels, got.height, got.width);
}

Test(layout, follows_from_the_rank) {
    const struct measure *ssim = measure_find("ssim");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct layout l = layout_of(&cases[i].shape);
        cr_expect_eq(l.kind, cases[i].kind, "case %zu: %s", i, l.kind->name);
        cr_expect(l.channels == cases[i].channels && l.height == cases[i].height && l.width == cases[i].width);
        cr_expect_eq(l.channels * l.positions, shape_count(&cases[i].shape));
        struct map_shape kept = run_map_shape(&cases[i].shape, REDUCE_NONE);
        expect_shape(kept, cases[i].kept, l.kind->name);
        expect_shape(run_map_shape(&cases[i].shape, REDUCE_SUM), cases[i].reduced, l.kind->name);
        cr_expect_eq(ssim->applies(&kept), cases[i].ssim, "%s", l.kind->name);
    }
}

Test(layout, a_sequence_is_reduced_over_its_channels) {
    const struct shape shape = {2, {2, 3}};
    const float map[6] = {1, -2, 3, 4, 5, -6};
    const float due[][3] = {[REDUCE_SUM] = {5, 3, -3}, [REDUCE_MEAN_ABS] = {2.5f, 3.5f, 4.5f}, {4, 5, 6}};
    const float x[6] = {0, 1, 0, 0, 0, 2};
    uint8_t mask[6];
    float out[6];
    for (enum reduction r = REDUCE_SUM; r <= REDUCE_MAX_ABS; r++) {
        run_reduce(&shape, r, map, out);
        for (size_t p = 0; p < 3; p++) cr_expect_float_eq(out[p], due[r][p], 1e-6f, "%s", reduction_name(r));
    }
    run_nonzero(&shape, REDUCE_SUM, x, mask);
    cr_expect(!mask[0] && mask[1] && mask[2]);
}

Test(layout, one_hot) {
    static const struct {
        float x[6];
        bool one_hot;
    } some[] = {
        {{1, 0, 0, 0, 1, 1}, true},  {{1, 0, 0, 0, 0, 1}, true},  /* a position without a letter */
        {{0, 0, 0, 0, 0, 0}, false}, {{1, 0, 0, 1, 1, 1}, false}, /* two letters */
        {{2, 0, 0, 0, 1, 1}, false}, {{.5f, 0, 0, .5f, 1, 1}, false},
    };
    const struct shape sequence = {2, {2, 3}}, picture = {3, {2, 1, 3}}, one = {2, {1, 6}};
    struct layout l = layout_of(&sequence), p = layout_of(&picture), single = layout_of(&one);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        cr_expect_eq(layout_one_hot(&l, some[i].x), some[i].one_hot, "case %zu", i);
    cr_expect_not(layout_one_hot(&p, some[0].x), "pictures have no letters");
    cr_expect_not(layout_one_hot(&single, some[0].x), "one channel is no alphabet");
}

Test(layout, flat_samples_fit_and_take_the_shape) {
    const struct shape flat = {1, {12}}, sequence = {2, {3, 4}}, other = {2, {4, 3}};
    struct dataset d = {.sample = flat}, kept = {.sample = other};
    cr_expect(layout_fits(&flat, &sequence) && layout_fits(&sequence, &flat) && layout_fits(&sequence, &sequence));
    cr_expect_not(layout_fits(&other, &sequence));
    dataset_take_shape(&d, &sequence);
    cr_expect(shape_equal(&d.sample, &sequence));
    dataset_take_shape(&kept, &sequence);
    cr_expect(shape_equal(&kept.sample, &other));
}

/* ---- transforms ---- */

#define LETTERS 4
#define LENGTH 250

static void letters(float x[LETTERS * LENGTH]) {
    memset(x, 0, LETTERS * LENGTH * sizeof *x);
    for (size_t p = 10; p < LENGTH; p++) x[p * 7 % LETTERS * LENGTH + p] = 1; /* the first ten have none */
}

static struct input_case case_of(double jitter) {
    const struct shape shape = {2, {LETTERS, LENGTH}};
    return (struct input_case){layout_of(&shape), true, jitter};
}

Test(layout, jitter_of_one_hot_inputs_replaces_letters) {
    static const struct {
        double share;
        size_t changed;
    } shares[] = {{.01, 2}, {0, 1}, {.1, 24}, {1, 240}};
    float x[LETTERS * LENGTH], before[LETTERS * LENGTH];
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            const struct input_case c = case_of(shares[s].share);
            struct rng rng = rng_stream(seed, "jitter", 0);
            size_t changed = 0;
            letters(before);
            letters(x);
            input_jitter.apply(&c, &rng, x);
            for (size_t p = 0; p < LENGTH; p++) {
                size_t ones = 0, moved = 0;
                for (size_t k = 0; k < LETTERS; k++) {
                    ones += x[k * LENGTH + p] == 1;
                    moved += x[k * LENGTH + p] != before[k * LENGTH + p];
                }
                cr_expect_eq(ones, p >= 10, "position %zu", p);
                changed += moved == 2;
            }
            cr_expect(layout_one_hot(&c.layout, x));
            cr_expect_eq(changed, shares[s].changed, "share %g: %zu", shares[s].share, changed);
        }
}

Test(layout, zeroing_takes_whole_positions) {
    float x[LETTERS * LENGTH];
    const struct input_case c = case_of(.01);
    struct rng rng = rng_stream(1, "zeroed", 0);
    size_t zeroed = 0;
    for (size_t k = 0; k < LETTERS * LENGTH; k++) x[k] = 1;
    input_zeroed.apply(&c, &rng, x);
    for (size_t p = 0; p < LENGTH; p++) {
        float sum = x[p] + x[LENGTH + p] + x[2 * LENGTH + p] + x[3 * LENGTH + p];
        cr_expect(sum == 0 || sum == LETTERS, "position %zu: %g", p, (double)sum);
        zeroed += sum == 0;
    }
    cr_expect(zeroed > LENGTH / 8 && zeroed < LENGTH / 2, "%zu", zeroed);
}

/* Rows and columns turn by one number each, in every channel alike; every place is as likely as another. */
Test(layout, moving_turns_rows_and_columns_of_every_channel) {
    const struct shape shape = {3, {2, 3, 4}};
    const struct input_case c = {.layout = layout_of(&shape)};
    uint32_t seen[12] = {0};
    for (uint32_t draw = 0; draw < 600; draw++) {
        float x[24];
        struct rng rng = rng_stream(1, "moved", draw);
        for (uint32_t k = 0; k < 24; k++) x[k] = (float)k;
        input_moved.apply(&c, &rng, x);
        size_t at = 0;
        while (x[at] > 0) at++;
        seen[at]++;
        for (size_t k = 0; k < 24; k++) {
            size_t row = k % 12 / 4, column = k % 4, channel = k / 12;
            size_t to = channel * 12 + (row + at / 4) % 3 * 4 + (column + at % 4) % 4;
            cr_assert_float_eq(x[to], (float)k, 0, "draw %u, element %zu", draw, k);
        }
    }
    for (size_t k = 0; k < 12; k++) cr_expect(seen[k] > 20 && seen[k] < 90, "place %zu: %u", k, seen[k]);
}

/* What has no rows is turned along its length, and letters stay letters. */
Test(layout, moving_a_sequence_keeps_its_letters) {
    const struct shape shape = {2, {4, 9}};
    const struct input_case c = {.layout = layout_of(&shape), .one_hot = true};
    float x[36] = {0};
    struct rng rng = rng_stream(2, "moved", 0);
    for (size_t p = 0; p < 9; p++) x[p * p % 4 * 9 + p] = 1;
    input_moved.apply(&c, &rng, x);
    cr_expect(layout_one_hot(&c.layout, x));
    float letters[4] = {0};
    for (size_t k = 0; k < 36; k++) letters[k / 9] += x[k];
    cr_expect_float_eq(letters[0], 5, 0);
    cr_expect_float_eq(letters[1], 4, 0);
}
