/* families.c: forward and backward to the input of a network that was exported, beside what it takes at least: the
 * products at the processor's peak or the weights read once each way, whichever is longer, and what is computed read or
 * written four times. The rates are measured here. */
#include "base/npy.h"
#include "bench.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "nn/ops/conv.h"
#include "workers/helpers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 7
#define FEW_REPEATS 2 /* of many samples */
#define BATCH BENCH_BATCH
#define FEWER_PRODUCTS 4  /* that F(4x4, 3x3) takes */
#define CACHE (24u << 20) /* bytes of weights that stay in the last cache from pass to pass */
#define MEMORY (256u << 20)
#define NEAR (512u << 10) /* stays in a core's own cache */

/* ---- What the machine can do, with one worker and with two: bytes a second ---- */

struct rates {
    double peak;                   /* operations a second of a core */
    double memory, shared, nearby; /* of all workers; nearby: of each */
};

struct reading {
    const float *data;
    size_t n, times; /* of one worker */
    float sums[2][16];
};

static void read_part(void *user, unsigned part, unsigned worker) {
    struct reading *r = user;
    float sum[16] = {0};
    (void)worker;
    for (size_t t = 0; t < r->times; t++)
        for (const float *x = r->data + part * r->n, *end = x + r->n; x < end; x += 16)
            for (int k = 0; k < 16; k++) sum[k] += x[k];
    memcpy(r->sums[part], sum, sizeof sum);
}

struct reader {
    struct thread_team *team;
    struct reading reading;
    unsigned workers;
};

static void read_all(void *user) {
    struct reader *r = user;
    thread_team_run(r->team, r->workers, read_part, &r->reading);
}

/* `bytes` of all workers together. */
static double read_rate(struct thread_team *team, unsigned workers, size_t bytes) {
    float *data = bench_alloc(bytes);
    struct reader r = {team, {.data = data, .n = bytes / workers / sizeof *data, .times = MEMORY / bytes}, workers};
    for (size_t i = 0; i < bytes / sizeof *data; i++) data[i] = (float)(i % 7);
    double rate = (double)bytes * (double)r.reading.times / bench_best(3, 1, read_all, &r).wall;
    free(data);
    return rate;
}

static struct rates measure_rates(unsigned workers) {
    struct thread_team *team;
    struct error e;
    bench_need(thread_team_create(workers, &team, &e), &e);
    struct rates r = {1e9 * bench_core_peak(), read_rate(team, workers, MEMORY), read_rate(team, workers, CACHE / 2),
                      read_rate(team, workers, NEAR * workers) / workers};
    thread_team_destroy(team);
    return r;
}

/* ---- The least seconds of one sample among n ---- */

/* Operations of one forward pass of the node. */
static double operations(const struct graph *g, const struct node *node) {
    struct op_call call;
    struct operand in[8];
    const struct shape *y = &g->values[node->outputs[0]].shape;
    const char *op = node->op->name;
    if (strcmp(op, "Conv") == 0) {
        op_call_init(&call, g, node, NULL, in);
        double n = 2 * (double)shape_count(y) * (double)shape_count_from(&g->values[node->inputs[1]].shape, 1);
        return conv_winograd_fits(&call) && conv_winograd_pays(&call) ? n / FEWER_PRODUCTS : n;
    }
    const struct shape *x = &g->values[node->inputs[0]].shape;
    bool product = strcmp(op, "MatMul") == 0 || strcmp(op, "Gemm") == 0;
    return product ? 2 * (double)shape_count(y) * (double)x->dim[x->rank - 1] : 0;
}

/* Bytes of the parameters that the node reads. */
static double weight_bytes(const struct graph *g, const struct node *node) {
    double bytes = 0;
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != GRAPH_NONE && g->values[node->inputs[i]].kind == VALUE_PARAMETER)
            bytes += 4 * (double)shape_count(&g->values[node->inputs[i]].shape);
    return bytes;
}

static bool is_computed(const struct node *node) {
    static const char *const ops[] = {"Conv", "MatMul", "Gemm", "Add", "LayerNormalization", "BatchNormalization"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(node->op->name, ops[i]) == 0) return true;
    return false;
}

static double least_seconds(const struct graph *g, const struct rates *r, unsigned workers, uint32_t n) {
    double seconds = 0, weights = 0, computed = 0;
    for (uint32_t i = 0; i < g->node_count; i++) weights += weight_bytes(g, &g->nodes[i]);
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        if (!g->values[node->outputs[0]].batched) continue;
        double compute = n * operations(g, node) / (r->peak * workers);
        double reading = weight_bytes(g, node) / (weights > CACHE ? r->memory : r->shared);
        seconds += 2 * fmax(compute, reading); /* there and back */
        if (is_computed(node)) computed += 4 * (double)shape_count(&g->values[node->outputs[0]].shape);
    }
    return seconds / n + 4 * computed / (r->nearby * workers);
}

/* ---- What it takes ---- */

/* The same numbers as bench/peers/families.py makes. */
static void fill(float *x, size_t samples, size_t n) {
    for (size_t i = 0; i < samples; i++)
        for (size_t k = 0; k < n; k++) {
            double at = (double)k;
            x[i * n + k] = (float)(sin(at * (.37 + .01 * (double)i)) + cos(at * at * 1e-3));
        }
}

static void time_net(const char *name, struct bench_gradient *j, const struct graph *g, struct cores *cores,
                     uint32_t batches) {
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct rates rates = measure_rates(workers);
        for (uint32_t n = 1; n <= batches; n += BATCH - 1) {
            char text[128];
            j->n = n;
            j->helpers = (struct helpers){workers == 1 ? NULL : cores, 0};
            snprintf(text, sizeof text, "%s, batch %u, %u core%s", name, n, workers, workers == 1 ? "" : "s");
            bench_report(text, bench_best(n == 1 ? REPEATS : FEW_REPEATS, n, bench_run_gradient, j), 0);
            double least = least_seconds(g, &rates, workers, n);
            bench_report_as("lower bound", text, (struct bench_time){least, least * workers}, 0);
        }
    }
}

int bench_families(int argc, char **argv) {
    struct bench_gradient j = {0};
    struct graph *g;
    struct weights *weights;
    struct cores *cores;
    struct error e;
    if (argc != 3 && argc != 4) return 2;
    bench_need(onnx_load(argv[1], &g, &e) && weights_create(g, &weights, &e) && net_create(weights, &j.net, &e), &e);
    bench_need(cores_create(2, 1, &cores, &e), &e);
    cores_enter(cores, 0);
    size_t sample = shape_count(&g->sample);
    struct shape map = {4, {1, g->sample.dim[0], g->sample.dim[1], g->sample.dim[2]}};
    j.x = bench_alloc(BATCH * sample * sizeof *j.x);
    j.out = bench_alloc(BATCH * sample * sizeof *j.out);
    fill(j.x, BATCH, sample);
    time_net(argv[0], &j, g, cores, argc == 4 ? (uint32_t)atoi(argv[3]) : BATCH);
    j.n = 1;
    bench_run_gradient(&j);
    bench_need(npy_write(argv[2], &map, j.out, &e), &e);
    cores_destroy(cores);
    net_destroy(j.net);
    weights_destroy(weights);
    graph_destroy(g);
    free(j.x), free(j.out);
    return 0;
}
