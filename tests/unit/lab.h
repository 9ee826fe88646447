/* lab.h: small networks, requests and plugins for the tests of the plugin ABI. */
#ifndef ASSAY_TESTS_LAB_H
#define ASSAY_TESTS_LAB_H

#include "base/npy.h"
#include "base/text.h"
#include "nn/arch.h"
#include "nn/net.h"
#include "host/handle.h"
#include "host/plugin.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAB_INPUTS 3u

struct lab {
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    struct handle *handle;
    size_t count; /* elements of one input */
    float *inputs;
    uint32_t targets[LAB_INPUTS];
    uint64_t seeds[LAB_INPUTS];
};

/* tests/golden/FOLDER/NAME.npy */
static inline float *lab_read_from(const char *folder, const char *name, size_t count) {
    struct error e;
    struct shape shape;
    float *data = NULL;
    char path[200];
    snprintf(path, sizeof path, "tests/golden/%s/%s.npy", folder, name);
    cr_assert(npy_read(path, &shape, &data, &e), "%s", e.text);
    cr_assert_eq(shape_count(&shape), count, "%s holds %zu values, not %zu", path, shape_count(&shape), count);
    return data;
}

static inline float *lab_read(const char *name, size_t count) {
    return lab_read_from("explainers", name, count);
}

/* graph and inputs: taken over. flat: weights in order of the layers (borrowed), or NULL: as the graph has them. */
static inline struct lab lab_of(struct graph *graph, const float *flat, float *inputs) {
    struct error e;
    struct lab lab = {.graph = graph, .inputs = inputs, .seeds = {11, 22, 33}};
    cr_assert(weights_create(lab.graph, &lab.weights, &e), "%s", e.text);
    cr_assert(!flat || weights_from_flat(lab.weights, flat, &e), "%s", e.text);
    cr_assert(net_create(lab.weights, &lab.net, &e), "%s", e.text);
    cr_assert(handle_create(lab.net, &lab.handle, &e), "%s", e.text);
    handle_background(lab.handle, inputs, LAB_INPUTS);
    lab.count = shape_count(&graph->sample);
    return lab;
}

/* flat: weights in order of the layers (borrowed). inputs: taken over. */
static inline struct lab lab_build(const char *layers, const struct shape *sample, const float *flat, float *inputs) {
    struct error e;
    struct graph *graph;
    cr_assert(arch_build(layers, sample, &graph, &e), "%s", e.text);
    return lab_of(graph, flat, inputs);
}

#define LAB_CNN "conv:4x3+1,relu,maxpool:2,conv:6x3,relu,fc:16,relu,fc:5"
#define LAB_CNN_WEIGHTS (4u * 2 * 9 + 4 + 6 * 4 * 9 + 6 + 16 * 150 + 16 + 5 * 16 + 5)
#define LAB_MLP "fc:16,relu,fc:8,relu,fc:4"
#define LAB_MLP_WEIGHTS (16u * 20 + 16 + 8 * 16 + 8 + 4 * 8 + 4)

/* The networks of tests/golden/make_explainers.py. */
static inline struct lab lab_cnn(void) {
    const struct shape sample = {3, {2, 14, 14}};
    float *flat = lab_read("cnn-weights", LAB_CNN_WEIGHTS);
    struct lab lab = lab_build(LAB_CNN, &sample, flat, lab_read("cnn-inputs", LAB_INPUTS * 392));
    free(flat);
    memcpy(lab.targets, (uint32_t[]){0, 3, 4}, sizeof lab.targets);
    return lab;
}

static inline struct lab lab_mlp(void) {
    const struct shape sample = {1, {20}};
    float *flat = lab_read("mlp-weights", LAB_MLP_WEIGHTS);
    struct lab lab = lab_build(LAB_MLP, &sample, flat, lab_read("mlp-inputs", LAB_INPUTS * 20));
    free(flat);
    memcpy(lab.targets, (uint32_t[]){1, 2, 0}, sizeof lab.targets);
    return lab;
}

/* f(x) = Wx + b of 1x4x5 images and 3 classes; W[c][k] = lab_linear_weight(c, k). */
static inline float lab_linear_weight(uint32_t c, size_t k) {
    return (float)((double)((7 * k + 3 * c) % 11) / 4 - 1.25);
}

static inline struct lab lab_linear(void) {
    const struct shape sample = {3, {1, 4, 5}};
    float flat[3 * 20 + 3], *inputs = malloc(LAB_INPUTS * 20 * sizeof *inputs);
    cr_assert_not_null(inputs);
    for (uint32_t k = 0; k < 3 * 20; k++) {
        flat[k] = lab_linear_weight(k / 20, k % 20);
        inputs[k] = k % 4 ? (float)(k % 9) / 9 : 0;
    }
    flat[60] = .5f, flat[61] = -1, flat[62] = 2;
    struct lab lab = lab_build("fc:3", &sample, flat, inputs);
    memcpy(lab.targets, (uint32_t[]){2, 0, 1}, sizeof lab.targets);
    return lab;
}

static inline void lab_close(struct lab *lab) {
    handle_destroy(lab->handle);
    net_destroy(lab->net);
    weights_destroy(lab->weights);
    graph_destroy(lab->graph);
    free(lab->inputs);
}

/* The explainer `text` (ID or ID:name=value,...) of the build's folder ("explainers", "tests/bad"). */
static inline bool lab_plugin(const char *folder, const char *text, struct plugin **out, struct error *e) {
    struct explainer_spec spec;
    const char *build = getenv("ASSAY_BUILD");
    int n = (int)strcspn(text, ":#");
    char *whole = text_format("%s/%s/%.*s.so%s", build ? build : "build", folder, n, text, text + n);
    cr_assert_not_null(whole);
    cr_assert(explainer_spec_parse(whole, &spec, e), "%s", e->text);
    bool ok = plugin_create(&spec, 60, out, e) && plugin_usable(*out, e);
    explainer_spec_finish(&spec);
    free(whole);
    return ok;
}

/* The maps of the lab's inputs; the status. maps[LAB_INPUTS][count] */
static inline assay_status lab_explain(const struct lab *lab, const char *folder, const char *text, float *maps,
                                       char why[256]) {
    struct error e;
    struct plugin *plugin = NULL;
    const assay_explainer *explainer = NULL;
    assay_request request = {LAB_INPUTS, lab->inputs, lab->targets, lab->seeds};
    assay_why reason = {why, 256};
    cr_assert(lab_plugin(folder, text, &plugin, &e), "%s", e.text);
    cr_assert(plugin_open(plugin, handle_host(), &explainer, &e), "%s", e.text);
    assay_status status = explainer->attribute(explainer, &lab->handle->model, &request, maps, &reason);
    plugin_close(plugin, explainer);
    plugin_destroy(plugin);
    return status;
}

/* |a - b| / |b| */
static inline double lab_distance(const float *a, const float *b, size_t n) {
    double difference = 0, size = 0;
    for (size_t k = 0; k < n; k++) {
        difference += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
        size += (double)b[k] * (double)b[k];
    }
    return difference > 0 ? sqrt(difference / size) : 0;
}

/* How close to its reference the explainer says that it is: what docs/explainers.md promises. */
static inline double lab_within(const char *spec) {
    struct error e;
    struct plugin *plugin = NULL;
    cr_assert(lab_plugin("explainers", spec, &plugin, &e), "%s", e.text);
    cr_assert_not_null(plugin->info.about.checked, "%s says nothing of what it was checked against", spec);
    double within = plugin->info.about.within;
    plugin_destroy(plugin);
    return within;
}

/* The lab's maps against those of a file, as close as the explainer says. */
static inline void lab_compare(const struct lab *lab, const char *spec, const char *folder, const char *file) {
    char why[256] = "";
    float *maps = calloc(LAB_INPUTS, lab->count * sizeof *maps);
    float *wanted = lab_read_from(folder, file, LAB_INPUTS * lab->count);
    cr_assert_not_null(maps);
    cr_expect_eq(lab_explain(lab, "explainers", spec, maps, why), ASSAY_OK, "%s for %s: %s", spec, file, why);
    double within = lab_within(spec);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        double off = lab_distance(maps + i * lab->count, wanted + i * lab->count, lab->count);
        cr_expect_leq(off, within, "%s: map %u is off %s by %g", spec, i, file, off);
    }
    free(maps);
    free(wanted);
}

/* What a method says of a network, or with parameters, that it cannot take. */
struct lab_refusal {
    struct lab (*lab)(void);
    const char *spec;
    assay_status status;
    const char *words; /* in the reason */
};

static inline void lab_expect_refusals(const struct lab_refusal *all, size_t count) {
    for (const struct lab_refusal *r = all; r < all + count; r++) {
        struct lab lab = r->lab();
        float *maps = malloc(LAB_INPUTS * lab.count * sizeof *maps);
        char why[256] = "";
        cr_assert_not_null(maps);
        cr_expect_eq(lab_explain(&lab, "explainers", r->spec, maps, why), r->status, "%s", r->spec);
        cr_expect(strstr(why, r->words), "%s: \"%s\" does not say \"%s\"", r->spec, why, r->words);
        free(maps);
        lab_close(&lab);
    }
}

#endif
