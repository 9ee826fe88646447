/* The sliding kernel against sums in double precision: forward, back and the gradient of the weights; all bodies make
 * the same bits, with any team, and forward those of unfolding and product.h. */
#include "base/cpu.h"
#include "base/rng.h"
#include "nn/kernels/product_cut.h"
#include "wide.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 3u
#define PRECISION 1e-6 /* relative, L2 */
#define RELU_BELOW 0

#if defined __x86_64__
#define WIDEST (cpu_has(CPU_AVX512) ? &sliding_avx512 : &sliding_wide)
#else
#define WIDEST (&sliding_wide)
#endif

static const struct sliding cases[] = {
    {.in_channels = 1, .out_channels = 32, .in = {28, 28}, .kernel = {5, 5}, .before = {2, 2}, .out = {28, 28}},
    {.in_channels = 21, .out_channels = 64, .in = {14, 14}, .kernel = {5, 5}, .before = {2, 2}, .out = {14, 14}},
    {.in_channels = 31, .out_channels = 10, .in = {7, 7}, .kernel = {3, 3}, .before = {1, 1}, .out = {7, 7}},
    {.in_channels = 3, .out_channels = 49, .in = {5, 33}, .kernel = {1, 17}, .before = {0, 8}, .out = {5, 33}},
    {.in_channels = 2, .out_channels = 16, .in = {12, 19}, .kernel = {4, 2}, .before = {0, 0}, .out = {9, 18}},
    {.in_channels = 5, .out_channels = 17, .in = {11, 13}, .kernel = {3, 2}, .before = {2, 0}, .out = {11, 13}},
    {.in_channels = 4, .out_channels = 8, .in = {9, 20}, .kernel = {3, 3}, .before = {0, 1}, .out = {4, 20}},
    {.in_channels = 4, .out_channels = 9, .in = {10, 12}, .kernel = {2, 3}, .before = {3, 2}, .out = {13, 12}},
    {.in_channels = 3, .out_channels = 40, .in = {9, 13}, .kernel = {3, 3}, .before = {1, 1}, .out = {5, 7}},
};
/* Of the same number; 0: 1. */
static const size_t steps[][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {2, 1}, {1, 1}, {2, 2}};
static const size_t tap_steps[][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {2, 1}, {1, 1}, {1, 2}, {1, 1}};
#define CASES (sizeof cases / sizeof *cases)

static struct sliding case_of(size_t i) {
    struct sliding s = cases[i];
    memcpy(s.step, steps[i], sizeof s.step);
    memcpy(s.tap_step, tap_steps[i], sizeof s.tap_step);
    s.samples = SAMPLES;
    s.in_step = s.in_channels * s.in[0] * s.in[1] + 3;
    s.out_step = s.out_channels * s.out[0] * s.out[1] + 5;
    return s;
}

static size_t kernel_of(const struct sliding *s) {
    return s->kernel[0] * s->kernel[1];
}

static size_t weights_of(const struct sliding *s) {
    return s->in_channels * s->out_channels * kernel_of(s);
}

static float *normal(size_t n, uint64_t seed) {
    float *data = malloc(n * sizeof *data);
    cr_assert_not_null(data);
    rng_fill_normal(seed, 0, n, data);
    return data;
}

/* NaN everywhere: whatever is read before it is written is seen in the result. */
static float *nowhere(size_t n) {
    float *data = malloc(n * sizeof *data);
    cr_assert_not_null(data);
    return memset(data, 0xff, n * sizeof *data);
}

/* ---- By definition ---- */

struct sums {
    double *y, *dx, *dw; /* of x, weights and dy */
};

/* What one position of one output channel says of all three. */
static void add_position(const struct sliding *s, const float *x, const float *w, const float *dy, size_t o, size_t at,
                         const size_t base[2], const struct sums *out) {
    ptrdiff_t row = (ptrdiff_t)(at / s->out[1] * s->step[0]), column = (ptrdiff_t)(at % s->out[1] * s->step[1]);
    size_t y = base[1] + o * s->out[0] * s->out[1] + at;
    for (size_t c = 0; c < s->in_channels; c++)
        for (size_t k = 0; k < kernel_of(s); k++) {
            ptrdiff_t iy = row + (ptrdiff_t)(k / s->kernel[1] * s->tap_step[0]) - (ptrdiff_t)s->before[0];
            ptrdiff_t ix = column + (ptrdiff_t)(k % s->kernel[1] * s->tap_step[1]) - (ptrdiff_t)s->before[1];
            if (iy < 0 || ix < 0 || iy >= (ptrdiff_t)s->in[0] || ix >= (ptrdiff_t)s->in[1]) continue;
            size_t from = base[0] + (c * s->in[0] + (size_t)iy) * s->in[1] + (size_t)ix;
            size_t weight = (o * s->in_channels + c) * kernel_of(s) + k;
            out->y[y] += (double)w[weight] * (double)x[from];
            out->dx[from] += (double)w[weight] * (double)dy[y];
            out->dw[weight] += (double)x[from] * (double)dy[y];
        }
}

static struct sums define(const struct sliding *s, const float *x, const float *w, const float *bias, const float *dy) {
    struct sums out = {calloc(SAMPLES * s->out_step, sizeof(double)), calloc(SAMPLES * s->in_step, sizeof(double)),
                       calloc(weights_of(s), sizeof(double))};
    cr_assert(out.y && out.dx && out.dw);
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t o = 0; o < s->out_channels; o++)
            for (size_t at = 0; at < s->out[0] * s->out[1]; at++) {
                const size_t base[2] = {i * s->in_step, i * s->out_step};
                add_position(s, x, w, dy, o, at, base, &out);
                double *y = &out.y[base[1] + o * s->out[0] * s->out[1] + at];
                *y += (double)bias[o];
                if (s->relu && *y < RELU_BELOW) *y = 0;
            }
    return out;
}

/* Of samples of `count` elements, `step` apart. */
static void expect_near(const char *what, size_t number, const float *found, const double *wanted, size_t samples,
                        size_t step, size_t count) {
    double off = 0, size = 0;
    for (size_t i = 0; i < samples; i++)
        for (size_t k = i * step; k < i * step + count; k++) {
            off += ((double)found[k] - wanted[k]) * ((double)found[k] - wanted[k]);
            size += wanted[k] * wanted[k];
        }
    cr_expect(sqrt(off) < PRECISION * sqrt(size), "case %zu, %s: off by %g", number, what, sqrt(off / size));
}

/* ---- Every body, alone and with a team ---- */

#define RUNS 4u

struct trial {
    const struct sliding *s;
    const float *x, *w, *bias, *dy;
    float *out[RUNS];
};

typedef void run_one(const struct sliding_body *, struct thread_team *, const struct trial *, float *out);

static void run_forward(const struct sliding_body *body, struct thread_team *team, const struct trial *t, float *out) {
    float *scratch = nowhere(sliding_scratch_with(body, t->s, thread_team_size(team)));
    memset(out, 0xff, SAMPLES * t->s->out_step * sizeof *out);
    sliding_run_with(body, t->s, team, t->x, t->w, t->bias, out, scratch);
    free(scratch);
}

static void run_learn(const struct sliding_body *body, struct thread_team *team, const struct trial *t, float *out) {
    float *scratch = nowhere(sliding_scratch_with(body, t->s, thread_team_size(team)));
    for (size_t i = 0; i < weights_of(t->s); i++) out[i] = 0;
    sliding_learn_with(body, t->s, team, t->x, t->dy, out, scratch);
    free(scratch);
}

/* The same bits. */
static float *run_all(run_one *run, const struct trial *t, size_t n, size_t number) {
    const struct sliding_body *bodies[RUNS] = {&sliding_avx2, WIDEST, &sliding_avx2, WIDEST};
    float *first = nowhere(n), *next = nowhere(n);
    struct error e;
    for (unsigned i = 0; i < RUNS; i++) {
        struct thread_team *team;
        cr_assert(thread_team_create(i < 2 ? 1 : i, &team, &e), "%s", e.text);
        run(bodies[i], i ? team : NULL, t, i ? next : first);
        if (i) cr_expect_arr_eq(next, first, n * sizeof *first, "case %zu, run %u", number, i);
        thread_team_destroy(team);
    }
    free(next);
    return first;
}

/* The bits of product.h, of what is unfolded. */
static void expect_product(const struct trial *t, const float *y, size_t number) {
    const struct sliding *s = t->s;
    size_t taps = s->in_channels * kernel_of(s), positions = s->out[0] * s->out[1];
    float *columns = nowhere(taps * positions), *wanted = nowhere(s->out_channels * positions);
    for (size_t k = 0; k < taps; k++)
        for (size_t at = 0; at < positions; at++) {
            size_t tap = k % kernel_of(s), row = at / s->out[1] * s->step[0] + tap / s->kernel[1] * s->tap_step[0],
                   column = at % s->out[1] * s->step[1] + tap % s->kernel[1] * s->tap_step[1];
            bool inside = row >= s->before[0] && column >= s->before[1] && row - s->before[0] < s->in[0] &&
                          column - s->before[1] < s->in[1];
            const float *plane = t->x + k / kernel_of(s) * s->in[0] * s->in[1];
            columns[k * positions + at] = inside ? plane[(row - s->before[0]) * s->in[1] + column - s->before[1]] : 0;
        }
    struct product p = {.rows = s->out_channels,
                        .columns = positions,
                        .depth = taps,
                        .a = product_factor(t->w, taps, false),
                        .b = product_factor(columns, positions, false),
                        .c = wanted,
                        .c_row = positions,
                        .scale = 1,
                        .row_bias = t->bias,
                        .relu = s->relu};
    float *scratch = nowhere(product_scratch(&p, 1));
    product_run_with(&product_avx2, &p, NULL, scratch);
    cr_expect_arr_eq(y, wanted, s->out_channels * positions * sizeof *y, "case %zu: not as product.h", number);
    free(columns), free(wanted), free(scratch);
}

static void check(size_t number, bool relu) {
    struct sliding s = case_of(number), back;
    s.relu = relu;
    struct trial t = {.s = &s,
                      .x = normal(SAMPLES * s.in_step, 1),
                      .w = normal(weights_of(&s), 2),
                      .bias = normal(s.out_channels, 3),
                      .dy = normal(SAMPLES * s.out_step, 4)};
    struct sums wanted = define(&s, t.x, t.w, t.bias, t.dy);
    if (sliding_fits(&s)) {
        float *y = run_all(run_forward, &t, SAMPLES * s.out_step, number);
        expect_near("forward", number, y, wanted.y, SAMPLES, s.out_step, s.out_step - 5);
        expect_product(&t, y, number);
        free(y);
    }
    if (sliding_learns(&s)) {
        float *dw = run_all(run_learn, &t, weights_of(&s), number);
        expect_near("weights", number, dw, wanted.dw, 1, 0, weights_of(&s));
        free(dw);
    }
    if (sliding_back(&s, &back) && sliding_fits(&back)) {
        struct trial turned = {.s = &back, .x = t.dy, .w = t.w};
        float *dx = run_all(run_forward, &turned, SAMPLES * s.in_step, number);
        expect_near("back", number, dx, wanted.dx, SAMPLES, s.in_step, s.in_step - 3);
        free(dx);
    }
    free(wanted.y), free(wanted.dx), free(wanted.dw);
    free((void *)t.x), free((void *)t.w), free((void *)t.bias), free((void *)t.dy);
}

Test(sliding, is_the_sum_and_every_body_makes_the_same_bits) {
    if (cpu_route() < CPU_AVX2) cr_skip_test("no fused multiply-adds here");
    for (size_t i = 0; i < CASES; i++) {
        check(i, false);
        check(i, true);
    }
}

/* The table has what it is for. */
Test(sliding, cases_take_every_way) {
    size_t there = 0, back = 0, learns = 0;
    if (cpu_route() < CPU_AVX2) cr_skip_test("no fused multiply-adds here");
    for (size_t i = 0; i < CASES; i++) {
        struct sliding s = case_of(i), turned;
        there += sliding_fits(&s);
        learns += sliding_learns(&s);
        back += sliding_back(&s, &turned) && sliding_fits(&turned);
    }
    cr_expect(there == 8 && learns == 8 && back == 6, "%zu, %zu, %zu", there, learns, back);
}
