/* occlusion.c: forward passes of an image behind a moving window, in requests of 16 as the explainer makes them. */
#include "base/rng.h"
#include "bench.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "workers/helpers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 2
#define REQUEST 20u

struct occlusion {
    struct net *net;
    struct helpers helpers;
    size_t sample, windows;
    float *x, *points, *logits;
    bool parts; /* through helpers_ask, or whole passes */
    const struct graph *graph;
    size_t window, stride;
};

/* Window number `index` of the image; 0: none. */
static void make_point(const struct occlusion *o, size_t index, float *to) {
    const size_t side = o->graph->sample.dim[1], along = (side - o->window + o->stride - 1) / o->stride + 1;
    memcpy(to, o->x, o->sample * sizeof *to);
    if (!index--) return;
    for (size_t c = 0; c < o->graph->sample.dim[0]; c++)
        for (size_t y = index / along * o->stride; y < index / along * o->stride + o->window && y < side; y++)
            for (size_t x = index % along * o->stride; x < index % along * o->stride + o->window && x < side; x++)
                to[(c * side + y) * side + x] = 0;
}

static void run_windows(void *occlusion) {
    struct occlusion *o = occlusion;
    struct error e;
    uint32_t held = 0;
    for (size_t i = 0; i <= o->windows; i++) {
        make_point(o, i, o->points + held++ * o->sample);
        if (held < REQUEST && i < o->windows) continue;
        const struct net_request ask = {.question = ASK_FORWARD, .n = held, .x = o->points};
        bench_need(o->parts ? helpers_ask(&o->helpers, o->net, &ask, o->logits, &e)
                            : net_forward(o->net, held, o->points, o->logits, &e),
                   &e);
        held = 0;
    }
}

static void run(const char *name, struct graph *graph, size_t window, size_t stride) {
    struct weights *weights;
    struct error e;
    struct occlusion o = {.graph = graph, .sample = shape_count(&graph->sample), .window = window, .stride = stride};
    size_t side = graph->sample.dim[1], along = (side - window + stride - 1) / stride + 1;
    o.windows = along * along;
    o.x = bench_alloc((1 + REQUEST) * o.sample * sizeof *o.x);
    o.points = o.x + o.sample;
    o.logits = bench_alloc(REQUEST * graph->classes * sizeof *o.logits);
    rng_fill_normal(3, 0, o.sample, o.x);
    bench_need(weights_create(graph, &weights, &e), &e);
    for (int parts = 0; parts < 2; parts++) {
        char text[128];
        o.parts = parts;
        bench_need(net_create(weights, &o.net, &e), &e);
        snprintf(text, sizeof text, "%s, window %zu every %zu, %s", name, window, stride, parts ? "parts" : "whole");
        bench_report(text, bench_best(REPEATS, (double)o.windows + 1, run_windows, &o), bench_forward_gflop(graph));
        net_destroy(o.net);
    }
    weights_destroy(weights);
    free(o.x);
    free(o.logits);
}

int bench_occlusion(int argc, char **argv) {
    struct error e;
    struct graph *g = NULL;
    if (argc) {
        for (int i = 0; i < argc; i++) {
            bench_need(onnx_load(argv[i], &g, &e), &e);
            size_t side = g->sample.dim[1];
            run(argv[i], g, side / 7, side / 14);
            run(argv[i], g, side / 14, side / 14);
            graph_destroy(g);
        }
        return 0;
    }
    struct graph *(*const all[])(void) = {bench_fashion_cnn, bench_resnet18, bench_squeezenet};
    static const char *const names[] = {"Fashion CNN", "ResNet-18", "SqueezeNet 1.1"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!(g = all[i]())) continue;
        size_t side = g->sample.dim[1];
        run(names[i], g, side / 7, side / 14);
        run(names[i], g, side / 14, side / 14);
        graph_destroy(g);
    }
    return 0;
}
