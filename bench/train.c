/* train.c: the MNIST network as label permutation trains it: two networks side by side, each on one core. */
#include "base/rng.h"
#include "bench.h"
#include "nn/arch.h"
#include "nn/train.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 100u
#define PIXELS 784u

static void train(struct graph *graph, uint32_t n, const float *x, const uint32_t *labels) {
    struct recipe recipe = recipe_default();
    struct train_result result;
    struct weights *weights;
    struct error e;
    recipe.batch = BATCH;
    recipe.epochs = 1;
    recipe.stop_accuracy = 2;
    bench_need(
        weights_create(graph, &weights, &e) && train_run(weights, n, x, labels, &recipe, NULL, NULL, &result, &e), &e);
    weights_destroy(weights);
}

int bench_train(int argc, char **argv) {
    uint32_t steps = argc ? (uint32_t)strtoul(argv[0], NULL, 10) : 20, n = steps * BATCH;
    float *x = bench_alloc((size_t)n * PIXELS * sizeof *x);
    uint32_t *labels = bench_alloc(n * sizeof *labels);
    struct graph *graph;
    struct error e;
    bench_need(arch_build("conv:32x5+2,relu,maxpool:2,conv:64x5+2,relu,maxpool:2,fc:1024,relu,fc:10",
                          &(struct shape){3, {1, 28, 28}}, &graph, &e),
               &e);
    rng_fill_normal(1, 0, (size_t)n * PIXELS, x);
    for (uint32_t i = 0; i < n; i++) labels[i] = i % 10;
    struct bench_time start = bench_now(), end;
    pid_t child = fork();
    train(graph, n, x, labels);
    if (child == 0) _exit(0);
    if (child > 0) waitpid(child, NULL, 0);
    end = bench_now();
    double count = (child > 0 ? 2. : 1.) * steps;
    bench_report("training the MNIST network, one step of 100",
                 (struct bench_time){(end.wall - start.wall) / count, (end.cpu - start.cpu) / count},
                 3 * BATCH * bench_forward_gflop(graph));
    graph_destroy(graph);
    free(x);
    free(labels);
    return 0;
}
