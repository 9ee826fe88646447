/* Random streams: Philox's known answers, independence, distributions, permutations and derangements. */
#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* The authors' known answers for philox4x32-10 (Random123, kat_vectors). */
Test(rng, philox_known_answers) {
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t got[4];
        rng_block(cases[i].counter, cases[i].key, got);
        cr_expect_arr_eq(got, cases[i].want, sizeof got, "case %zu", i);
    }
}

/* Frozen: a change here changes every result anyone has published. */
Test(rng, streams_are_frozen) {
    struct rng r = rng_stream(1, "init", 0);
    uint32_t got[5], want[5] = {0x098b9de1, 0x820db15a, 0x68af3236, 0x6314ca49, 0xe688c4f7};
    for (int i = 0; i < 5; i++) got[i] = rng_next(&r);
    cr_expect_arr_eq(got, want, sizeof want, "%#x %#x %#x %#x %#x", got[0], got[1], got[2], got[3], got[4]);
    r = rng_stream(1, "init", 0);
    cr_expect_eq(rng_uniform(&r), ((want[0] >> 5) * 0x1p26 + (want[1] >> 6)) * 0x1p-53);
    cr_expect_eq(rng_seed(1, "init", 0), 0xb181d505f143740du, "%#llx", (unsigned long long)rng_seed(1, "init", 0));
}

Test(rng, streams_differ_by_seed_purpose_and_index) {
    uint64_t seeds[] = {rng_seed(1, "a", 0), rng_seed(2, "a", 0), rng_seed(1, "b", 0), rng_seed(1, "a", 1),
                        rng_seed(0, "a", 1), rng_seed(1, "", 0),  rng_seed(0, "", 0)};
    size_t n = sizeof seeds / sizeof *seeds;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) cr_expect_neq(seeds[i], seeds[j], "%zu and %zu", i, j);
}

Test(rng, a_copy_continues_alike) {
    struct rng a = rng_stream(7, "copy", 3);
    rng_normal(&a);
    rng_next(&a);
    struct rng b = a;
    for (int i = 0; i < 10; i++) cr_expect_eq(rng_normal(&a), rng_normal(&b));
}

/* Chi-square over the buckets; 30 degrees of freedom, so 59.7 would be seen once in a thousand streams. */
Test(rng, below_is_uniform_and_in_range) {
    enum { BUCKETS = 31, DRAWS = 310000 };
    struct rng r = rng_stream(5, "below", 0);
    unsigned counts[BUCKETS] = {0};
    double chi = 0, expected = DRAWS / (double)BUCKETS;

    for (int i = 0; i < DRAWS; i++) {
        uint32_t k = rng_below(&r, BUCKETS);
        cr_assert_lt(k, BUCKETS);
        counts[k]++;
    }
    for (int k = 0; k < BUCKETS; k++) chi += (counts[k] - expected) * (counts[k] - expected) / expected;
    cr_expect_lt(chi, 59.7);
    cr_expect_eq(rng_below(&r, 1), 0);
}

/* n = 3 * 2^30: without rejection the lowest third of values would be twice as likely as the rest of them. */
Test(rng, below_rejects_for_large_n) {
    struct rng r = rng_stream(6, "below", 0);
    uint32_t n = 3221225472u, multiples = 0, draws = 100000;

    for (uint32_t i = 0; i < draws; i++) multiples += rng_below(&r, n) % 3 == 0;
    cr_expect_float_eq(multiples / (double)draws, 1 / 3., .005);
}

struct moments {
    double mean, variance, skew, kurtosis;
};

static struct moments moments_of(const double *x, size_t n) {
    struct moments m = {0};
    for (size_t i = 0; i < n; i++) m.mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - m.mean;
        m.variance += d * d / (double)n;
        m.skew += d * d * d / (double)n;
        m.kurtosis += d * d * d * d / (double)n;
    }
    return m;
}

/* Tolerances are about four standard errors for 200,000 draws. */
Test(rng, moments) {
    enum { N = 200000 };
    static double x[N];
    static float f[N];
    struct rng r = rng_stream(1, "moments", 0);

    for (int i = 0; i < N; i++) {
        x[i] = rng_uniform(&r);
        cr_assert(x[i] >= 0 && x[i] < 1);
    }
    struct moments uniform = moments_of(x, N);
    cr_expect_float_eq(uniform.mean, .5, .003);
    cr_expect_float_eq(uniform.variance, 1 / 12., .001);

    for (int kind = 0; kind < 2; kind++) {
        rng_fill_normal(9, 0, N, f);
        for (int i = 0; i < N; i++) x[i] = kind ? (double)f[i] : rng_normal(&r);
        struct moments normal = moments_of(x, N);
        cr_expect_float_eq(normal.mean, 0, .009);
        cr_expect_float_eq(normal.variance, 1, .013);
        cr_expect_float_eq(normal.skew, 0, .022);
        cr_expect_float_eq(normal.kurtosis, 3, .045);
    }
}

Test(rng, permutations) {
    struct rng r = rng_stream(3, "permutation", 0);

    for (uint32_t n = 0; n <= 40; n++) {
        uint32_t out[40], seen[40] = {0};
        rng_permutation(&r, n, out);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert_lt(out[i], n);
            seen[out[i]]++;
        }
        for (uint32_t i = 0; i < n; i++) cr_expect_eq(seen[i], 1, "n %u: %u appears %u times", n, i, seen[i]);
    }
}

/* No element stays, no pair comes twice; where n is too small for so many, the rest is the identity. */
Test(rng, derangements_are_disjoint) {
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 12, 30};
    enum { COUNT = 4, MOST = 30 };
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++)
        for (uint64_t seed = 0; seed < 50; seed++) {
            uint32_t n = sizes[c], order[2 * MOST], out[COUNT * MOST];
            bool seen[MOST][MOST] = {{false}};
            struct rng r = rng_stream(seed, "derangements", 0);
            rng_derangements(&r, n, COUNT, order, out);
            for (uint32_t d = 0; d < COUNT; d++) {
                uint32_t into[MOST] = {0};
                for (uint32_t i = 0; i < n; i++) {
                    uint32_t other = out[d * n + i];
                    cr_assert_lt(other, n);
                    cr_expect_eq(into[other]++, 0, "no permutation");
                    cr_expect_eq(other == i, d + 1 >= n, "n %u, derangement %u: %u to %u", n, d, i, other);
                    cr_expect(other == i || !seen[i][other], "n %u: %u to %u twice", n, i, other);
                    seen[i][other] = true;
                }
            }
        }
}

Test(rng, derangements_pair_all_equally_often) {
    enum { N = 6, COUNT = 4, DRAWS = 20000 };
    struct rng r = rng_stream(4, "derangements", 0);
    unsigned counts[N][N] = {{0}};
    for (unsigned i = 0; i < DRAWS; i++) {
        uint32_t order[2 * N], out[COUNT * N];
        rng_derangements(&r, N, COUNT, order, out);
        for (uint32_t k = 0; k < COUNT * N; k++) counts[k % N][out[k]]++;
    }
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t k = 0; k < N; k++)
            cr_expect_float_eq(counts[i][k] / (double)DRAWS, i == k ? 0 : COUNT / (double)(N - 1), .02, "%u to %u", i,
                               k);
}

Test(rng, fill_is_random_access) {
    void (*const fills[])(uint64_t, uint64_t, size_t, float *) = {rng_fill_uniform, rng_fill_normal};

    for (int k = 0; k < 2; k++) {
        float whole[50], part[50], other[50];
        fills[k](11, 0, 50, whole);
        for (size_t first = 0; first < 9; first++)
            for (size_t n = 0; n + first <= 50; n += 7) {
                fills[k](11, first, n, part);
                cr_expect_arr_eq(part, whole + first, n * sizeof *part, "fill %d from %zu, %zu long", k, first, n);
            }
        fills[k](12, 0, 50, other);
        cr_expect_arr_neq(other, whole, sizeof whole);
        for (int i = 0; i < 50; i++) cr_expect(k ? isfinite(whole[i]) : whole[i] >= 0 && whole[i] < 1);
    }
}

/* Many at once are those one by one, from wherever the stream is. */
Test(rng, normals_at_once_are_those_one_by_one) {
    float many[100];
    for (size_t n = 0; n <= sizeof many / sizeof *many; n++)
        for (int drawn = 0; drawn < 4; drawn++) {
            struct rng a = rng_stream(n, "many", 0), b = a;
            for (int i = 0; i < drawn; i++)
                if (drawn == 3) rng_next(&a), rng_next(&b);
                else rng_normal(&a), rng_normal(&b);
            rng_normals(&a, n, .5, 2, many);
            for (size_t i = 0; i < n; i++) cr_expect_eq(many[i], (float)(.5 + 2 * rng_normal(&b)), "%zu of %zu", i, n);
            cr_expect_eq(rng_normal(&a), rng_normal(&b), "after %zu", n);
        }
}

/* The logarithm, sine and cosine are ours: the C library's say the same within rounding. */
Test(rng, normals_are_those_of_the_formula) {
    struct rng a = rng_stream(3, "formula", 0), b = a;
    for (int i = 0; i < 100000; i++) {
        double u = 1 - rng_uniform(&b), v = rng_uniform(&b), radius = sqrt(-2 * log(u));
        double first = radius * cos(6.283185307179586 * v), second = radius * sin(6.283185307179586 * v);
        double one = rng_normal(&a), other = rng_normal(&a);
        cr_assert_float_eq(one, first, 1e-14);
        cr_assert_float_eq(other, second, 1e-14);
    }
}
