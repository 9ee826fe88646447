/* Times the similarity measures: milliseconds, best of REPEATS.
 *
 *     cc -std=c11 -O3 -D_POSIX_C_SOURCE=200809L -Iframework -o /tmp/measure bench/measure.c \
 *         framework/measure/[!i]*.c framework/base/rng.c -lm && /tmp/measure
 *
 * Peers on the same values: bench/measure.py. */
#include "base/rng.h"
#include "measure/similarity.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REPEATS 21

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

struct job {
    const char *name;
    struct map_shape shape;
    double (*run)(const struct job *);
    float *a, *b;
    struct prepared *prepared_a, *prepared_b;
};

static double run_spearman(const struct job *j) {
    return spearman(j->a, j->b, (size_t)j->shape.channels * j->shape.height * j->shape.width);
}

static double run_ssim(const struct job *j) {
    return ssim(j->a, j->b, j->shape.height, j->shape.width, NULL);
}

static double run_prepare(const struct job *j) {
    struct prepared *p = prepared_create(j->a, NULL, &j->shape);
    prepared_destroy(p);
    return p != NULL;
}

static double run_compare_spearman(const struct job *j) {
    return measures[0].compare(j->prepared_a, j->prepared_b, VIEW_SIGNED_ALL);
}

static double run_compare_ssim(const struct job *j) {
    return measures[1].compare(j->prepared_a, j->prepared_b, VIEW_SIGNED_ALL);
}

static void time_job(struct job *j) {
    double best = 1e9, value = 0;
    size_t n = (size_t)j->shape.channels * j->shape.height * j->shape.width;

    j->a = malloc(n * sizeof *j->a);
    j->b = malloc(n * sizeof *j->b);
    if (!j->a || !j->b) exit(1);
    rng_fill_normal(1, 0, n, j->a);
    rng_fill_normal(2, 0, n, j->b);
    j->prepared_a = prepared_create(j->a, NULL, &j->shape);
    j->prepared_b = prepared_create(j->b, NULL, &j->shape);
    for (int i = 0; i < REPEATS && j->prepared_a && j->prepared_b; i++) {
        double start = now();
        value = j->run(j);
        double elapsed = now() - start;
        best = elapsed < best ? elapsed : best;
    }
    printf("%-34s %9.4f ms   (%.6f)\n", j->name, best, value);
    prepared_destroy(j->prepared_a);
    prepared_destroy(j->prepared_b);
    free(j->a);
    free(j->b);
}

int main(void) {
    struct job jobs[] = {
        {.name = "spearman 784", .shape = {1, 28, 28}, .run = run_spearman},
        {.name = "spearman 50176", .shape = {1, 224, 224}, .run = run_spearman},
        {.name = "spearman 150528", .shape = {3, 224, 224}, .run = run_spearman},
        {.name = "ssim 28x28", .shape = {1, 28, 28}, .run = run_ssim},
        {.name = "ssim 224x224", .shape = {1, 224, 224}, .run = run_ssim},
        {.name = "prepare 28x28", .shape = {1, 28, 28}, .run = run_prepare},
        {.name = "prepare 3x224x224", .shape = {3, 224, 224}, .run = run_prepare},
        {.name = "compare spearman 28x28", .shape = {1, 28, 28}, .run = run_compare_spearman},
        {.name = "compare spearman 3x224x224", .shape = {3, 224, 224}, .run = run_compare_spearman},
        {.name = "compare ssim 28x28", .shape = {1, 28, 28}, .run = run_compare_ssim},
        {.name = "compare ssim 3x224x224", .shape = {3, 224, 224}, .run = run_compare_ssim},
    };
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) time_job(&jobs[i]);
    return 0;
}
