/* Ranks, their correlation, and the measures of the table beside SciPy and scikit-image. */
#include "measure/similarity.h"
#include "base/npy.h"
#include "base/rng.h"
#include "measure/ranks.h"
#include "golden.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

Test(spearman, ranks_as_scipy) {
    FILE *in = golden_open("tests/golden/measure/ranks.txt");
    float values[64], n;
    unsigned cases = 0;

    for (; fscanf(in, "%g", &n) == 1; cases++) {
        double ranks[64], want;
        size_t count = (size_t)n;
        cr_assert_leq(count, 64);
        for (size_t i = 0; i < count; i++) cr_assert_eq(fscanf(in, "%g", &values[i]), 1);
        rank_average(values, count, ranks);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(fscanf(in, "%lg", &want), 1);
            cr_expect_eq(ranks[i], want, "case %u, value %zu: %g, scipy %g", cases, i, ranks[i], want);
        }
    }
    cr_expect_eq(cases, 7);
    fclose(in);
}

Test(spearman, infinities_and_zeros_have_their_place) {
    double ranks[6];
    rank_average((float[]){INFINITY, -0.0f, 0, -INFINITY, 1, -1}, 6, ranks);
    cr_expect_arr_eq(ranks, ((double[]){6, 3.5, 3.5, 1, 5, 2}), sizeof ranks);
    rank_average(NULL, 0, NULL);
}

/* Against counting: rank = (number below) + (number equal + 1) / 2. */
Test(spearman, ranks_by_definition) {
    enum { N = 1500 };
    static float values[N];
    static double ranks[N];
    struct rng r = rng_stream(1, "ranks", 0);

    for (unsigned kinds = 1; kinds <= 100000; kinds *= 10) {
        for (int i = 0; i < N; i++) values[i] = ((float)rng_below(&r, kinds) - (float)kinds / 2) * 0.37f;
        rank_average(values, N, ranks);
        for (int i = 0; i < N; i++) {
            int below = 0, equal = 0;
            for (int j = 0; j < N; j++) {
                below += values[j] < values[i];
                equal += values[j] == values[i];
            }
            cr_assert_eq(ranks[i], below + (equal + 1) / 2., "of %u kinds, value %d", kinds, i);
        }
    }
}

/* The sum of squares that is returned is that of the numbers written: no ties, a few, nothing but ties. */
Test(spearman, squares_of_ranks) {
    const size_t sizes[] = {1, 2, 3, 50, 1499, 150528};
    const uint32_t kinds[] = {1, 2, 30, 1000, UINT32_MAX};
    struct rng r = rng_stream(3, "ranks", 0);

    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (size_t v = 0; v < sizeof kinds / sizeof *kinds; v++) {
            size_t n = sizes[k];
            float *values = malloc(n * sizeof *values);
            uint64_t *scratch = malloc(2 * n * sizeof *scratch);
            int32_t *deviation = malloc(n * sizeof *deviation);
            for (size_t i = 0; i < n; i++) values[i] = (float)rng_below(&r, kinds[v]) - 7;
            double sum = order_deviations(order_values(values, n, scratch), n, deviation);
            cr_expect_eq(sum, deviations_dot(deviation, deviation, n), "%zu of %u kinds: %.17g", n, kinds[v], sum);
            free(values);
            free(scratch);
            free(deviation);
        }
}

/* The orders of magnitudes and of pixels under a mask, derived without sorting, give the ranks that sorting gives. */
Test(spearman, derived_orders) {
    enum { N = 1001 };
    static const struct {
        const char *what;
        unsigned kinds;
        float offset;
    } cases[] = {{"mixed", 400, -200}, {"many ties", 7, -3}, {"no negative", 90, 0}, {"all negative", 90, -500}};
    static float values[N], other[N];
    static uint8_t mask[N];
    static uint64_t scratch[2 * N], magnitudes[N];
    static int32_t got[N];
    static double want[N];
    struct rng r = rng_stream(1, "orders", 0);

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t kept = 0;
        for (size_t i = 0; i < N; i++) {
            values[i] = (float)rng_below(&r, cases[c].kinds) + cases[c].offset;
            mask[i] = rng_below(&r, 3) > 0;
        }
        order_magnitudes(order_values(values, N, scratch), N, magnitudes);
        order_deviations(magnitudes, N, got);
        for (size_t i = 0; i < N; i++) other[i] = fabsf(values[i]);
        rank_average(other, N, want);
        for (size_t i = 0; i < N; i++) cr_assert_eq(got[i], 2 * want[i] - (N + 1), "%s, value %zu", cases[c].what, i);

        size_t n = order_keep(magnitudes, N, mask);
        memset(got, 0, sizeof got);
        order_deviations(magnitudes, n, got);
        for (size_t i = 0; i < N; i++)
            if (mask[i]) other[kept++] = fabsf(values[i]);
        cr_assert_eq(n, kept);
        rank_average(other, n, want);
        kept = 0;
        for (size_t i = 0; i < N; i++)
            cr_assert_eq(got[i], mask[i] ? 2 * want[kept++] - ((double)n + 1) : 0, "%s, value %zu", cases[c].what, i);
    }
}

/* As many values as a colour photograph of 224 x 224 has, against the formula without ties 1 - 6 sum d^2 / (n^3 - n).
 */
Test(spearman, large_maps_without_rounding) {
    const size_t n = 150528;
    float *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    double *rank = malloc(2 * n * sizeof *rank), sum = 0, r;
    struct rng random = rng_stream(2, "ranks", 0);

    for (size_t i = 0; i < n; i++) a[i] = b[i] = (float)i - 7e4f;
    for (size_t i = n - 1; i; i--) { /* two permutations */
        size_t k = rng_below(&random, (uint32_t)i + 1), l = rng_below(&random, (uint32_t)i + 1);
        float kept = a[i];
        a[i] = a[k];
        a[k] = kept;
        kept = b[i];
        b[i] = b[l];
        b[l] = kept;
    }
    rank_average(a, n, rank);
    rank_average(b, n, rank + n);
    for (size_t i = 0; i < n; i++) sum += (rank[i] - rank[n + i]) * (rank[i] - rank[n + i]);
    r = spearman(a, b, n);
    cr_expect_float_eq(r, 1 - 6 * sum / ((double)n * ((double)n * (double)n - 1)), 1e-12);
    cr_expect_eq(spearman(b, a, n), r);
    cr_expect_eq(spearman(a, a, n), 1);
    free(a);
    free(b);
    free(rank);
}

Test(spearman, no_similarity) {
    static const struct {
        const char *what;
        size_t n;
        float a[5], b[5];
    } cases[] = {
        {"constant left", 5, {2, 2, 2, 2, 2}, {1, 2, 3, 4, 5}},
        {"constant right", 5, {1, 2, 3, 4, 5}, {0, 0, -0.0f, 0, 0}},
        {"both constant", 3, {1, 1, 1}, {1, 1, 1}},
        {"NaN", 5, {1, 2, NAN, 4, 5}, {1, 2, 3, 4, 5}},
        {"NaN with its sign set", 5, {1, 2, 3, 4, 5}, {-1, 2, -NAN, 4, 5}},
        {"infinite", 5, {1, 2, 3, 4, 5}, {1, 2, 3, 4, INFINITY}},
        {"minus infinity", 5, {1, 2, 3, -INFINITY, 5}, {1, 2, 3, 4, 5}},
        {"two values", 2, {1, 2}, {1, 2}},
        {"none", 0, {0}, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(isnan(spearman(cases[i].a, cases[i].b, cases[i].n)), "%s", cases[i].what);
}

Test(spearman, exact_ends) {
    float a[] = {3, -1, 2, 2, 9, 0.5f}, b[6], c[6];

    for (int i = 0; i < 6; i++) {
        b[i] = expf(a[i]);
        c[i] = -a[i];
    }
    cr_expect_float_eq(spearman(a, b, 6), 1, 1e-15);
    cr_expect_float_eq(spearman(a, c, 6), -1, 1e-15);
}

Test(pearson, cases) {
    double a[] = {1, 2, 3, 4}, b[] = {2, 1, 4, 3}, same[] = {.1, .1, .1, .1}, bad[] = {1, NAN, 2, 3};
    double huge[] = {1e300, -2e300, 3e300, 4e300}, tiny[] = {1e-300, -2e-300, 3e-300, 4e-300};

    cr_expect_float_eq(pearson(a, b, 4), .6, 1e-15);
    cr_expect_float_eq(pearson(huge, tiny, 4), 1, 1e-15);
    cr_expect(isnan(pearson(a, same, 4)));
    cr_expect(isnan(pearson(same, a, 4)));
    cr_expect(isnan(pearson(a, bad, 4)));
    cr_expect(isnan(pearson(a, b, 1)));
}

/* ---- The table of measures, on prepared maps, against SciPy and scikit-image. ---- */

struct map {
    struct map_shape shape;
    float *data;
    uint8_t *mask;
};

static float *load(const char *name, const char *part, struct shape *shape) {
    char path[128];
    struct error e;
    float *data = NULL;

    snprintf(path, sizeof path, "tests/golden/measure/%s-%s.npy", name, part);
    cr_assert(npy_read(path, shape, &data, &e), "%s", e.text);
    cr_assert_eq(shape->rank, 3);
    return data;
}

static struct map load_map(const char *name, const char *part) {
    struct map m;
    struct shape shape;
    float *mask = load(name, "mask", &shape);

    m.data = load(name, part, &shape);
    m.shape = (struct map_shape){(uint32_t)shape.dim[0], (uint32_t)shape.dim[1], (uint32_t)shape.dim[2]};
    m.mask = malloc(shape_count(&shape));
    for (size_t i = 0; i < shape_count(&shape); i++) m.mask[i] = mask[i] != 0;
    free(mask);
    return m;
}

static void drop_map(struct map *m) {
    free(m->data);
    free(m->mask);
}
static enum view view_of(const char *name) {
    for (int v = 0; v < VIEW_COUNT; v++)
        if (strcmp(view_name((enum view)v), name) == 0) return (enum view)v;
    cr_assert(false, "view %s", name);
    return VIEW_COUNT;
}

#define MEASURES 7
static void check_line(const char *name, enum view view, const double want[MEASURES]) {
    struct map a = load_map(name, "a"), b = load_map(name, "b");
    struct prepared *pa = prepared_create(a.data, a.mask, &a.shape), *pb = prepared_create(b.data, b.mask, &b.shape);
    static const double tolerance[MEASURES] = {
        1e-12, 1e-8, 1e-9, 1e-12, 1e-12, 1e-7, 1e-8}; /* SSIM cancels digits; HOGs there are in single precision */

    for (int m = 0; m < MEASURES; m++) {
        bool cells = measures[m] == &measure_hog && view_is_nonzero(view); /* which leave no pixels out */
        bool applies = measures[m]->applies(&a.shape) && !cells;
        cr_expect_eq(applies, !isnan(want[m]), "%s: %s", name, measures[m]->id);
        double got = measure_compare(measures[m], pa, pb, view), back = measure_compare(measures[m], pb, pa, view);
        cr_expect(applies ? fabs(got - want[m]) < tolerance[m] : isnan(got), "%s, %s, %s: %.17g, wanted %.17g", name,
                  measures[m]->id, view_name(view), got, want[m]);
        cr_expect(!applies || fabs(got - back) < 1e-12, "%s: symmetric", measures[m]->id);
        double all[VIEW_COUNT];
        measure_compare_views(measures[m], pa, pb, all);
        cr_expect(isnan(got) ? isnan(all[view]) : all[view] == got, "%s: all views at once: %.17g", name, all[view]);
        double self = measure_compare(measures[m], pa, pa, view);
        cr_expect(applies ? (m < 2 ? self == 1 : fabs(self - 1) < 1e-12) : isnan(self), "%s, %s: with itself %.17g",
                  name, measures[m]->id, self);
    }
    prepared_destroy(pa);
    prepared_destroy(pb);
    drop_map(&a);
    drop_map(&b);
}

Test(similarity, as_scipy_and_scikit_image) {
    FILE *in = golden_open("tests/golden/measure/similarity.txt");
    char name[32], view[32];
    double want[MEASURES];
    unsigned lines = 0;
    FILE *more = golden_open("tests/golden/measure/measures.txt");
    for (; fscanf(in, "%31s %31s %lg %lg", name, view, &want[0], &want[1]) == 4; lines++) {
        cr_assert_eq(fscanf(more, "%*s %*s %lg %lg %lg %lg %lg", &want[2], &want[3], &want[4], &want[5], &want[6]), 5);
        check_line(name, view_of(view), want);
    }
    cr_expect_eq(lines, 13 * 4);
    fclose(in);
    fclose(more);
}

Test(similarity, kernels_agree_with_prepared_maps) {
    struct map a = load_map("channels", "a"), b = load_map("channels", "b");
    struct prepared *pa = prepared_create(a.data, NULL, &a.shape), *pb = prepared_create(b.data, NULL, &b.shape);
    size_t n = (size_t)a.shape.channels * a.shape.height * a.shape.width;

    double direct = spearman(a.data, b.data, n), prepared = measure_compare(measures[0], pa, pb, VIEW_SIGNED_ALL);
    cr_expect_float_eq(direct, prepared, 1e-14);
    for (int v = 0; v < VIEW_COUNT; v += 2)
        cr_expect_eq(measure_compare(measures[0], pa, pb, (enum view)v),
                     measure_compare(measures[0], pa, pb, (enum view)(v + 1)), "without a mask every pixel is in");
    prepared_destroy(pa);
    prepared_destroy(pb);
    drop_map(&a);
    drop_map(&b);
}

/* Which views have something to compare, for small maps against an informative one. */
Test(similarity, views_without_similarity) {
    static const struct {
        const char *what;
        float data[6];
        uint8_t mask[6];
        bool has[VIEW_COUNT];
    } cases[] = {
        {"everything there", {1, -2, 3, 0, 0, 5}, {1, 1, 1, 0, 0, 1}, {true, true, true, true}},
        {"constant", {2, 2, 2, 2, 2, 2}, {1, 1, 1, 0, 0, 1}, {false, false, false, false}},
        {"constant where the input is", {2, 2, 2, 0, 1, 2}, {1, 1, 1, 0, 0, 1}, {true, false, true, false}},
        {"one size, two signs", {2, -2, 2, 2, -2, 2}, {1, 1, 1, 0, 0, 1}, {true, true, false, false}},
        {"two pixels seen", {1, -2, 3, 0, 0, 5}, {1, 1, 0, 0, 0, 0}, {true, false, true, false}},
        {"no pixel seen", {1, -2, 3, 0, 0, 5}, {0}, {true, false, true, false}},
        {"three pixels seen", {1, -2, 3, 0, 0, 5}, {1, 1, 1, 0, 0, 0}, {true, true, true, true}},
        {"NaN in a pixel not seen", {1, -2, 3, NAN, 0, 5}, {1, 1, 1, 0, 0, 1}, {false, false, false, false}},
        {"infinite", {1, -2, INFINITY, 0, 0, 5}, {1, 1, 1, 0, 0, 1}, {false, false, false, false}},
        {"only zeros of either sign", {0, -0.0f, 0, 0, 0, -0.0f}, {1, 1, 1, 0, 0, 1}, {false, false, false, false}},
    };
    const float other[6] = {.5f, -1, 3, -2, 7, -6};
    const struct map_shape shape = {1, 2, 3};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prepared *a = prepared_create(cases[i].data, cases[i].mask, &shape);
        struct prepared *b = prepared_create(other, cases[i].mask, &shape);
        for (int v = 0; v < VIEW_COUNT; v++)
            for (int turned = 0; turned < 2; turned++) {
                double got = measure_compare(measures[0], turned ? b : a, turned ? a : b, (enum view)v);
                cr_expect_eq(!isnan(got), cases[i].has[v], "%s: %s: %g", cases[i].what, view_name((enum view)v), got);
            }
        prepared_destroy(a);
        prepared_destroy(b);
    }
}

/* A mismatched pair: the pixels are those of the reference, whatever mask the other side came with. */
Test(similarity, the_reference_chooses_the_pixels) {
    struct map a = load_map("channels", "a"), b = load_map("channels", "b");
    size_t n = (size_t)a.shape.channels * a.shape.height * a.shape.width;

    for (size_t i = 0; i < n; i++) b.mask[i] = i % 3 == 0;
    struct prepared *pa = prepared_create(a.data, a.mask, &a.shape), *bare = prepared_create(a.data, NULL, &a.shape);
    struct prepared *own = prepared_create(b.data, b.mask, &b.shape), *as_a = prepared_create(b.data, a.mask, &b.shape);
    for (int m = 0; m < 2; m++) {
        double views[VIEW_COUNT];
        measure_compare_views(measures[m], pa, own, views);
        for (int v = 0; v < VIEW_COUNT; v++) {
            double want = measure_compare(measures[m], pa, as_a, (enum view)v);
            cr_expect_eq(views[v], want);
            cr_expect_eq(measure_compare(measures[m], pa, own, (enum view)v), want, "%s %s", measures[m]->id,
                         view_name((enum view)v));
            double all =
                measure_compare(measures[m], bare, as_a, v < VIEW_ABSOLUTE_ALL ? VIEW_SIGNED_ALL : VIEW_ABSOLUTE_ALL);
            cr_expect_eq(measure_compare(measures[m], bare, own, (enum view)v), all,
                         "a reference without a mask shows all");
        }
    }
    prepared_destroy(pa);
    prepared_destroy(bare);
    prepared_destroy(own);
    prepared_destroy(as_a);
    drop_map(&a);
    drop_map(&b);
}

/* SSIM of several channels is the mean over those with a pixel in the view. */
Test(similarity, channels_without_pixels_do_not_count) {
    struct map a = load_map("channels", "a"), b = load_map("channels", "b");
    size_t plane = (size_t)a.shape.height * a.shape.width;
    double sum = 0;

    for (uint32_t only = 0; only <= a.shape.channels; only++) {
        for (size_t i = 0; i < plane * a.shape.channels; i++)
            b.mask[i] = a.mask[i] && (only == a.shape.channels || i / plane == only);
        struct prepared *pa = prepared_create(a.data, b.mask, &a.shape);
        struct prepared *pb = prepared_create(b.data, b.mask, &b.shape);
        double s = measure_compare(measures[1], pa, pb, VIEW_SIGNED_NONZERO);
        if (only < a.shape.channels) sum += s;
        else cr_expect_float_eq(s, sum / a.shape.channels, 1e-14);
        prepared_destroy(pa);
        prepared_destroy(pb);
    }
    drop_map(&a);
    drop_map(&b);
}

Test(similarity, table) {
    cr_expect_str_eq(measures[0]->id, "spearman", "verdicts rest on index 0");
    cr_expect_eq(measure_find("ssim"), measures[1]);
    cr_expect_eq(measure_count(), MEASURES);
    for (size_t m = 0; m < MEASURES; m++) cr_expect_eq(measures[m]->chosen, m >= 2, "%s", measures[m]->id);
    cr_expect_null(measure_find("SSIM2"));
    cr_expect_not(measures[0]->applies(&(struct map_shape){1, 1, 2}));
    cr_expect(measures[0]->applies(&(struct map_shape){1, 1, 3}));
    cr_expect_not(measures[1]->applies(&(struct map_shape){3, 11, 10}));
    cr_expect(measures[1]->applies(&(struct map_shape){3, 11, 11}));

    float map[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct prepared *a = prepared_create(map, NULL, &(struct map_shape){1, 3, 4});
    struct prepared *b = prepared_create(map, NULL, &(struct map_shape){1, 4, 3});
    double views[VIEW_COUNT] = {0};
    measure_compare_views(measures[0], a, b, views);
    for (int v = 0; v < VIEW_COUNT; v++)
        cr_expect(isnan(measure_compare(measures[0], a, b, (enum view)v)) && isnan(views[v]), "maps of two shapes");
    prepared_destroy(a), prepared_destroy(b), prepared_destroy(NULL);
}
