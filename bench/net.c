/* Times networks: forward, forward and backward to the input, and the weighted sum of gradients. CPU milliseconds per
 * image on one thread, best of REPEATS, beside the single-precision peak of a loop of fused multiply-adds.
 *
 *     make bench             or  build/bench/net [batch]...
 *
 * Peer on the same network: bench/peer_net.py. */
#include "base/rng.h"
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "nn/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define REPEATS 5
#define MOST_BATCH 50u
#define SQUEEZENET "../shared/data/models/squeezenet1.1_imagenet.onnx"

/* CPU time, as the machine may be shared. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void need(bool ok, const struct error *e) {
    if (ok) return;
    fprintf(stderr, "bench/net: %s\n", e->text);
    exit(1);
}

/* ---- The peak ---- */

#define LANES 8
#define SUMS 12
#define ROUNDS 4000000
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* -ffp-contract=fast (Makefile) lets the compiler fuse. */
#define DEFINE_MULTIPLY_ADD(name, attributes)                                                                          \
    attributes __attribute__((noinline)) static float name(float factor) {                                             \
        lanes sum[SUMS] = {{0}};                                                                                       \
        float total = 0;                                                                                               \
        for (int k = 0; k < SUMS; k++) sum[k][k % LANES] = (float)k; /* all different */                               \
        for (long i = 0; i < ROUNDS; i++)                                                                              \
            for (int k = 0; k < SUMS; k++) sum[k] = sum[k] * factor + 1;                                               \
        for (int k = 0; k < SUMS; k++)                                                                                 \
            for (int m = 0; m < LANES; m++) total += sum[k][m];                                                        \
        return total;                                                                                                  \
    }
DEFINE_MULTIPLY_ADD(multiply_add, )
#if defined __x86_64__
DEFINE_MULTIPLY_ADD(multiply_add_avx2, __attribute__((target("avx2,fma"))))
#endif

static float run_peak(void) {
#if defined __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return multiply_add_avx2(.5f);
#endif
    return multiply_add(.5f);
}

static double peak_gflops(void) {
    double best = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        double start = now();
        volatile float sink = run_peak();
        (void)sink;
        best = fmin(best, now() - start);
    }
    return 2.0 * LANES * SUMS * ROUNDS / (best * 1e6);
}

/* ---- ResNet-18 (He et al. 2015, arXiv:1512.03385) ---- */

static void add_node(struct graph *g, const char *op, const char *name, const char *const *in, size_t count,
                     const struct attribute *attributes, size_t attribute_count) {
    struct error e;
    need(graph_add_node(g, op, name, in, count, &name, 1, attributes, attribute_count, &e), &e);
}

static void add_parameter(struct graph *g, const char *name, struct shape shape, double sd, float base) {
    static uint64_t seed;
    struct error e;
    size_t n = shape_count(&shape);
    float *data = malloc(n * sizeof *data);
    if (!data) exit(1);
    rng_fill_normal(++seed, 0, n, data);
    for (size_t i = 0; i < n; i++) data[i] = base + (float)sd * data[i];
    need(graph_add_parameter(g, name, &shape, data, &e), &e);
    free(data);
}

static void add_conv(struct graph *g, const char *in, const char *out, size_t from, size_t to, int64_t kernel,
                     int64_t stride) {
    char conv[64], names[5][64];
    int64_t pad = kernel / 2;
    const struct attribute attributes[] = {
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){pad, pad, pad, pad}, .count = 4},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){stride, stride}, .count = 2}};
    snprintf(conv, sizeof conv, "%s.conv", out);
    snprintf(names[0], sizeof names[0], "%s.weight", out);
    add_parameter(g, names[0], (struct shape){4, {to, from, (size_t)kernel, (size_t)kernel}},
                  sqrt(2.0 / (double)(from * (size_t)(kernel * kernel))), 0);
    add_node(g, "Conv", conv, (const char *[]){in, names[0]}, 2, attributes, 2);
    static const char *const part[] = {"scale", "shift", "mean", "var"};
    static const float base[] = {.7f, 0, 0, 1};
    for (int i = 0; i < 4; i++) {
        snprintf(names[i + 1], sizeof names[i + 1], "%s.%s", out, part[i]);
        add_parameter(g, names[i + 1], (struct shape){1, {to}}, .1, base[i]);
    }
    add_node(g, "BatchNormalization", out, (const char *[]){conv, names[1], names[2], names[3], names[4]}, 5, NULL, 0);
}

/* Returns the channels of the block's output, called `out`. */
static void add_block(struct graph *g, const char *in, const char *out, size_t from, size_t to, int64_t stride) {
    char a[64], r[64], b[64], down[64], sum[64];
    snprintf(a, sizeof a, "%s.1", out);
    snprintf(r, sizeof r, "%s.relu", out);
    snprintf(b, sizeof b, "%s.2", out);
    snprintf(down, sizeof down, "%s.down", out);
    snprintf(sum, sizeof sum, "%s.sum", out);
    add_conv(g, in, a, from, to, 3, stride);
    add_node(g, "Relu", r, (const char *[]){a}, 1, NULL, 0);
    add_conv(g, r, b, to, to, 3, 1);
    if (from != to) add_conv(g, in, down, from, to, 1, stride);
    add_node(g, "Add", sum, (const char *[]){b, from != to ? down : in}, 2, NULL, 0);
    add_node(g, "Relu", out, (const char *[]){sum}, 1, NULL, 0);
}

static struct graph *resnet18(void) {
    const struct attribute pool[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){3, 3}, .count = 2},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){2, 2}, .count = 2},
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){1, 1, 1, 1}, .count = 4}};
    struct graph *g;
    struct error e;
    need(graph_create(&g, &e) && graph_add_input(g, "x", &(struct shape){4, {1, 3, 224, 224}}, &e), &e);
    add_conv(g, "x", "stem", 3, 64, 7, 2);
    add_node(g, "Relu", "stem.relu", (const char *[]){"stem"}, 1, NULL, 0);
    add_node(g, "MaxPool", "0", (const char *[]){"stem.relu"}, 1, pool, 3);
    size_t from = 64;
    for (int i = 0; i < 8; i++) {
        char in[8], out[8];
        size_t to = (size_t)64 << (i / 2);
        snprintf(in, sizeof in, "%d", i);
        snprintf(out, sizeof out, "%d", i + 1);
        add_block(g, in, out, from, to, from == to ? 1 : 2);
        from = to;
    }
    add_parameter(g, "fc.weight", (struct shape){2, {512, 1000}}, .03, 0);
    add_node(g, "GlobalAveragePool", "pooled", (const char *[]){"8"}, 1, NULL, 0);
    add_node(g, "Flatten", "flat", (const char *[]){"pooled"}, 1, NULL, 0);
    add_node(g, "MatMul", "y", (const char *[]){"flat", "fc.weight"}, 2, NULL, 0);
    need(graph_finish(g, "y", &e), &e);
    return g;
}

static struct graph *fashion(void) {
    struct graph *g;
    struct error e;
    need(arch_build("conv:16x5,relu,maxpool:2,conv:32x5,relu,maxpool:2,fc:64,relu,fc:10",
                    &(struct shape){3, {1, 28, 28}}, &g, &e),
         &e);
    return g;
}

static struct graph *squeezenet(void) {
    struct graph *g;
    struct error e;
    if (access(SQUEEZENET, R_OK) != 0) return NULL;
    need(onnx_load(SQUEEZENET, &g, &e), &e);
    return g;
}

/* ---- Timing ---- */

/* Of the convolutions and matrix products of one forward pass, as if computed directly. */
static double forward_gflop(const struct graph *g) {
    double sum = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (!(n->op->flags & OP_WEIGHTED) || g->values[n->inputs[1]].kind != VALUE_PARAMETER) continue;
        const struct shape *w = &g->values[n->inputs[1]].shape, *y = &g->values[n->outputs[0]].shape;
        sum += 2e-9 * (double)(w->rank == 4 ? shape_count(y) * shape_count_from(w, 1) : shape_count(w));
    }
    return sum;
}

enum job { FORWARD, GRADIENT, SUM, JOBS };

static void run(enum job job, struct net *net, uint32_t n, const float *x, float *out) {
    static const uint32_t targets[MOST_BATCH];
    static const float weights[MOST_BATCH] = {1, 1, 1, 1};
    struct error e;
    need(job == FORWARD    ? net_forward(net, n, x, out, &e)
         : job == GRADIENT ? net_gradient(net, NET_GRADIENT, n, x, targets, out, &e)
                           : net_gradient_sum(net, n, x, targets, weights, out, &e),
         &e);
}

static void time_network(const char *name, struct graph *g, uint32_t batch, double peak) {
    static const char *const jobs[] = {"forward", "forward + backward", "gradient sum"};
    struct error e;
    struct weights *weights;
    struct net *net;
    size_t sample = shape_count(&g->sample), out_size = sample > g->classes ? sample : g->classes;
    float *x = malloc(batch * sample * sizeof *x), *out = malloc(batch * out_size * sizeof *out);
    if (!x || !out) exit(1);
    rng_fill_normal(3, 0, batch * sample, x);
    need(weights_create(g, &weights, &e), &e);
    double start = now();
    need(net_create(weights, &net, &e), &e);
    run(GRADIENT, net, batch, x, out);
    double first = now() - start;
    for (enum job job = FORWARD; job < JOBS; job++) {
        double best = 1e9, gflop = forward_gflop(g) * (job == FORWARD ? 1 : 2);
        int repeats = gflop * batch < .1 ? 50 : REPEATS;
        for (int i = 0; i < repeats; i++) {
            start = now();
            run(job, net, batch, x, out);
            best = fmin(best, (now() - start) / batch);
        }
        printf("%-14s %5u  %-19s %9.3f ms/image %7.1f GFLOP/s %5.2f of the peak\n", name, batch, jobs[job], best,
               gflop / best * 1e3, gflop / best * 1e3 / peak);
    }
    printf("%-14s %5u  %-19s %9.3f ms\n", name, batch, "first, from cold", first);
    net_destroy(net);
    weights_destroy(weights);
    free(x);
    free(out);
}

int main(int argc, char **argv) {
    const struct {
        const char *name;
        struct graph *(*make)(void);
    } networks[] = {{"ResNet-18", resnet18}, {"SqueezeNet 1.1", squeezenet}, {"Fashion CNN", fashion}};
    static char *usual[] = {"", "1", "10"};
    if (argc < 2) {
        argc = 3;
        argv = usual;
    }
    double peak = peak_gflops();
    printf("peak of one thread: %.1f GFLOP/s; GFLOP as of direct convolution\n", peak);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct graph *g = networks[i].make();
        for (int k = 1; g && k < argc; k++) {
            long batch = strtol(argv[k], NULL, 10);
            if (batch >= 1 && batch <= (long)MOST_BATCH) time_network(networks[i].name, g, (uint32_t)batch, peak);
        }
        graph_destroy(g);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory: %ld MiB\n", usage.ru_maxrss / 1024);
    return 0;
}
