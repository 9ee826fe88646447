/* Every explainer against captum and scipy (tests/golden/make_explainers.py) and against closed forms. */
#include "base/rng.h"
#include "explainers/kit.h"
#include "lab.h"

static const struct golden {
    const char *net, *spec, *file;
} goldens[] = {
    {"cnn", "gradient", "cnn-gradient"},
    {"cnn", "saliency", "cnn-saliency"},
    {"cnn", "input-x-gradient", "cnn-input-x-gradient"},
    {"cnn", "guided-backprop", "cnn-guided-backprop"},
    {"cnn", "integrated-gradients", "cnn-ig-default"},
    {"cnn", "integrated-gradients:steps=30,baseline=0.3", "cnn-ig-baseline"},
    {"cnn", "integrated-gradients:steps=20,rule=riemann-middle", "cnn-ig-middle"},
    {"cnn", "integrated-gradients:steps=20,rule=riemann-trapezoid", "cnn-ig-trapezoid"},
    {"cnn", "integrated-gradients:form=average", "cnn-ig-average"},
    {"cnn", "grad-cam", "cnn-grad-cam"},
    {"cnn", "grad-cam:relu=0", "cnn-grad-cam-signed"},
    {"cnn", "grad-cam:layer=conv1", "cnn-grad-cam-conv1"},
    {"cnn", "guided-grad-cam", "cnn-guided-grad-cam"},
    {"cnn", "edge-detector", "cnn-edge-detector"},
    {"cnn", "input", "cnn-inputs"},
    {"mlp", "gradient", "mlp-gradient"},
    {"mlp", "saliency", "mlp-saliency"},
    {"mlp", "input-x-gradient", "mlp-input-x-gradient"},
    {"mlp", "guided-backprop", "mlp-guided-backprop"},
    {"mlp", "integrated-gradients", "mlp-ig-default"},
    {"mlp", "integrated-gradients:steps=30,baseline=0.3", "mlp-ig-baseline"},
    {"mlp", "integrated-gradients:steps=20,rule=riemann-middle", "mlp-ig-middle"},
    {"mlp", "integrated-gradients:steps=20,rule=riemann-trapezoid", "mlp-ig-trapezoid"},
    {"mlp", "integrated-gradients:form=average", "mlp-ig-average"},
    {"mlp", "input", "mlp-inputs"},
};

Test(explainers, agree_with_captum_and_scipy) {
    struct lab cnn = lab_cnn(), mlp = lab_mlp();
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++)
        lab_compare(goldens[g].net[0] == 'c' ? &cnn : &mlp, goldens[g].spec, "explainers", goldens[g].file);
    lab_close(&cnn);
    lab_close(&mlp);
}

static const void *no_extension(const assay_model *model, const char *name) {
    (void)model;
    cr_assert_str_eq(name, ASSAY_LINE);
    return NULL;
}

/* What a host that knows no lines is asked gives the same maps. */
Test(explainers, integrated_gradients_need_no_lines) {
    static const char *const specs[] = {"integrated-gradients:steps=120", "integrated-gradients:baseline=0.3",
                                        "integrated-gradients:form=average,rule=riemann-middle"};
    struct lab lab = lab_cnn();
    float maps[2][LAB_INPUTS * 392];
    char why[256] = "";
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        const assay_model whole = lab.handle->model;
        cr_assert_eq(lab_explain(&lab, "explainers", specs[i], maps[0], why), ASSAY_OK, "%s", why);
        lab.handle->model.extension = no_extension;
        cr_assert_eq(lab_explain(&lab, "explainers", specs[i], maps[1], why), ASSAY_OK, "%s", why);
        lab.handle->model = whole;
        cr_expect_leq(lab_distance(maps[0], maps[1], LAB_INPUTS * 392), 1e-5, "%s", specs[i]);
    }
    lab_close(&lab);
}

enum form { ROW, ABSOLUTE_ROW, ROW_TIMES_X, ROW_TIMES_X_MINUS_2 };

static const struct closed {
    const char *spec;
    enum form form;
} closed_forms[] = {
    {"gradient", ROW},
    {"guided-backprop", ROW},
    {"smoothgrad", ROW},
    {"smoothgrad:samples=7,noise=0.5", ROW},
    {"saliency", ABSOLUTE_ROW},
    {"input-x-gradient", ROW_TIMES_X},
    {"integrated-gradients", ROW_TIMES_X},
    {"integrated-gradients:steps=1", ROW_TIMES_X},
    {"integrated-gradients:steps=333", ROW_TIMES_X},
    {"integrated-gradients:rule=riemann-middle", ROW_TIMES_X},
    {"integrated-gradients:rule=riemann-trapezoid,steps=2", ROW_TIMES_X},
    {"integrated-gradients:rule=riemann-trapezoid", ROW_TIMES_X},
    {"integrated-gradients:baseline=2", ROW_TIMES_X_MINUS_2},
    {"integrated-gradients:form=average", ROW},
    {"integrated-gradients:form=average,baseline=-1", ROW},
};

Test(explainers, keep_their_closed_forms_on_a_linear_model) {
    struct lab lab = lab_linear();
    for (size_t c = 0; c < sizeof closed_forms / sizeof *closed_forms; c++) {
        float maps[LAB_INPUTS * 20];
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", closed_forms[c].spec, maps, why), ASSAY_OK, "%s", why);
        for (uint32_t k = 0; k < LAB_INPUTS * 20; k++) {
            float w = lab_linear_weight(lab.targets[k / 20], k % 20), x = lab.inputs[k];
            const float wanted[] = {w, fabsf(w), w * x, w * (x - 2)};
            cr_expect_float_eq(maps[k], wanted[closed_forms[c].form], 1e-5, "%s: element %u is %g, not %g",
                               closed_forms[c].spec, k, (double)maps[k], (double)wanted[closed_forms[c].form]);
        }
    }
    lab_close(&lab);
}

Test(explainers, integrated_gradients_are_complete) {
    struct lab lab = lab_cnn();
    float maps[LAB_INPUTS * 392], logits[LAB_INPUTS * 5], zero[392] = {0}, start[5];
    char why[256] = "";
    struct error e;
    cr_assert_eq(lab_explain(&lab, "explainers", "integrated-gradients:steps=4000,rule=riemann-middle", maps, why),
                 ASSAY_OK, "%s", why);
    cr_assert(net_forward(lab.net, LAB_INPUTS, lab.inputs, logits, &e) && net_forward(lab.net, 1, zero, start, &e));
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        double there = (double)logits[i * 5 + lab.targets[i]], from = (double)start[lab.targets[i]];
        double sum = 0, wanted = there - from, allowed = 1e-3 * (fabs(there) + fabs(from));
        for (uint32_t k = 0; k < 392; k++) sum += (double)maps[i * 392 + k];
        cr_expect_float_eq(sum, wanted, allowed, "map %u sums to %g, not %g", i, sum, wanted);
    }
    lab_close(&lab);
}

/* SmoothGrad from its definition: the documented stream, the documented noise, single gradients. */
Test(explainers, smoothgrad_is_the_mean_gradient_of_its_stream) {
    struct lab lab = lab_cnn();
    static const uint32_t samples = 70; /* more than one block */
    float maps[LAB_INPUTS * 392], noisy[392], gradient[392], mean[392];
    char why[256] = "";
    struct error e;
    cr_assert_eq(lab_explain(&lab, "explainers", "smoothgrad:samples=70,noise=0.25", maps, why), ASSAY_OK, "%s", why);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        const float *x = lab.inputs + i * 392;
        float low = x[0], high = x[0];
        for (uint32_t k = 0; k < 392; k++) low = fminf(low, x[k]), high = fmaxf(high, x[k]), mean[k] = 0;
        for (uint32_t s = 0; s < samples; s++) {
            rng_fill_normal(lab.seeds[i], (uint64_t)s * 392, 392, noisy);
            for (uint32_t k = 0; k < 392; k++) noisy[k] = x[k] + .25f * (high - low) * noisy[k];
            cr_assert(net_gradient(lab.net, NET_GRADIENT, 1, noisy, &lab.targets[i], gradient, &e), "%s", e.text);
            for (uint32_t k = 0; k < 392; k++) mean[k] += gradient[k] / (float)samples;
        }
        cr_expect_leq(lab_distance(maps + i * 392, mean, 392), 1e-5);
    }
    lab_close(&lab);
}

/* On the ramp f(y, x) = 2x + 3y, Sobel gives 8 * slope inside and 4 * slope at a replicated border. */
Test(explainers, sobel_on_a_ramp) {
    const struct shape sample = {3, {1, 4, 5}};
    float maps[LAB_INPUTS * 20], *inputs = malloc(sizeof maps), weights[21] = {0};
    cr_assert_not_null(inputs);
    for (uint32_t k = 0; k < LAB_INPUTS * 20; k++) inputs[k] = (float)(2 * (k % 5) + 3 * (k % 20 / 5));
    struct lab lab = lab_build("fc:1", &sample, weights, inputs);
    char why[256] = "";
    cr_assert_eq(lab_explain(&lab, "explainers", "edge-detector", maps, why), ASSAY_OK, "%s", why);
    for (uint32_t k = 0; k < 20; k++) {
        double gx = (k % 5 == 0 || k % 5 == 4 ? 4 : 8) * 2, gy = (k / 5 == 0 || k / 5 == 3 ? 4 : 8) * 3;
        cr_expect_float_eq(maps[k], sqrt(gx * gx + gy * gy), 1e-4);
    }
    lab_close(&lab);
}

Test(explainers, constant_is_ones_and_noise_is_the_stream_of_its_seed) {
    struct lab lab = lab_linear();
    float maps[LAB_INPUTS * 20], stream[20];
    char why[256] = "";
    cr_assert_eq(lab_explain(&lab, "explainers", "constant", maps, why), ASSAY_OK);
    for (uint32_t k = 0; k < LAB_INPUTS * 20; k++) cr_expect_eq(maps[k], 1);
    cr_assert_eq(lab_explain(&lab, "explainers", "random-noise", maps, why), ASSAY_OK);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        rng_fill_normal(lab.seeds[i], 0, 20, stream);
        cr_expect_arr_eq(maps + i * 20, stream, sizeof stream);
    }
    lab_close(&lab);
}

/* Conv1d and a mean: logit c is W[c] . mean over places of the 2 feature maps, so the gradient there is W[c] / 4. */
Test(explainers, grad_cam_on_a_sequence) {
    const struct shape sample = {2, {2, 5}};
    const float flat[] = {1, 0, 0, 1, -1, 0, 2, 0, 0, 0, 1, -2, 3, 4, -1, -2};
    const float x[] = {1, 2, 3, 4, 5, 0, 1, 0, 2, 1};
    float maps[LAB_INPUTS * 10], *inputs = malloc(sizeof maps);
    cr_assert_not_null(inputs);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) memcpy(inputs + 10 * i, x, sizeof x);
    /* conv1.weight [2][2][2], conv1.bias [2], fc1.weight [2][2], fc1.bias [2] */
    struct lab lab = lab_build("conv:2x2,globalavgpool,fc:2", &sample, flat, inputs);
    memcpy(lab.targets, (uint32_t[]){0, 1, 0}, sizeof lab.targets);
    char why[256] = "";
    cr_assert_eq(lab_explain(&lab, "explainers", "grad-cam:relu=0", maps, why), ASSAY_OK, "%s", why);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        float cam[4], due[5];
        for (size_t p = 0; p < 4; p++) {
            float a = x[p] + x[5 + p + 1], b = 2 * x[5 + p] - x[p];
            cam[p] = i == 1 ? (3 * a + 4 * b) / 4 : (a - 2 * b) / 4;
        }
        kit_upsample(cam, 1, 4, due, 1, 5);
        for (size_t k = 0; k < 10; k++)
            cr_expect_float_eq(maps[10 * i + k], due[k % 5], 1e-5f, "input %u, %zu: %g, due %g", i, k,
                               (double)maps[10 * i + k], (double)due[k % 5]);
    }
    cr_assert_eq(lab_explain(&lab, "explainers", "guided-grad-cam", maps, why), ASSAY_OK, "%s", why);
    cr_assert_eq(lab_explain(&lab, "explainers", "edge-detector", maps, why), ASSAY_OK, "%s", why);
    for (size_t k = 0; k < 5; k++) cr_expect_eq(maps[k], 4 * (k % 4 ? 2 : 1), "%zu: %g", k, (double)maps[k]);
    lab_close(&lab);
}

static const struct lab_refusal refusals[] = {
    {lab_mlp, "grad-cam", ASSAY_UNSUPPORTED, "needs images"},
    {lab_mlp, "guided-grad-cam", ASSAY_UNSUPPORTED, "needs images"},
    {lab_mlp, "edge-detector", ASSAY_UNSUPPORTED, "edges need an image"},
    {lab_linear, "grad-cam", ASSAY_UNSUPPORTED, "no convolution"},
    {lab_linear, "guided-grad-cam", ASSAY_UNSUPPORTED, "no convolution"},
    {lab_cnn, "grad-cam:layer=conv9", ASSAY_FAILED, "no layer of that name: it has "},
    {lab_cnn, "grad-cam:layer=fc2", ASSAY_FAILED, "rank 1"},
};

Test(explainers, refuse_models_they_cannot_explain) {
    lab_expect_refusals(refusals, sizeof refusals / sizeof *refusals);
}

/* What a newer library says is not for this host; it says nothing then. */
Test(explainers, of_a_newer_library_say_nothing_of_themselves) {
    struct error e;
    struct plugin *plugin = NULL;
    cr_assert(lab_plugin("tests/bad", "late-about", &plugin, &e), "%s", e.text);
    cr_expect_null(plugin->info.about.family);
    plugin_destroy(plugin);
}
