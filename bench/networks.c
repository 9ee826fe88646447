/* networks.c: the networks that are timed. */
#include "base/file.h"
#include "base/npy.h"
#include "base/rng.h"
#include "bench.h"
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "nn/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SQUEEZENET "../shared/data/models/squeezenet1.1_imagenet.onnx"
#define NAME 64  /* of a value */
#define BLOCK 16 /* of a block */
#define DEEP_LAYERS 21
#define DEEP_SAMPLES 16
#define DEEP_PIXELS (28 * 28)

struct builder {
    struct graph *graph;
    uint64_t seed;
};

static void add_node(struct builder *b, const char *op, const char *name, const char *const *in, size_t count,
                     const struct attribute *attributes, size_t attribute_count) {
    struct error e;
    bench_need(graph_add_node(b->graph, op, name, in, count, &name, 1, attributes, attribute_count, &e), &e);
}

static void add_parameter(struct builder *b, const char *name, struct shape shape, double sd, float base) {
    struct error e;
    size_t n = shape_count(&shape);
    float *data = bench_alloc(n * sizeof *data);
    rng_fill_normal(++b->seed, 0, n, data);
    for (size_t i = 0; i < n; i++) data[i] = base + (float)sd * data[i];
    bench_need(graph_add_parameter(b->graph, name, &shape, data, &e), &e);
    free(data);
}

struct conv {
    const char *in, *name, *norm; /* as torchvision calls them */
    size_t from, to;
    int64_t kernel, stride;
};

/* A convolution and its normalisation, whose output has the latter's name; the scale is a start that keeps logits of
 * eighteen layers finite. */
static void add_conv(struct builder *b, struct conv c) {
    char names[5][NAME];
    int64_t pad = c.kernel / 2;
    const struct attribute attributes[] = {
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){pad, pad, pad, pad}, .count = 4},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){c.stride, c.stride}, .count = 2}};
    static const char *const part[] = {"weight", "bias", "running_mean", "running_var"};
    static const float base[] = {.7f, 0, 0, 1};
    snprintf(names[0], NAME, "%s.weight", c.name);
    add_parameter(b, names[0], (struct shape){4, {c.to, c.from, (size_t)c.kernel, (size_t)c.kernel}},
                  sqrt(2.0 / (double)(c.from * (size_t)(c.kernel * c.kernel))), 0);
    add_node(b, "Conv", c.name, (const char *[]){c.in, names[0]}, 2, attributes, 2);
    for (int i = 0; i < 4; i++) {
        snprintf(names[i + 1], NAME, "%s.%s", c.norm, part[i]);
        add_parameter(b, names[i + 1], (struct shape){1, {c.to}}, .1, base[i]);
    }
    add_node(b, "BatchNormalization", c.norm, (const char *[]){c.name, names[1], names[2], names[3], names[4]}, 5, NULL,
             0);
}

static void add_block(struct builder *b, const char *in, const char *out, size_t from, size_t to, int64_t stride) {
    char conv[2][NAME], norm[2][NAME], relu[NAME], down[2][NAME], sum[NAME];
    for (int i = 0; i < 2; i++) {
        snprintf(conv[i], NAME, "%s.conv%d", out, i + 1);
        snprintf(norm[i], NAME, "%s.bn%d", out, i + 1);
        snprintf(down[i], NAME, "%s.downsample.%d", out, i);
    }
    snprintf(relu, NAME, "%s.relu", out);
    snprintf(sum, NAME, "%s.sum", out);
    add_conv(b, (struct conv){in, conv[0], norm[0], from, to, 3, stride});
    add_node(b, "Relu", relu, (const char *[]){norm[0]}, 1, NULL, 0);
    add_conv(b, (struct conv){relu, conv[1], norm[1], to, to, 3, 1});
    if (from != to) add_conv(b, (struct conv){in, down[0], down[1], from, to, 1, stride});
    add_node(b, "Add", sum, (const char *[]){norm[1], from != to ? down[1] : in}, 2, NULL, 0);
    add_node(b, "Relu", out, (const char *[]){sum}, 1, NULL, 0);
}

/* He et al. 2015, arXiv:1512.03385, with torchvision's names. */
struct graph *bench_resnet18(void) {
    const struct attribute pool[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){3, 3}, .count = 2},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){2, 2}, .count = 2},
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){1, 1, 1, 1}, .count = 4}};
    const struct attribute turned = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    struct builder b = {0};
    struct error e;
    char in[BLOCK] = "maxpool", out[BLOCK];
    bench_need(graph_create(&b.graph, &e) && graph_add_input(b.graph, "x", &(struct shape){4, {1, 3, 224, 224}}, &e),
               &e);
    add_conv(&b, (struct conv){"x", "conv1", "bn1", 3, 64, 7, 2});
    add_node(&b, "Relu", "relu", (const char *[]){"bn1"}, 1, NULL, 0);
    add_node(&b, "MaxPool", in, (const char *[]){"relu"}, 1, pool, 3);
    size_t from = 64;
    for (int i = 0; i < 8; i++) {
        size_t to = (size_t)64 << (i / 2);
        snprintf(out, BLOCK, "layer%d.%d", i / 2 + 1, i % 2);
        add_block(&b, in, out, from, to, from == to ? 1 : 2);
        memcpy(in, out, sizeof in);
        from = to;
    }
    add_parameter(&b, "fc.weight", (struct shape){2, {1000, 512}}, .03, 0);
    add_parameter(&b, "fc.bias", (struct shape){1, {1000}}, .03, 0);
    add_node(&b, "GlobalAveragePool", "avgpool", (const char *[]){out}, 1, NULL, 0);
    add_node(&b, "Flatten", "flat", (const char *[]){"avgpool"}, 1, NULL, 0);
    add_node(&b, "Gemm", "y", (const char *[]){"flat", "fc.weight", "fc.bias"}, 3, &turned, 1);
    bench_need(graph_finish(b.graph, "y", &e), &e);
    return b.graph;
}

struct graph *bench_fashion_cnn(void) {
    struct graph *g;
    struct error e;
    bench_need(arch_build("conv:16x5,relu,maxpool:2,conv:32x5,relu,maxpool:2,fc:64,relu,fc:10",
                          &(struct shape){3, {1, 28, 28}}, &g, &e),
               &e);
    return g;
}

struct graph *bench_squeezenet(void) {
    struct graph *g;
    struct error e;
    if (access(SQUEEZENET, R_OK) != 0) return NULL;
    bench_need(onnx_load(SQUEEZENET, &g, &e), &e);
    return g;
}

double bench_forward_gflop(const struct graph *g) {
    double sum = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (!(n->op->flags & OP_WEIGHTED) || g->values[n->inputs[1]].kind != VALUE_PARAMETER) continue;
        const struct shape *w = &g->values[n->inputs[1]].shape, *y = &g->values[n->outputs[0]].shape;
        sum += 2e-9 * (double)(w->rank == 4 ? shape_count(y) * shape_count_from(w, 1) : shape_count(w));
    }
    return sum;
}

static bool write_idx(const char *path, unsigned rank, const uint32_t *dim, const uint8_t *bytes, struct error *e) {
    uint8_t all[4 + 12 + DEEP_SAMPLES * DEEP_PIXELS] = {0, 0, 8, (uint8_t)rank};
    size_t header = 4 + 4 * rank, count = 1;
    for (unsigned i = 0; i < rank; i++) {
        all[7 + 4 * i] = (uint8_t)dim[i];
        count *= dim[i];
    }
    memcpy(all + header, bytes, count);
    return file_write(path, all, header + count, e);
}

/* DIR/deep.onnx, 21 small layers, and DIR/deep-images and -labels, random samples with the classes that it finds. */
int bench_deep(int argc, char **argv) {
    char list[32 * DEEP_LAYERS] = "", path[3][4096];
    static const char *const file[] = {"deep.onnx", "deep-images", "deep-labels"};
    uint8_t pixels[DEEP_SAMPLES * DEEP_PIXELS], classes[DEEP_SAMPLES];
    uint32_t labels[DEEP_SAMPLES];
    float *x = bench_alloc(sizeof pixels * sizeof *x);
    struct rng random = rng_stream(1, "deep", 0);
    struct graph *g;
    struct weights *weights;
    struct net *net;
    struct error e;
    if (argc != 1) return 2;
    for (int i = 0; i < 3; i++) snprintf(path[i], sizeof path[i], "%s/%s", argv[0], file[i]);
    for (int i = 1; i < DEEP_LAYERS; i++) strcat(list, "conv:8x3+1,relu,");
    strcat(list, "fc:10");
    bench_need(arch_build(list, &(struct shape){3, {1, 28, 28}}, &g, &e) && weights_create(g, &weights, &e), &e);
    for (uint32_t l = 0; l < g->layer_count; l++)
        bench_need(weights_redraw(weights, l, &(struct init_options){.scheme = &init_own, .seed = l}, &e), &e);
    for (size_t i = 0; i < sizeof pixels; i++) x[i] = (float)(pixels[i] = (uint8_t)rng_below(&random, 256)) / 255;
    bench_need(net_create(weights, &net, &e) && net_predict(net, DEEP_SAMPLES, x, labels, &e), &e);
    for (size_t i = 0; i < DEEP_SAMPLES; i++) classes[i] = (uint8_t)labels[i];
    bench_need(onnx_save(path[0], weights, &e) &&
                   write_idx(path[1], 3, (const uint32_t[]){DEEP_SAMPLES, 28, 28}, pixels, &e) &&
                   write_idx(path[2], 1, (const uint32_t[]){DEEP_SAMPLES}, classes, &e),
               &e);
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(g);
    free(x);
    return 0;
}

/* DIR/resnet18.onnx, and the same parameters as DIR/NAME.npy for those who do not read ONNX; and an input. */
int bench_export(int argc, char **argv) {
    struct graph *g = bench_resnet18();
    struct weights *weights;
    struct error e;
    char path[4096];
    if (argc != 1) return 2;
    bench_need(weights_create(g, &weights, &e), &e);
    snprintf(path, sizeof path, "%s/resnet18.onnx", argv[0]);
    bench_need(onnx_save(path, weights, &e), &e);
    for (uint32_t v = 0; v < g->value_count; v++) {
        if (g->values[v].kind != VALUE_PARAMETER) continue;
        snprintf(path, sizeof path, "%s/%s.npy", argv[0], g->values[v].name);
        bench_need(npy_write(path, &g->values[v].shape, weights->data[v], &e), &e);
    }
    const struct shape shape = {4, {1, 3, 224, 224}};
    float *x = bench_alloc(shape_count(&shape) * sizeof *x);
    rng_fill_normal(0, 0, shape_count(&shape), x);
    snprintf(path, sizeof path, "%s/input.npy", argv[0]);
    bench_need(npy_write(path, &shape, x, &e), &e);
    free(x);
    weights_destroy(weights);
    graph_destroy(g);
    return 0;
}
