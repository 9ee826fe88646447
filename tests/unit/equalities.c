/* Theorems by which methods give one map: what a network is, and that the maps of the shipped methods are equal exactly
 * where the table says so. */
#include "run/equalities.h"

#include "base/rng.h"
#include "cli/zoo.h"
#include "lab.h"
#include "nn/function_class.h"
#include "nn/onnx.h"
#include "run/sketch.h"

/* ---- networks ---- */

#define PICTURE                                                                                                        \
    {                                                                                                                  \
        3, {                                                                                                           \
            2, 14, 14                                                                                                  \
        }                                                                                                              \
    }
enum {
    AFFINE = FUNCTION_AFFINE | FUNCTION_RECTIFIED | FUNCTION_NO_RECTIFIER,
    TABLE = FUNCTION_DENSE | FUNCTION_OF_FEATURES
};

static const struct case_of {
    const char *layers;
    bool biased;
    struct shape sample;
    unsigned is;
} networks[] = {
    {"conv:4x3+1,relu,maxpool:2,conv:6x3,relu,fc:5", true, PICTURE, FUNCTION_RECTIFIED},
    {"conv:4x3+1,relu,maxpool:2,conv:6x3,relu,fc:5", false, PICTURE, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS},
    {"conv:4x3+1,relu,avgpool:2,conv:6x3,relu,fc:5", false, PICTURE, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS},
    {"conv:4x3,batchnorm,relu,conv:6x3,relu,globalavgpool,fc:5", true, PICTURE, FUNCTION_RECTIFIED},
    {"fc:16,relu,fc:8,relu,fc:4", true, {1, {20}}, FUNCTION_RECTIFIED | TABLE},
    {"fc:16,relu,fc:8,relu,fc:4", false, {1, {20}}, FUNCTION_RECTIFIED | TABLE | FUNCTION_NO_BIAS},
    {"conv:4x3,conv:6x3,fc:5", true, PICTURE, AFFINE},
    {"conv:4x3,relu,fc:5", true, {3, {1, 10, 10}}, FUNCTION_RECTIFIED | FUNCTION_ONE_ACTIVATION},
    {"zoo:residual", true, {3, {1, 16, 16}}, FUNCTION_RECTIFIED},
    {"zoo:residual-batchnorm", true, {3, {1, 16, 16}}, FUNCTION_RECTIFIED},
    {"zoo:mlp-tanh", true, {3, {1, 16, 16}}, FUNCTION_DENSE | FUNCTION_NO_RECTIFIER},
    {"fc:5", true, {1, {20}}, AFFINE | TABLE | FUNCTION_ONE_LAYER},
    {"fc:5", true, PICTURE, AFFINE | FUNCTION_DENSE | FUNCTION_ONE_LAYER},
    {"fc:5", false, PICTURE, AFFINE | FUNCTION_DENSE | FUNCTION_ONE_LAYER | FUNCTION_NO_BIAS},
};
#define NETWORKS (sizeof networks / sizeof *networks)

static void draw_weights(struct lab *lab, bool biased) {
    struct error e;
    for (uint32_t l = 0; l < lab->graph->layer_count; l++) {
        const struct layer *layer = &lab->graph->layers[l];
        const struct init_options init = {.scheme = &init_normal, .sigma = .3, .seed = l};
        cr_assert(weights_redraw(lab->weights, l, &init, &e), "%s", e.text);
        for (uint32_t k = 0; k < layer->parameter_count; k++) {
            const struct value *value = &lab->graph->values[layer->parameters[k]];
            if (!biased && strstr(value->name, "bias"))
                memset(weights_edit(lab->weights, layer->parameters[k]), 0, shape_count(&value->shape) * sizeof(float));
        }
        net_changed(lab->net, l);
    }
}

static struct lab build(const struct case_of *n) {
    struct error e;
    size_t count = shape_count(&n->sample);
    float *inputs = malloc(LAB_INPUTS * count * sizeof *inputs);
    cr_assert_not_null(inputs);
    rng_fill_uniform(3, 0, LAB_INPUTS * count, inputs);
    struct graph *graph = NULL;
    for (size_t k = 0; strncmp(n->layers, "zoo:", 4) == 0 && k < zoo_count; k++)
        if (strcmp(n->layers + 4, zoo[k].name) == 0) cr_assert(zoo_graph(&zoo[k], &graph, &e), "%s", e.text);
    struct lab lab = graph ? lab_of(graph, NULL, inputs) : lab_build(n->layers, &n->sample, NULL, inputs);
    draw_weights(&lab, n->biased);
    memcpy(lab.targets, (uint32_t[]){1, 2, 0}, sizeof lab.targets);
    return lab;
}

Test(equalities, what_a_network_is) {
    for (size_t k = 0; k < NETWORKS; k++) {
        struct lab lab = build(&networks[k]);
        struct error e;
        unsigned is;
        cr_assert(function_class_of(lab.net, &is, &e), "%s", e.text);
        cr_expect_eq(is, networks[k].is, "%s, %d: %#x", networks[k].layers, networks[k].biased, is);
        lab_close(&lab);
    }
}

/* One hidden bias that a ReLU swallows leaves the logits of zeros at zero. */
Test(equalities, a_bias_is_found_where_no_logit_tells) {
    struct lab lab = build(&networks[5]);
    struct error e;
    unsigned is;
    float *bias = weights_edit(lab.weights, lab.graph->layers[0].parameters[1]);
    for (uint32_t k = 0; k < 16; k++) bias[k] = -.1f;
    net_changed(lab.net, 0);
    cr_assert(function_class_of(lab.net, &is, &e), "%s", e.text);
    cr_expect_eq(is, FUNCTION_RECTIFIED | TABLE, "%#x", is);
    lab_close(&lab);
}

static uint32_t node_of(const struct graph *g, const char *op, uint32_t nth) {
    for (uint32_t i = 0; i < g->node_count; i++)
        if (strcmp(handle_node_name(g, i), op) == 0 && nth-- == 0) return i;
    cr_assert(false, "no %s", op);
    return 0;
}

Test(equalities, what_follows_feature_maps) {
    static const struct {
        const char *layers, *node;
        bool pooled;
    } cases[] = {
        {"conv:4x3,relu,conv:6x3,relu,globalavgpool,fc:5", "relu2", true},
        {"conv:4x3,relu,conv:6x3,relu,globalavgpool,fc:5", "conv2", false}, /* a ReLU follows */
        {"conv:4x3,relu,conv:6x3,globalavgpool,fc:5", "conv2", true},
        {"conv:4x3,relu,conv:6x3,relu,globalavgpool,fc:8,relu,fc:5", "relu2", false},
        {"conv:4x3,relu,conv:6x3,relu,avgpool:2,fc:5", "relu2", false}, /* places of their own */
        {"conv:4x3,relu,conv:6x3,relu,fc:5", "relu2", false},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct case_of n = {cases[k].layers, true, PICTURE, 0};
        struct lab lab = build(&n);
        struct error e;
        bool pooled;
        cr_assert(function_is_pooled_behind(lab.graph, node_of(lab.graph, cases[k].node, 0), &pooled, &e), "%s",
                  e.text);
        cr_expect_eq(pooled, cases[k].pooled, "%s behind %s", cases[k].layers, cases[k].node);
        lab_close(&lab);
    }
}

/* ---- the table, held against the maps of shipped methods ---- */

static const char *const methods[] = {
    "gradient",
    "saliency",
    "input-x-gradient",
    "smoothgrad:noise=0",
    "smoothgrad:samples=9",
    "integrated-gradients",
    "integrated-gradients:rule=riemann-right,steps=9",
    "integrated-gradients:rule=riemann-trapezoid,steps=9",
    "integrated-gradients:form=average",
    "integrated-gradients:baseline=0.5",
    "integrated-gradients:from=mean",
    "guided-ig:steps=20",
    "deeplift",
    "deeplift:form=multipliers",
    "deeplift:baseline=0.5",
    "lrp",
    "lrp:composite=epsilon",
    "lrp:composite=epsilon,epsilon=0",
    "lrp:composite=epsilon,epsilon=0.3",
    "lrp:composite=epsilon,start=one",
    "guided-backprop",
    "deconvnet",
    "rect-grad",
    "excitation-backprop",
    "occlusion",
    "occlusion:window=1,channels=alone",
    "occlusion:window=1,channels=alone,baseline=0.5",
    "feature-ablation:cut=elements",
    "feature-ablation",
    "feature-ablation:features=1000",
    "shapley-sampling:cut=elements,samples=2",
    "kernel-shap:cut=elements,samples=400",
    "grad-cam",
    "grad-cam:relu=0",
    "grad-cam:layer=relu2,relu=0",
    "hirescam",
    "hirescam:relu=1",
    "layer-cam",
};
#define METHODS (sizeof methods / sizeof *methods)

struct shown {
    struct explainer_entry entry;
    float *maps; /* NULL: the method does not apply */
    char inspected[200];
};

static void show(const struct lab *lab, const char *spec, struct shown *s) {
    struct error e;
    char why[256] = "";
    *s = (struct shown){.maps = malloc(LAB_INPUTS * lab->count * sizeof *s->maps)};
    cr_assert_not_null(s->maps);
    cr_assert(lab_plugin("explainers", spec, &s->entry.plugin, &e), "%s: %s", spec, e.text);
    s->entry.claims = s->entry.plugin->claims;
    lab->handle->inspected = 0;
    assay_status status = lab_explain(lab, "explainers", spec, s->maps, why);
    handle_inspected(lab->handle, s->inspected, sizeof s->inspected);
    s->entry.inspected = s->inspected;
    if (status == ASSAY_OK) return;
    free(s->maps);
    s->maps = NULL;
}

static double scaled_distance(const struct lab *lab, const float *a, const float *b) {
    static float ones[4096];
    struct sketch sketches[2], plain;
    for (size_t k = 0; k < lab->count; k++) ones[k] = 1;
    sketch_begin(&plain);
    sketch_add(&plain, 0, 1, lab->count, ones);
    for (int k = 0; k < 2; k++) {
        sketch_begin(&sketches[k]);
        sketch_add(&sketches[k], 0, LAB_INPUTS, lab->count, k ? b : a);
    }
    return sketch_scaled_distance(&sketches[0], &sketches[1], &plain);
}

static void compare(const struct lab *lab, const struct equality_network *network, const struct case_of *n,
                    const struct shown *shown, uint32_t *due_count) {
    for (size_t a = 0; a < METHODS; a++)
        for (size_t b = 0; b < a; b++) {
            const struct equality *by[2];
            const char *source;
            struct error e;
            enum equal equal;
            if (!shown[a].maps || !shown[b].maps) continue;
            double off = lab_distance(shown[a].maps, shown[b].maps, LAB_INPUTS * lab->count);
            cr_assert(equality_between(network, &shown[a].entry, &shown[b].entry, by, &equal, &e), "%s", e.text);
            *due_count += equal == EQUAL_DUE;
            if (equal == EQUAL_DUE)
                cr_expect_leq(off, (by[0]->within + by[1]->within) / 4, "%s, biased %d: %s and %s must be equal: %g",
                              n->layers, n->biased, methods[a], methods[b], off);
            else if (equal == EQUAL_NOT)
                cr_expect_gt(off, 1e-5, "%s, biased %d: %s and %s are equal by no theorem: %g", n->layers, n->biased,
                             methods[a], methods[b], off);
            off = scaled_distance(lab, shown[a].maps, shown[b].maps);
            if (equal == EQUAL_NOT && !equality_scale(network, &shown[a].entry, &shown[b].entry, &source))
                cr_expect_gt(off, 5e-6, "%s, biased %d: %s and %s are equal up to a factor by no theorem: %g",
                             n->layers, n->biased, methods[a], methods[b], off);
        }
}

Test(equalities, shipped_methods_are_equal_where_the_table_says_so, .timeout = 240) {
    for (size_t k = 0; k < NETWORKS; k++) {
        struct lab lab = build(&networks[k]);
        struct shown shown[METHODS];
        struct equality_network network = {.graph = lab.graph};
        struct error e;
        uint32_t due = 0;
        for (size_t m = 0; m < METHODS; m++) show(&lab, methods[m], &shown[m]);
        cr_assert(function_class_of(lab.net, &network.function, &e), "%s", e.text);
        compare(&lab, &network, &networks[k], shown, &due);
        cr_expect_gt(due, 0);
        for (size_t m = 0; m < METHODS; m++) {
            free(shown[m].maps);
            plugin_destroy(shown[m].entry.plugin);
        }
        lab_close(&lab);
    }
}

/* One hidden layer of a smooth activation: the mean of f' on the line is found to rounding. */
Test(equalities, one_activation_is_met_by_slopes_and_paths_alike) {
    static const char *const pairs[][2] = {
        {"deeplift", "integrated-gradients"},
        {"deeplift:baseline=0.5", "integrated-gradients:baseline=0.5"},
        {"deeplift:form=multipliers", "integrated-gradients:form=average"},
        {"deeplift:form=multipliers", "integrated-gradients"},
        {"deeplift", "integrated-gradients:baseline=0.5"},
    };
    struct graph *graph = NULL;
    struct error e;
    float *inputs = malloc(LAB_INPUTS * 20 * sizeof *inputs);
    cr_assert_not_null(inputs);
    rng_fill_uniform(3, 0, LAB_INPUTS * 20, inputs);
    cr_assert(onnx_load("tests/golden/methods/tanh.onnx", &graph, &e), "%s", e.text);
    struct lab lab = lab_of(graph, NULL, inputs);
    struct equality_network network = {.graph = lab.graph};
    cr_assert(function_class_of(lab.net, &network.function, &e), "%s", e.text);
    cr_assert(network.function & FUNCTION_ONE_ACTIVATION, "%#x", network.function);
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        struct shown shown[2];
        const struct equality *by[2];
        enum equal equal;
        for (int m = 0; m < 2; m++) show(&lab, pairs[k][m], &shown[m]);
        cr_assert(equality_between(&network, &shown[0].entry, &shown[1].entry, by, &equal, &e), "%s", e.text);
        double off = lab_distance(shown[0].maps, shown[1].maps, LAB_INPUTS * lab.count);
        cr_expect_eq(equal, k < 3 ? EQUAL_EXPLAINED : EQUAL_NOT, "%s and %s", pairs[k][0], pairs[k][1]);
        if (k < 3) cr_expect_leq(off, 1e-5, "%s and %s: %g", pairs[k][0], pairs[k][1], off);
        else cr_expect_gt(off, 1e-3, "%s and %s: %g", pairs[k][0], pairs[k][1], off);
        for (int m = 0; m < 2; m++) {
            free(shown[m].maps);
            plugin_destroy(shown[m].entry.plugin);
        }
    }
    lab_close(&lab);
}

/* The rule of every layer is one, whatever it is called: on any network, and nothing to warn of. */
Test(equalities, one_method_in_two_spellings) {
    static const struct {
        const char *a, *b;
        bool one;
    } pairs[] = {
        {"lrp:composite=epsilon", "lrp:conv=epsilon", true},
        {"lrp", "lrp:dense=epsilon/1e-6", true},
        {"lrp:composite=epsilon-alpha2-beta1", "lrp:conv=alpha-beta/2", true},
        {"lrp:composite=epsilon-gamma-box", "lrp:composite=epsilon-gamma-box,conv=gamma/0.25,first=z-box/0/1", false},
        {"lrp", "lrp:first=z-plus", false}, /* of a dense first layer */
        {"lrp", "lrp:conv=gamma", false},
        {"lrp:composite=epsilon", "lrp:composite=epsilon,epsilon=0.3", false},
        {"lrp:composite=epsilon", "lrp:composite=epsilon,start=one", false},
        {"lrp:composite=epsilon", "gradient", false},
    };
    const struct case_of n = {"conv:4x3,relu,conv:6x3,relu,fc:5", true, PICTURE, 0};
    struct lab lab = build(&n);
    const struct equality_network network = {.graph = lab.graph};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        struct shown shown[2];
        const struct equality *by[2];
        struct error e;
        enum equal equal;
        show(&lab, pairs[k].a, &shown[0]);
        show(&lab, pairs[k].b, &shown[1]);
        cr_assert(equality_between(&network, &shown[0].entry, &shown[1].entry, by, &equal, &e), "%s", e.text);
        cr_expect_eq(equal, pairs[k].one ? EQUAL_DUE : EQUAL_NOT, "%s and %s", pairs[k].a, pairs[k].b);
        if (pairs[k].one)
            cr_expect_eq(lab_distance(shown[0].maps, shown[1].maps, LAB_INPUTS * lab.count), 0, "%s and %s", pairs[k].a,
                         pairs[k].b);
        for (int m = 0; m < 2; m++) {
            free(shown[m].maps);
            plugin_destroy(shown[m].entry.plugin);
        }
    }
    lab_close(&lab);
}
