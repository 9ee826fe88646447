/* Winograd's convolution in all its bodies against sums in double precision: any number of threads, in any memory, and
 * all bodies that multiply and add at once, make the same bits. */
#include "base/cpu.h"
#include "base/rng.h"
#include "wide.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct problem {
    struct winograd w;
    size_t count;        /* of the output */
    size_t step;         /* from one to the next that is added up in double precision */
    float *x, *k, *bias; /* bias: NULL for none */
    float *wanted;
    char name[96];
};

/* NaN everywhere: whatever is read before it is written is seen in the result. */
static float *nowhere(size_t n) {
    size_t size = (n * sizeof(float) + 63) / 64 * 64;
    float *data = aligned_alloc(64, size);
    cr_assert_not_null(data);
    return memset(data, 0xff, size);
}

static float *normal(size_t n, uint64_t seed) {
    float *data = nowhere(n);
    rng_fill_normal(seed, 0, n, data);
    return data;
}

/* One element of the output, without bias. */
static double sum(const struct problem *p, size_t sample, size_t to, size_t oy, size_t ox) {
    const struct winograd *w = &p->w;
    double sum = 0;
    for (size_t c = 0; c < w->in_channels; c++)
        for (size_t i = 0; i < 9; i++) {
            ptrdiff_t iy = (ptrdiff_t)(oy + i / 3) - w->before[0], ix = (ptrdiff_t)(ox + i % 3) - w->before[1];
            if (iy < 0 || ix < 0 || iy >= (ptrdiff_t)w->in[0] || ix >= (ptrdiff_t)w->in[1]) continue;
            size_t tap = w->turned ? (c * w->out_channels + to) * 9 + 8 - i : (to * w->in_channels + c) * 9 + i;
            double factor = w->factors ? (double)w->factors[w->turned ? c : to] : 1;
            sum += factor * (double)p->k[tap] *
                   (double)p->x[((sample * w->in_channels + c) * w->in[0] + (size_t)iy) * w->in[1] + (size_t)ix];
        }
    return sum;
}

static void problem_init(struct problem *p, const struct winograd *w) {
    size_t plane = w->out[0] * w->out[1];
    *p = (struct problem){.w = *w, .count = w->samples * w->out_channels * plane};
    p->step = 1 + p->count * w->in_channels / 500000 * 2; /* odd, and so in every phase of a tile */
    p->x = normal(w->samples * w->in_channels * w->in[0] * w->in[1], 1);
    p->k = normal(w->in_channels * w->out_channels * 9, 2);
    p->bias = w->turned && !w->relu ? NULL : normal(w->out_channels, 3);
    p->wanted = nowhere(p->count);
    for (size_t i = 0; i < p->count; i += p->step) {
        size_t to = i / plane % w->out_channels, at = i % plane;
        double y = sum(p, i / plane / w->out_channels, to, at / w->out[1], at % w->out[1]);
        p->wanted[i] = (float)(y + (p->bias ? (double)p->bias[to] : 0));
        if (w->relu && p->wanted[i] < 0) p->wanted[i] = 0;
    }
    snprintf(p->name, sizeof p->name, "%zu to %zu channels, %zu x %zu%s%s%s", w->in_channels, w->out_channels, w->in[0],
             w->in[1], w->turned ? ", turned" : "", w->relu ? ", relu" : "", w->factors ? ", factors" : "");
}

static void problem_finish(struct problem *p) {
    free(p->x);
    free(p->k);
    free(p->bias);
    free(p->wanted);
}

static double error_of(const struct problem *p, const float *y) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < p->count; i += p->step) {
        double wanted = (double)p->wanted[i], off = (double)y[i] - wanted;
        difference += off * off;
        size += wanted * wanted;
    }
    return sqrt(difference / size);
}

/* To be freed by the caller. */
static float *solve(const struct problem *p, const struct winograd_body *body, unsigned workers) {
    struct thread_team *team;
    struct error e;
    cr_assert(thread_team_create(workers, &team, &e), "%s", e.text);
    float *y = nowhere(p->count), *scratch = nowhere(winograd_scratch_with(body, &p->w, workers));
    winograd_run_with(body, &p->w, team, p->x, p->k, p->bias, y, scratch);
    free(scratch);
    thread_team_destroy(team);
    return y;
}

/* Returns what the body makes, for the caller to free. */
static float *check_body(const struct problem *p, const struct winograd_body *body) {
    float *y = solve(p, body, 1);
    double error = error_of(p, y);
    cr_expect_lt(error, 1e-5, "%s: %zu lanes: off by %g", p->name, body->lanes, error);
    static const unsigned sizes[] = {2, 3, 5};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && p->w.turned != p->w.relu; i++) {
        float *other = solve(p, body, sizes[i]);
        cr_expect_arr_eq(other, y, p->count * sizeof *y, "%s: %zu lanes, team of %u", p->name, body->lanes, sizes[i]);
        free(other);
    }
    return y;
}

/* With fused multiply-adds, whose bits are the same; NULL where the processor has none. */
static void take_fused(const struct winograd_body *fused[2]) {
#if defined __x86_64__
    fused[0] = cpu_has(CPU_AVX2) ? &winograd_avx2 : NULL;
    fused[1] = cpu_has(CPU_AVX512) ? &winograd_avx512 : cpu_has(CPU_AVX2) ? &winograd_wide : NULL;
#elif defined __aarch64__
    fused[0] = &winograd_portable;
    fused[1] = &winograd_wide;
#else
    fused[0] = fused[1] = NULL;
#endif
}

static void check(const struct winograd *w) {
    const struct winograd_body *fused[2];
    take_fused(fused);
    float *first = NULL;
    struct problem p;
    problem_init(&p, w);
    free(check_body(&p, &winograd_portable));
    for (size_t i = 0; i < sizeof fused / sizeof *fused; i++) {
        if (!fused[i]) continue;
        float *y = check_body(&p, fused[i]);
        if (first) cr_expect_arr_eq(y, first, p.count * sizeof *y, "%s: %zu lanes", p.name, fused[i]->lanes);
        else first = y;
        if (y != first) free(y);
    }
    free(first);
    problem_finish(&p);
}

Test(winograd, agrees_with_sums_in_double_precision) {
    static const struct winograd cases[] = {
        {.samples = 3, .in_channels = 2, .out_channels = 9, .in = {3, 3}, .out = {1, 1}, .before = {0, 0}},
        {.samples = 2, .in_channels = 3, .out_channels = 5, .in = {7, 9}, .out = {7, 9}, .before = {1, 1}},
        {.samples = 3, .in_channels = 4, .out_channels = 7, .in = {10, 5}, .out = {12, 7}, .before = {2, 2}},
        {.samples = 1, .in_channels = 5, .out_channels = 13, .in = {2, 2}, .out = {2, 2}, .before = {1, 1}},
        {.samples = 5, .in_channels = 17, .out_channels = 6, .in = {13, 14}, .out = {13, 14}, .before = {1, 1}},
        {.samples = 7, .in_channels = 8, .out_channels = 12, .in = {8, 8}, .out = {6, 6}, .before = {0, 0}},
        {.samples = 1, .in_channels = 2, .out_channels = 3, .in = {30, 29}, .out = {29, 28}, .before = {1, 0}},
        /* whole vectors of either width, and any number of tiles in the last call */
        {.samples = 1, .in_channels = 32, .out_channels = 64, .in = {12, 16}, .out = {12, 16}, .before = {1, 1}},
        {.samples = 15, .in_channels = 16, .out_channels = 32, .in = {4, 4}, .out = {4, 4}, .before = {1, 1}},
        {.samples = 19, .in_channels = 16, .out_channels = 25, .in = {4, 5}, .out = {4, 4}, .before = {1, 1}},
        /* more tiles, and channels, than one part takes */
        {.samples = 2, .in_channels = 9, .out_channels = 70, .in = {40, 38}, .out = {40, 38}, .before = {1, 1}},
        /* so many channels that kernels are made anew for every block, and blocks of every kind end early */
        {.samples = 2, .in_channels = 150, .out_channels = 220, .in = {9, 7}, .out = {9, 7}, .before = {1, 1}},
        {.samples = 2, .in_channels = 500, .out_channels = 49, .in = {20, 19}, .out = {18, 17}, .before = {0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 4; k++) {
            struct winograd w = cases[i];
            float *factors = normal(w.in_channels + w.out_channels, 8);
            w.turned = k & 1;
            w.relu = k & 2;
            w.factors = (size_t)(k & 2) != i % 2 * 2 ? factors : NULL; /* with relu in every other case, else without */
            check(&w);
            free(factors);
        }
}
