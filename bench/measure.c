/* measure.c: the similarity measures on random maps, one core. */
#include "base/rng.h"
#include "bench.h"
#include "measure/similarity.h"

#include <stdlib.h>

#define REPEATS 51

struct job {
    const char *name;
    struct map_shape shape;
    void (*run)(const struct job *, double values[VIEW_COUNT]);
    float *a, *b;
    struct prepared *reference;
};

static void run_spearman(const struct job *j, double *values) {
    values[0] = spearman(j->a, j->b, (size_t)j->shape.channels * j->shape.height * j->shape.width);
}

static void run_ssim(const struct job *j, double *values) {
    values[0] = ssim(j->a, j->b, j->shape.height, j->shape.width, NULL);
}

/* What a run does with each map: every measure in every view, against a reference that was prepared once. */
static void run_all(const struct job *j, double *values) {
    struct prepared *fresh = prepared_create(j->b, NULL, &j->shape);
    for (size_t m = 0; fresh && measures[m]; m++) measure_compare_views(measures[m], j->reference, fresh, values);
    prepared_destroy(fresh);
}

static void compare(void *user) {
    const struct job *j = user;
    double values[VIEW_COUNT];
    j->run(j, values);
}

static void time_job(struct job *j) {
    size_t n = (size_t)j->shape.channels * j->shape.height * j->shape.width;
    j->a = bench_alloc(n * sizeof *j->a);
    j->b = bench_alloc(n * sizeof *j->b);
    rng_fill_normal(1, 0, n, j->a);
    rng_fill_normal(2, 0, n, j->b);
    j->reference = prepared_create(j->a, NULL, &j->shape);
    if (j->reference) bench_report(j->name, bench_best(REPEATS, 1, compare, j), 0);
    prepared_destroy(j->reference);
    free(j->a);
    free(j->b);
}

int bench_measure(int argc, char **argv) {
    struct job jobs[] = {
        {.name = "Spearman, 784 values", .shape = {1, 28, 28}, .run = run_spearman},
        {.name = "Spearman, 50,176 values", .shape = {1, 224, 224}, .run = run_spearman},
        {.name = "Spearman, 150,528 values", .shape = {3, 224, 224}, .run = run_spearman},
        {.name = "SSIM, 28 x 28", .shape = {1, 28, 28}, .run = run_ssim},
        {.name = "SSIM, 224 x 224", .shape = {1, 224, 224}, .run = run_ssim},
        {.name = "both, signed and absolute, 224 x 224", .shape = {1, 224, 224}, .run = run_all},
        {.name = "both, signed and absolute, 3 x 224 x 224", .shape = {3, 224, 224}, .run = run_all},
    };
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) time_job(&jobs[i]);
    return 0;
}
