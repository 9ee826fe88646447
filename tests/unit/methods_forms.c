/* The methods of the field beside closed forms and their definitions, and what they refuse. */
#include "base/rng.h"
#include "methods.h"

/* ---- Closed forms ---- */

/* What is due of a map of f(x) = w x + b: by the weight, the input, and the sum over inputs of max(w x, 0). */
static double times_input(double w, double x, double positive) {
    (void)positive;
    return w * x;
}

static double times_x_less_2(double w, double x, double positive) {
    (void)positive;
    return w * (x - 2);
}

static double times_x_less_1(double w, double x, double positive) {
    (void)positive;
    return w * (x - 1);
}

static double weight(double w, double x, double positive) {
    (void)x, (void)positive;
    return w;
}

static double square(double w, double x, double positive) {
    (void)x, (void)positive;
    return w * w;
}

static double nothing(double w, double x, double positive) {
    (void)w, (void)x, (void)positive;
    return 0;
}

static double winner(double w, double x, double positive) {
    return fmax(w * x, 0) / positive;
}

static const struct closed {
    const char *spec;
    double (*due)(double w, double x, double positive);
} closed_forms[] = {
    {"deconvnet", weight},
    {"deeplift", times_input},
    {"deeplift:baseline=2", times_x_less_2},
    {"deeplift:form=multipliers,baseline=2", weight},
    {"lrp:epsilon=0", times_input},
    {"lrp:composite=epsilon,epsilon=0", times_input},
    {"lrp:composite=epsilon-gamma-box,epsilon=0", times_input}, /* no convolution: epsilon */
    {"lrp:first=epsilon/0", times_input},
    {"excitation-backprop", winner},
    {"integrated-gradients:rule=riemann-left", times_input},
    {"integrated-gradients:rule=riemann-right,steps=3", times_input},
    {"integrated-gradients:from=2", times_x_less_2},
    {"integrated-gradients:from=0/2/-1/3", times_x_less_1},
    {"integrated-gradients:from=0/2,form=average", weight},
    {"smoothgrad-squared", square},
    {"smoothgrad-squared:samples=3,noise=0", square},
    {"vargrad", nothing},
};

Test(methods_forms, keep_their_closed_forms_on_a_linear_model) {
    struct lab lab = lab_linear();
    for (size_t c = 0; c < sizeof closed_forms / sizeof *closed_forms; c++) {
        float maps[LAB_INPUTS * 20];
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", closed_forms[c].spec, maps, why), ASSAY_OK, "%s", why);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) {
            const float *x = lab.inputs + 20 * i;
            double positive = 0;
            for (uint32_t k = 0; k < 20; k++)
                positive += fmax((double)lab_linear_weight(lab.targets[i], k) * (double)x[k], 0);
            for (uint32_t k = 0; k < 20; k++) {
                double w = (double)lab_linear_weight(lab.targets[i], k);
                double due = closed_forms[c].due(w, (double)x[k], positive);
                cr_expect_float_eq(maps[20 * i + k], due, 1e-5, "%s: input %u, element %u is %g, not %g",
                                   closed_forms[c].spec, i, k, (double)maps[20 * i + k], due);
            }
        }
    }
    lab_close(&lab);
}

/* The perceptron of make_explainers.py with a last layer and biases of zero where `bare`. */
static struct lab lab_bare(void) {
    static const struct {
        uint32_t at, count;
    } biases[] = {{16 * 20, 16}, {16 * 20 + 16 + 8 * 16, 8}, {16 * 20 + 16 + 8 * 16 + 8 + 4 * 8, 4}};
    const struct shape sample = {1, {20}};
    float *flat = lab_read("mlp-weights", LAB_MLP_WEIGHTS);
    for (size_t b = 0; b < 3; b++) memset(flat + biases[b].at, 0, biases[b].count * sizeof *flat);
    struct lab lab = lab_build(LAB_MLP, &sample, flat, lab_read("mlp-inputs", LAB_INPUTS * 20));
    free(flat);
    memcpy(lab.targets, (uint32_t[]){1, 2, 0}, sizeof lab.targets);
    return lab;
}

/* Ancona et al. 2018, proposition 1, arXiv:1711.06104; and DeepLIFT from zero is the same there, as ReLU(0) is 0. */
Test(methods_forms, lrp_0_and_deeplift_are_input_x_gradient_without_biases) {
    struct lab lab = lab_bare();
    float wanted[LAB_INPUTS * 20], maps[LAB_INPUTS * 20];
    static const char *const specs[] = {"lrp:composite=epsilon,epsilon=0", "deeplift"};
    char why[256] = "";
    cr_assert_eq(lab_explain(&lab, "explainers", "input-x-gradient", wanted, why), ASSAY_OK, "%s", why);
    for (size_t k = 0; k < 2; k++) {
        cr_assert_eq(lab_explain(&lab, "explainers", specs[k], maps, why), ASSAY_OK, "%s", why);
        cr_expect_leq(lab_distance(maps, wanted, LAB_INPUTS * 20), 1e-5, "%s", specs[k]);
    }
    lab_close(&lab);
}

/* What leaves the logit arrives at the input, where no bias takes its part. (Of alpha-beta that holds only where every
 * unit has something that takes from it.) */
static const struct conserved {
    const char *spec;
    bool one; /* relevance begins as 1 */
} conserving[] = {
    {"lrp:composite=epsilon,epsilon=0", false},   {"lrp:dense=z-plus", false},
    {"lrp:dense=z-plus,start=one", true},         {"lrp:dense=gamma/0.25", false},
    {"lrp:dense=z-plus,first=w-square", false},   {"lrp:dense=z-plus,first=flat", false},
    {"lrp:dense=z-plus,first=z-box/-4/4", false}, {"excitation-backprop", true},
};

Test(methods_forms, relevance_is_conserved_without_biases) {
    struct lab lab = lab_bare();
    float logits[LAB_INPUTS * 4], maps[LAB_INPUTS * 20];
    struct error e;
    char why[256] = "";
    cr_assert(net_forward(lab.net, LAB_INPUTS, lab.inputs, logits, &e));
    for (size_t c = 0; c < sizeof conserving / sizeof *conserving; c++) {
        cr_assert_eq(lab_explain(&lab, "explainers", conserving[c].spec, maps, why), ASSAY_OK, "%s", why);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) {
            double sum = 0, due = conserving[c].one ? 1 : (double)logits[i * 4 + lab.targets[i]];
            for (uint32_t k = 0; k < 20; k++) sum += (double)maps[20 * i + k];
            cr_expect_float_eq(sum, due, 1e-3 * fabs(due), "%s: map %u sums to %g, not %g", conserving[c].spec, i, sum,
                               due);
        }
    }
    lab_close(&lab);
}

Test(methods_forms, deeplift_is_complete) {
    static const float baselines[] = {0, .3f, -1};
    for (enum network n = CNN; n < NETS; n++) {
        struct lab lab = network_lab(n);
        uint32_t classes = lab.graph->classes;
        float maps[LAB_INPUTS * MOST_ELEMENTS], from[MOST_ELEMENTS], logits[LAB_INPUTS * 8], start[8];
        struct error e;
        cr_assert(net_forward(lab.net, LAB_INPUTS, lab.inputs, logits, &e));
        for (size_t b = 0; b < sizeof baselines / sizeof *baselines; b++) {
            char why[256] = "", spec[40];
            snprintf(spec, sizeof spec, "deeplift:baseline=%g", (double)baselines[b]);
            for (size_t k = 0; k < lab.count; k++) from[k] = baselines[b];
            cr_assert(net_forward(lab.net, 1, from, start, &e));
            cr_assert_eq(lab_explain(&lab, "explainers", spec, maps, why), ASSAY_OK, "%s", why);
            for (uint32_t i = 0; i < LAB_INPUTS; i++) {
                double sum = 0, size = 0;
                double due = (double)logits[i * classes + lab.targets[i]] - (double)start[lab.targets[i]];
                for (size_t k = 0; k < lab.count; k++) sum += (double)maps[i * lab.count + k];
                for (size_t k = 0; k < lab.count; k++) size += fabs((double)maps[i * lab.count + k]);
                cr_expect_float_eq(sum, due, 1e-5 * size, "%s on %s: map %u sums to %g, not %g", spec, network_name(n),
                                   i, sum, due);
            }
        }
        lab_close(&lab);
    }
}

/* From their definition: the documented stream, the documented noise, single gradients. */
Test(methods_forms, squares_and_variances_are_those_of_their_stream) {
    enum { SAMPLES = 70 }; /* more than one block */
    struct lab lab = lab_mlp();
    float squares[LAB_INPUTS * 20], variances[LAB_INPUTS * 20], noisy[20], gradients[SAMPLES][20];
    char why[256] = "";
    struct error e;
    cr_assert_eq(lab_explain(&lab, "explainers", "smoothgrad-squared:samples=70,noise=0.25", squares, why), ASSAY_OK);
    cr_assert_eq(lab_explain(&lab, "explainers", "vargrad:samples=70,noise=0.25", variances, why), ASSAY_OK);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        const float *x = lab.inputs + 20 * i;
        float low = x[0], high = x[0], due[2][20];
        for (uint32_t k = 0; k < 20; k++) low = fminf(low, x[k]), high = fmaxf(high, x[k]);
        for (uint32_t s = 0; s < SAMPLES; s++) {
            rng_fill_normal(lab.seeds[i], (uint64_t)s * 20, 20, noisy);
            for (uint32_t k = 0; k < 20; k++) noisy[k] = x[k] + .25f * (high - low) * noisy[k];
            cr_assert(net_gradient(lab.net, NET_GRADIENT, 1, noisy, &lab.targets[i], gradients[s], &e), "%s", e.text);
        }
        for (uint32_t k = 0; k < 20; k++) {
            double mean = 0, second = 0, spread = 0;
            for (uint32_t s = 0; s < SAMPLES; s++) mean += (double)gradients[s][k] / SAMPLES;
            for (uint32_t s = 0; s < SAMPLES; s++) {
                second += (double)gradients[s][k] * (double)gradients[s][k] / SAMPLES;
                spread += ((double)gradients[s][k] - mean) * ((double)gradients[s][k] - mean) / SAMPLES;
            }
            due[0][k] = (float)second;
            due[1][k] = (float)spread;
        }
        cr_expect_leq(lab_distance(squares + 20 * i, due[0], 20), 1e-5);
        cr_expect_leq(lab_distance(variances + 20 * i, due[1], 20), 1e-5);
    }
    lab_close(&lab);
}

/* ---- What they refuse ---- */

/* A layer, a Softmax over what it gives, another layer. */
static struct lab lab_softmax(void) {
    struct error e;
    struct graph *g;
    const struct shape input = {2, {1, 4}}, weights = {2, {4, 4}};
    float w[16], *inputs = calloc(LAB_INPUTS, 4 * sizeof *inputs);
    cr_assert_not_null(inputs);
    for (uint32_t k = 0; k < 16; k++) w[k] = (float)(k % 5) - 2;
    for (uint32_t k = 0; k < LAB_INPUTS * 4; k++) inputs[k] = (float)(k % 3) - 1;
    cr_assert(
        graph_create(&g, &e) && graph_add_input(g, "x", &input, &e) && graph_add_parameter(g, "w", &weights, w, &e) &&
        graph_add_parameter(g, "v", &weights, w, &e) &&
        graph_add_node(g, "Gemm", "first", (const char *[]){"x", "w"}, 2, (const char *[]){"h"}, 1, NULL, 0, &e) &&
        graph_add_node(g, "Softmax", "share", (const char *[]){"h"}, 1, (const char *[]){"s"}, 1, NULL, 0, &e) &&
        graph_add_node(g, "Gemm", "last", (const char *[]){"s", "v"}, 2, (const char *[]){"y"}, 1, NULL, 0, &e) &&
        graph_finish(g, "y", &e));
    return lab_of(g, NULL, inputs);
}

static const struct lab_refusal refusals[] = {
    {lab_mlp, "grad-cam-plus-plus", ASSAY_UNSUPPORTED, "Grad-CAM++ needs images"},
    {lab_mlp, "layer-cam", ASSAY_UNSUPPORTED, "LayerCAM needs images"},
    {lab_mlp, "hirescam", ASSAY_UNSUPPORTED, "HiResCAM needs images"},
    {lab_mlp, "score-cam", ASSAY_UNSUPPORTED, "Score-CAM needs images"},
    {lab_mlp, "eigen-cam", ASSAY_UNSUPPORTED, "Eigen-CAM needs images"},
    {lab_linear, "score-cam", ASSAY_UNSUPPORTED, "no convolution"},
    {lab_cnn, "eigen-cam:layer=conv9", ASSAY_FAILED, "no layer of that name"},
    {lab_mlp, "integrated-gradients:from=mean", ASSAY_UNSUPPORTED, "from=mean needs images or sequences"},
    {lab_mlp, "integrated-gradients:from=blurred", ASSAY_UNSUPPORTED, "from=blurred needs images or sequences"},
    {lab_linear, "rect-grad", ASSAY_UNSUPPORTED, "no rectifier"},
    {lab_softmax, "excitation-backprop", ASSAY_UNSUPPORTED, "no rule for the operator Softmax"},
};

Test(methods_forms, refuse_models_they_are_not_defined_on) {
    lab_expect_refusals(refusals, sizeof refusals / sizeof *refusals);
}

Test(methods_forms, refuse_parameters_that_mean_nothing) {
    static const char *const specs[] = {
        "integrated-gradients:from=median",
        "integrated-gradients:from=mean/2",
        "integrated-gradients:from=0/",
        "integrated-gradients:from=blurred/",
        "integrated-gradients:from=1e9",
        "integrated-gradients:from=blurred/-1",
        "lrp:first=omega",
        "lrp:conv=gamma/",
        "lrp:dense=epsilon/-1",
        "lrp:dense=alpha-beta/0.5",
        "lrp:first=z-box/1",
        "lrp:first=z-box/0/1/2",
        "lrp:first=flat/1",
        "lrp:dense=gamma/nan",
        "lrp:dense=epsilonx",
    };
    for (size_t k = 0; k < sizeof specs / sizeof *specs; k++) {
        struct error e = {{0}};
        struct plugin *plugin = NULL;
        cr_expect_not(lab_plugin("explainers", specs[k], &plugin, &e), "%s", specs[k]);
        cr_expect(strstr(e.text, "wanted"), "%s: %s", specs[k], e.text);
        plugin_destroy(plugin);
    }
}
