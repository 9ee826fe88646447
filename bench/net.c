/* net.c: forward and backward to the input, per image. */
#include "base/rng.h"
#include "bench.h"
#include "nn/net.h"
#include "workers/helpers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 5
#define BATCH BENCH_BATCH

void bench_run_gradient(void *gradient) {
    struct bench_gradient *j = gradient;
    struct error e;
    const struct net_request request = {.question = ASK_GRADIENT, .n = j->n, .x = j->x, .targets = j->targets};
    bench_need(helpers_ask(&j->helpers, j->net, &request, j->out, &e), &e);
}

static void run(const char *name, struct graph *graph, struct cores *cores) {
    const struct {
        const char *what;
        uint32_t n;
        struct cores *cores;
    } cases[] = {{"batch 1, 1 core", 1, NULL},
                 {"batch 10, 1 core", BATCH, NULL},
                 {"batch 1, 2 cores", 1, cores},
                 {"batch 10, 2 cores", BATCH, cores}};
    struct bench_gradient j = {0};
    struct weights *weights;
    struct error e;
    size_t sample = shape_count(&graph->sample);
    double gflop = 2 * bench_forward_gflop(graph);
    j.x = bench_alloc(BATCH * sample * sizeof *j.x);
    j.out = bench_alloc(BATCH * sample * sizeof *j.out);
    rng_fill_normal(3, 0, BATCH * sample, j.x);
    bench_need(weights_create(graph, &weights, &e) && net_create(weights, &j.net, &e), &e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        j.n = cases[i].n;
        j.helpers = (struct helpers){cases[i].cores, 0};
        snprintf(text, sizeof text, "%s, %s", name, cases[i].what);
        bench_report(text, bench_best(REPEATS, cases[i].n, bench_run_gradient, &j), gflop);
    }
    net_destroy(j.net);
    weights_destroy(weights);
    free(j.x);
    free(j.out);
}

int bench_net(int argc, char **argv) {
    const struct {
        const char *id, *name;
        struct graph *(*make)(void);
    } networks[] = {{"resnet18", "ResNet-18", bench_resnet18},
                    {"squeezenet", "SqueezeNet 1.1", bench_squeezenet},
                    {"fashion", "Fashion CNN", bench_fashion_cnn}};
    struct cores *cores;
    struct error e;
    bench_need(cores_create(2, 1, &cores, &e), &e);
    cores_enter(cores, 0);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        if (argc && strcmp(argv[0], networks[i].id) != 0) continue;
        struct graph *graph = networks[i].make();
        if (graph) run(networks[i].name, graph, cores);
        graph_destroy(graph);
    }
    cores_destroy(cores);
    return 0;
}
