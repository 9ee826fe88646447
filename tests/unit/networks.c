/* Whole networks as torch.onnx.export writes them, against PyTorch and captum in double precision:
 * tests/golden/make_networks.py. Weights come from a formula and are written beside the model as external data. And
 * four real models, where they are: tests/golden/make_models.py. */
#include "networks.h"

#include "base/file.h"
#include "nn/onnx.h"
#include "nn/twin.h"
#include "nn/units.h"

#include <unistd.h>

#define FOLDER "tests/golden/networks"
#define MODELS "../shared/data/models"
#define MOST_LOGITS 64 /* of a sample that a table holds: the first */
#define LIMIT 1e-4
#define MOST_WEIGHTS 2000000u

/* The maps of a .npy, in this order. */
#define KINDS 4
static const char *const specs[KINDS] = {"gradient", "integrated-gradients:steps=20", "guided-backprop", "grad-cam"};
static const char *const large_specs[KINDS] = {"gradient", "integrated-gradients:steps=5", "guided-backprop",
                                               "grad-cam"};

/* Gradients jump where a rectifier changes sides; these maps do not, or hardly. */
static const bool jumps[KINDS] = {true, true, false, false};

/* Of a table: "sample SEED TARGET LOGIT...", "tensor COUNT SHIFT SCALE NAME" and, for real models, "rounding SIZE":
 * some of their million rectifiers are always so near zero that rounding decides them, and PyTorch's own float32 is
 * that far from its float64. */
struct table {
    double rounding;
    uint32_t seeds[LAB_INPUTS], targets[LAB_INPUTS], sample_count, logit_count;
    float logits[LAB_INPUTS][MOST_LOGITS];
    float *weights;
    size_t weight_count;
    uint32_t tensor_count;
};

static void read_sample(const char *line, struct table *t) {
    char *end = (char *)line;
    cr_assert_lt(t->sample_count, LAB_INPUTS);
    t->seeds[t->sample_count] = (uint32_t)strtoul(end, &end, 10);
    t->targets[t->sample_count] = (uint32_t)strtoul(end, &end, 10);
    for (t->logit_count = 0; *end == ' '; t->logit_count++) {
        cr_assert_lt(t->logit_count, MOST_LOGITS);
        t->logits[t->sample_count][t->logit_count] = strtof(end, &end);
    }
    t->sample_count++;
}

static void read_tensor(const char *line, struct table *t) {
    char *end = (char *)line;
    size_t count = strtoul(end, &end, 10);
    double shift = strtod(end, &end), scale = strtod(end, &end);
    cr_assert_leq(count, MOST_WEIGHTS - t->weight_count);
    formula_fill(t->tensor_count++, count, shift, scale, t->weights + t->weight_count);
    t->weight_count += count;
}

static struct table read_table(const char *name) {
    struct table t = {.weights = malloc(MOST_WEIGHTS * sizeof(float))};
    char path[200], line[4096];
    snprintf(path, sizeof path, FOLDER "/%s.txt", name);
    FILE *in = fopen(path, "r");
    cr_assert(in && t.weights, "%s is missing: run tests from the project root", path);
    while (fgets(line, sizeof line, in)) {
        if (strncmp(line, "sample ", 7) == 0) read_sample(line + 7, &t);
        if (strncmp(line, "tensor ", 7) == 0) read_tensor(line + 7, &t);
        if (strncmp(line, "rounding ", 9) == 0) t.rounding = strtod(line + 9, NULL);
    }
    fclose(in);
    return t;
}

/* The network, from a folder that holds the file and its weights.bin. */
static struct graph *load(const char *name, const struct table *t) {
    char folder[] = "/tmp/assay-networks-XXXXXX", from[200], model[200], weights[200];
    struct graph *graph;
    struct error e;
    uint8_t *bytes;
    size_t size;
    cr_assert_not_null(mkdtemp(folder));
    snprintf(from, sizeof from, FOLDER "/%s.onnx", name);
    snprintf(model, sizeof model, "%s/%s.onnx", folder, name);
    snprintf(weights, sizeof weights, "%s/weights.bin", folder);
    cr_assert(file_read(from, &bytes, &size, &e), "%s", e.text);
    cr_assert(file_write(model, bytes, size, &e), "%s", e.text);
    cr_assert(file_write(weights, t->weights, t->weight_count * sizeof(float), &e), "%s", e.text);
    bool ok = onnx_load(model, &graph, &e);
    free(bytes);
    cr_assert(unlink(model) == 0 && unlink(weights) == 0 && rmdir(folder) == 0);
    cr_assert(ok, "%s", e.text);
    return graph;
}

/* The graph is taken over. */
static struct lab open_lab(struct graph *graph, const struct table *t, enum conv_route route) {
    struct error e;
    struct lab lab = {.graph = graph, .seeds = {1, 2, 3}};
    lab.count = shape_count(&lab.graph->sample);
    lab.inputs = malloc(LAB_INPUTS * lab.count * sizeof *lab.inputs);
    cr_assert_not_null(lab.inputs);
    cr_assert_eq(t->sample_count, LAB_INPUTS);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        lab.targets[i] = t->targets[i];
        formula_sample(t->seeds[i], lab.count, lab.inputs + i * lab.count);
    }
    cr_assert(weights_create(lab.graph, &lab.weights, &e), "%s", e.text);
    cr_assert(net_create_with(lab.weights, &(struct net_options){.conv = route}, &lab.net, &e), "%s", e.text);
    cr_assert(handle_create(lab.net, &lab.handle, &e), "%s", e.text);
    return lab;
}

static void expect_near(const float *found, const float *wanted, size_t count, double most, const char *what,
                        uint32_t sample) {
    double off = lab_distance(found, wanted, count);
    cr_expect_leq(off, most, "%s of sample %u is off by %g", what, sample, off);
}

static void check_logits(const struct lab *lab, struct net *net, const struct table *t, const char *what) {
    struct error e;
    uint32_t classes = lab->graph->classes;
    float *logits = malloc(LAB_INPUTS * classes * sizeof *logits);
    cr_assert(logits && t->logit_count > 0 && t->logit_count <= classes);
    cr_assert(net_forward(net, LAB_INPUTS, lab->inputs, logits, &e), "%s", e.text);
    for (uint32_t i = 0; i < LAB_INPUTS; i++)
        expect_near(logits + i * classes, t->logits[i], t->logit_count, LIMIT, what, i);
    free(logits);
}

static void check_maps(const float *maps, size_t count, const float *wanted, double most, const char *what) {
    float sketch[SKETCH];
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        sketch_map(maps + i * count, count, sketch);
        expect_near(sketch, wanted + i * SKETCH, SKETCH, most, what, i);
    }
}

/* Another route of convolutions, by the map of one rule. */
static void check_route(const struct lab *lab, enum conv_route route, enum net_rule rule, const struct table *t,
                        const float *wanted, const char *what) {
    struct net *net;
    struct error e;
    float *maps = malloc(LAB_INPUTS * lab->count * sizeof *maps);
    cr_assert_not_null(maps);
    cr_assert(net_create_with(lab->weights, &(struct net_options){.conv = route}, &net, &e), "%s", e.text);
    check_logits(lab, net, t, what);
    cr_assert(net_gradient(net, rule, LAB_INPUTS, lab->inputs, lab->targets, maps, &e), "%s", e.text);
    check_maps(maps, lab->count, wanted + (rule == NET_GUIDED ? 2 : 0) * LAB_INPUTS * SKETCH, LIMIT, what);
    net_destroy(net);
    free(maps);
}

static float *logits_and_maps(const struct lab *lab, uint32_t n) {
    struct error e;
    size_t logits = (size_t)n * lab->graph->classes;
    float *all = malloc((logits + n * lab->count) * sizeof *all);
    cr_assert_not_null(all);
    cr_assert(net_forward(lab->net, n, lab->inputs, all, &e), "%s", e.text);
    cr_assert(net_gradient(lab->net, NET_GRADIENT, n, lab->inputs, lab->targets, all + logits, &e), "%s", e.text);
    return all;
}

/* The same bits, however many threads compute them. */
static void check_teams(const struct lab *lab) {
    static const unsigned sizes[] = {2, 3, 5};
    for (uint32_t n = 1; n <= LAB_INPUTS; n++) {
        float *alone = logits_and_maps(lab, n);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct thread_team *team;
            struct error e;
            cr_assert(thread_team_create(sizes[i], &team, &e), "%s", e.text);
            net_share(lab->net, team);
            float *together = logits_and_maps(lab, n);
            cr_expect(memcmp(alone, together, n * (lab->graph->classes + lab->count) * sizeof *alone) == 0,
                      "%u samples by %u threads", n, sizes[i]);
            net_share(lab->net, NULL);
            thread_team_destroy(team);
            free(together);
        }
        free(alone);
    }
}

/* The golden maps of Grad-CAM are those of the last convolution, also where it has one place or a transformer behind.
 */
static const char *spec_of(const struct lab *lab, const char *explainer, char spec[256]) {
    uint32_t i = lab->handle->layer_count;
    snprintf(spec, 256, "%s", explainer);
    if (strcmp(explainer, "grad-cam") != 0) return spec;
    while (i > 0 && (strcmp(lab->handle->layers[i - 1].op, "Conv") != 0 || lab->handle->layers[i - 1].output.rank != 3))
        i--;
    if (i > 0) snprintf(spec, 256, "grad-cam:layer=%s", lab->handle->layers[i - 1].name);
    return spec;
}

/* Every map by the explainers; the caller frees the sketches. */
static float *check_explainers(const struct lab *lab, const char *name, const struct table *table,
                               const char *const *explainers) {
    struct shape shape;
    struct error e;
    float *wanted, *maps = malloc(LAB_INPUTS * lab->count * sizeof *maps);
    char path[200], why[256] = "", spec[256];
    snprintf(path, sizeof path, FOLDER "/%s.npy", name);
    cr_assert(maps && npy_read(path, &shape, &wanted, &e), "%s", e.text);
    cr_assert_eq(shape_count(&shape), KINDS * LAB_INPUTS * SKETCH);
    check_logits(lab, lab->net, table, "logits");
    for (size_t s = 0; s < KINDS; s++) {
        cr_assert_eq(lab_explain(lab, "explainers", spec_of(lab, explainers[s], spec), maps, why), ASSAY_OK, "%s: %s",
                     explainers[s], why);
        check_maps(maps, lab->count, wanted + s * LAB_INPUTS * SKETCH,
                   jumps[s] ? fmax(LIMIT, 2 * table->rounding) : LIMIT, explainers[s]);
    }
    free(maps);
    return wanted;
}

/* Layers are called what PyTorch calls their modules, whatever the exporter made of it. */
static void check_names(const struct graph *graph) {
    for (uint32_t i = 0; i < graph->layer_count; i++) {
        const char *name = graph->layers[i].name;
        cr_expect(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789") == strlen(name) &&
                      strncmp(name, "val_", 4) != 0 && strncmp(name, "node_", 5) != 0,
                  "layer %u is called '%s'", i, name);
    }
}

/* Written and read again, it computes the same. */
static void check_writing(const struct graph *graph, const struct table *t) {
    char path[] = "/tmp/assay-networks-XXXXXX";
    struct weights *weights;
    struct graph *again;
    struct error e;
    int file = mkstemp(path);
    cr_assert(file >= 0 && close(file) == 0);
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    cr_assert(onnx_save(path, weights, &e), "%s", e.text);
    cr_assert(onnx_load(path, &again, &e), "%s", e.text);
    cr_assert_eq(unlink(path), 0);
    weights_destroy(weights);
    cr_expect_eq(again->layer_count, graph->layer_count);
    struct lab lab = open_lab(again, t, CONV_AUTO);
    check_logits(&lab, lab.net, t, "logits of the file as we write it");
    lab_close(&lab);
}

/* Of hidden units in another order the logits are the same, whatever the operators between. Everywhere the last layer's
 * inputs can be among them. */
static void check_units(const struct lab *lab, const struct table *t, uint32_t groups) {
    struct units *units;
    struct weights *twin;
    struct net *net;
    struct error e;
    cr_assert(units_create(lab->graph, &units, &e), "%s", e.text);
    cr_expect_eq(units_free(units), groups, "%u groups of units", units_free(units));
    cr_expect(units_reach_last(units), "the last layer's inputs stay");
    units_destroy(units);
    cr_assert(twin_make(TWIN_UNITS, lab->weights, 1, &twin, &e) && net_create(twin, &net, &e), "%s", e.text);
    check_logits(lab, net, t, "logits of other units");
    net_destroy(net);
    weights_destroy(twin);
}

static void check_network(const char *name, uint32_t groups) {
    struct table table = read_table(name);
    struct graph *graph = load(name, &table);
    check_names(graph);
    check_writing(graph, &table);
    struct lab lab = open_lab(graph, &table, CONV_AUTO);
    float *wanted = check_explainers(&lab, name, &table, specs);
    check_teams(&lab);
    check_units(&lab, &table, groups);
    check_route(&lab, CONV_DIRECT, NET_GRADIENT, &table, wanted, "gradient without Winograd's method");
    check_route(&lab, CONV_WINOGRAD, NET_GRADIENT, &table, wanted, "gradient by Winograd's method");
    free(wanted);
    free(table.weights);
    lab_close(&lab);
}

/* Here Winograd's method, whose rounding is ten times larger, decides rectifiers that PyTorch's does not: gradients
 * are compared without it, and it by a map that does not jump. */
static void check_model(const char *name, const char *const *explainers, uint32_t groups) {
    struct table table = read_table(name);
    struct graph *graph;
    struct error e;
    char path[200];
    snprintf(path, sizeof path, MODELS "/%s.onnx", name);
    if (!file_exists(path)) cr_skip_test("no real-model folder: %s is absent", path);
    cr_assert(onnx_load(path, &graph, &e), "%s", e.text);
    struct lab lab = open_lab(graph, &table, CONV_DIRECT);
    float *wanted = check_explainers(&lab, name, &table, explainers);
    check_units(&lab, &table, groups);
    check_route(&lab, CONV_AUTO, NET_GUIDED, &table, wanted, "guided backpropagation by Winograd's method");
    free(wanted);
    free(table.weights);
    lab_close(&lab);
}

#define NETWORK(name, groups)                                                                                          \
    Test(networks, name) {                                                                                             \
        check_network(#name, groups);                                                                                  \
    }
NETWORK(resnet18_11, 12)
NETWORK(resnet18_18, 12)
NETWORK(resnet50_12, 37)
NETWORK(resnet50_20, 37)
NETWORK(vgg11_13, 10)
NETWORK(vgg16_19, 15)
NETWORK(squeezenet1_1_14, 25)
NETWORK(mobilenet_v2_15, 18)
NETWORK(mobilenet_v3_16, 23)
NETWORK(mobilenet_v3_20, 23)
NETWORK(densenet_17, 36)
NETWORK(densenet_19, 36)
NETWORK(inception_v3_18, 39)
NETWORK(vit_timm_13, 3)
NETWORK(vit_timm_20, 3)
NETWORK(vit_timm_fused_14, 3)
NETWORK(vit_torchvision_17, 3)
NETWORK(vit_torchvision_18, 3)

/* Attention methods: tests/golden/make_attention.py. */
static void check_attention(const char *name) {
    static const char *const kinds[] = {"attention-rollout", "attention-x-gradient"};
    struct table table = read_table(name);
    struct lab lab = open_lab(load(name, &table), &table, CONV_AUTO);
    float *maps = malloc(LAB_INPUTS * lab.count * sizeof *maps), *wanted;
    char file[100], why[256] = "";
    snprintf(file, sizeof file, "%s-attention", name);
    wanted = lab_read_from("networks", file, 2 * LAB_INPUTS * SKETCH);
    cr_assert_not_null(maps);
    for (size_t k = 0; k < 2; k++) {
        cr_assert_eq(lab_explain(&lab, "explainers", kinds[k], maps, why), ASSAY_OK, "%s: %s", kinds[k], why);
        check_maps(maps, lab.count, wanted + k * LAB_INPUTS * SKETCH, lab_within(kinds[k]), kinds[k]);
    }
    free(maps);
    free(wanted);
    free(table.weights);
    lab_close(&lab);
}

Test(networks, attention) {
    check_attention("vit_timm_13");
    check_attention("vit_torchvision_17");
}

Test(networks, mnist_8) {
    check_model("mnist-8", specs, 2);
}
Test(networks, resnet20_cifar10) {
    check_model("resnet20_cifar10", large_specs, 14);
}
Test(networks, squeezenet1_1_imagenet) {
    check_model("squeezenet1.1_imagenet", large_specs, 25);
}
/* Slow, and of the kinds of the two above: make check-slow has the suites that begin so. */
Test(slow_networks, resnet34_imagenet) {
    check_model("resnet34_imagenet", large_specs, 20);
}
